/* The passes over a block of features that a step of LassoNet's penalty takes (see shrink_hierarchy.pyx): vector code as
   in rows.h, once for float and once for double. A block is n rows of m features side by side; rows of w lie ld apart,
   all others follow each other. Sums are made in the array's own precision over a few rows, and of these in double. */

#pragma once

#include "secular.h"

#define HIERARCHY(real, push, beyond, feet, rise, settle, clip, ABS)                                                    \
    /* d times ``unit`` and M, and |w| */                                                                               \
    WIDEST static void push(long n, long m, long ld, const real *restrict w, const real *restrict unit, real M,         \
                            real *restrict d, real *restrict size)                                                      \
    {                                                                                                                   \
        for (long r = 0; r < n; r++, w += ld, d += m, size += m) {                                                      \
            AHEAD(w, r, n, m, ld)                                                                                       \
            for (long g = 0; g < m; g++) {                                                                              \
                d[g] *= unit[g] * M;                                                                                    \
                size[g] = ABS(w[g]);                                                                                    \
            }                                                                                                           \
        }                                                                                                               \
    }                                                                                                                   \
                                                                                                                        \
    /* Σ pull·(size − edge) and Σ pull of each feature, over the rows whose size is beyond its edge */                  \
    WIDEST static void beyond(long n, long m, const real *restrict size, const real *restrict pull,                     \
                              const real *restrict edge, double *restrict sum, double *restrict weight)                 \
    {                                                                                                                   \
        for (long first = 0; first < m; first += SIDE) {                                                                \
            long width = m - first < SIDE ? m - first : SIDE;                                                           \
            real end[SIDE] = {0};                                                                                       \
            double all[SIDE] = {0}, whole[SIDE] = {0};                                                                  \
            for (long g = 0; g < width; g++)                                                                            \
                end[g] = edge[first + g];                                                                               \
            for (long start = 0; start < n; start += ROWS_TOGETHER) {                                                   \
                long stop = n - start < ROWS_TOGETHER ? n : start + ROWS_TOGETHER;                                      \
                real one[SIDE] = {0}, two[SIDE] = {0};                                                                  \
                for (long r = start; r < stop; r++) {                                                                   \
                    const real *restrict x = size + r * m + first, *restrict p = pull + r * m + first;                  \
                    ON_LANES(width, real gap = x[g] - end[g], over = gap > 0 ? p[g] : 0; one[g] += over * gap;          \
                                    two[g] += over;)                                                                    \
                }                                                                                                       \
                for (long g = 0; g < width; g++) {                                                                      \
                    all[g] += one[g];                                                                                   \
                    whole[g] += two[g];                                                                                 \
                }                                                                                                       \
            }                                                                                                           \
            for (long g = 0; g < width; g++) {                                                                          \
                sum[first + g] = all[g];                                                                                \
                weight[first + g] = whole[g];                                                                           \
            }                                                                                                           \
        }                                                                                                               \
    }                                                                                                                   \
                                                                                                                        \
    /* The largest root of every tangent of dθ + c = |a| at ``before``, and of what is there already */                 \
    WIDEST static void feet(long n, long m, const real *restrict a, const real *restrict d,                             \
                            const double *restrict before, const double *restrict c, const double *restrict bend,       \
                            double *restrict theta)                                                                     \
    {                                                                                                                   \
        for (long r = 0; r < n; r++, a += m, d += m)                                                                    \
            for (long g = 0; g < m; g++) {                                                                              \
                double root = before[g] - (d[g] * before[g] + c[g] - ABS(a[g])) / (d[g] + bend[g]);                     \
                theta[g] = root > theta[g] ? root : theta[g];                                                           \
            }                                                                                                           \
    }                                                                                                                   \
                                                                                                                        \
    /* φ = Σ (a/(dθ + c))² of each feature, and −½ of its slope, in θ (by = 1) or, with by = 0 and bend = 1, in c */    \
    WIDEST static void rise(long n, long m, const real *restrict a, const real *restrict d, double by,                  \
                            const double *restrict theta, const double *restrict c, const double *restrict bend,        \
                            double *restrict phi, double *restrict slope)                                               \
    {                                                                                                                   \
        for (long g = 0; g < m; g++)                                                                                    \
            phi[g] = slope[g] = 0;                                                                                      \
        for (long r = 0; r < n; r++, a += m, d += m)                                                                    \
            for (long g = 0; g < m; g++) {                                                                              \
                double q = a[g] == 0 ? 1 : d[g] * theta[g] + c[g], share = a[g] / q;                                    \
                phi[g] += share * share;                                                                                \
                slope[g] += share * share * ((by * d[g] + bend[g]) / q);                                                \
            }                                                                                                           \
    }                                                                                                                   \
                                                                                                                        \
    /* w = a/(d + more), its Σw², and ``buffer``, where there is one, takes up enter times what is cut */               \
    WIDEST static void settle(long n, long m, long ld, real *restrict w, real *restrict buffer, const real *restrict a, \
                              const real *restrict d, const double *restrict more, real enter, double *restrict square) \
    {                                                                                                                   \
        for (long g = 0; g < m; g++)                                                                                    \
            square[g] = 0;                                                                                              \
        for (long r = 0; r < n; r++, w += ld, d += m, a += m) {                                                         \
            for (long g = 0; g < m; g++) {                                                                              \
                real x = (real)(a[g] / (a[g] == 0 ? 1 : d[g] + more[g])) + 0;                                           \
                if (buffer)                                                                                             \
                    buffer[r * ld + g] += enter * (w[g] - x);                                                           \
                square[g] += (double)x * x;                                                                             \
                w[g] = x;                                                                                               \
            }                                                                                                           \
        }                                                                                                               \
    }                                                                                                                   \
                                                                                                                        \
    /* w within ±edge, or NaN where that is; ``buffer`` likewise */                                                     \
    WIDEST static void clip(long n, long m, long ld, real *restrict w, real *restrict buffer,                           \
                            const real *restrict edge, real enter)                                                      \
    {                                                                                                                   \
        for (long r = 0; r < n; r++, w += ld)                                                                           \
            for (long g = 0; g < m; g++) {                                                                              \
                real low = 0 - edge[g], x = w[g] > edge[g] ? edge[g] : (w[g] < low ? low : w[g]);                       \
                x = edge[g] != edge[g] ? edge[g] : x;                                                                   \
                if (buffer)                                                                                             \
                    buffer[r * ld + g] += enter * (w[g] - x);                                                           \
                w[g] = x + 0;                                                                                           \
            }                                                                                                           \
    }

HIERARCHY(float, push_f, beyond_f, feet_f, rise_f, settle_f, clip_f, fabsf)
HIERARCHY(double, push_d, beyond_d, feet_d, rise_d, settle_d, clip_d, fabs)
