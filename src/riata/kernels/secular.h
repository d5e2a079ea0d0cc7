/* The passes over a block of groups that a step in a diagonal metric takes (see shrink_groups.pyx): vector code as in
   rows.h, once for float and once for double.

   A block is n rows of m groups side by side; rows of w and v lie ld apart, those of a and d follow each other. Sums
   along a group are made in its own precision over a few rows, and of these in double precision. */

#pragma once

#include "rows.h"

#define ROWS_TOGETHER 16
#define SIDE 32 /* groups whose sums stay in registers */

/* Rows of columns lie pages apart, where no processor looks ahead by itself. */
#if defined(__GNUC__)
#define AHEAD(x, r, n, m, ld)                                                                                           \
    if (ld > m && r + LOOK < n)                                                                                         \
        for (long at = 0; at < m; at += 64 / (long)sizeof *x)                                                           \
            __builtin_prefetch(x + LOOK * ld + at);
#else
#define AHEAD(x, r, n, m, ld)
#endif
#define LOOK 16 /* rows */

/* Do something for each g below ``width``, which is SIDE as a rule: then the compiler knows how often. */
#define ON_LANES(width, ...)                                                                                            \
    if (width == SIDE)                                                                                                  \
        for (long g = 0; g < SIDE; g++) {                                                                               \
            __VA_ARGS__                                                                                                 \
        }                                                                                                               \
    else                                                                                                                \
        for (long g = 0; g < width; g++) {                                                                              \
            __VA_ARGS__                                                                                                 \
        }

#define SECULAR(real, metric, weigh, terms, finish, ROOT, LEAST, MOST)                                                  \
    static inline real metric##_sound(real x) { return x < LEAST ? LEAST : (x > MOST ? MOST : x); }                     \
                                                                                                                        \
    /* d = √v + eps, or without the root, and the smallest and the largest of each group */                             \
    WIDEST static void metric(long n, long m, long ld, const real *restrict v, real eps, int rooted, real *restrict d,  \
                              real *restrict low, real *restrict high)                                                  \
    {                                                                                                                   \
        for (long r = 0; r < n; r++, v += ld, d += m) {                                                                 \
            AHEAD(v, r, n, m, ld)                                                                                       \
            if (rooted)                                                                                                 \
                for (long g = 0; g < m; g++) {                                                                          \
                    real s = metric##_sound(ROOT(v[g]) + eps);                                                          \
                    d[g] = s;                                                                                           \
                    low[g] = s < low[g] ? s : low[g];                                                                   \
                    high[g] = s > high[g] ? s : high[g];                                                                \
                }                                                                                                       \
            else                                                                                                        \
                for (long g = 0; g < m; g++) {                                                                          \
                    real s = metric##_sound(v[g] + eps);                                                                \
                    d[g] = s;                                                                                           \
                    low[g] = s < low[g] ? s : low[g];                                                                   \
                    high[g] = s > high[g] ? s : high[g];                                                                \
                }                                                                                                       \
        }                                                                                                               \
    }                                                                                                                   \
                                                                                                                        \
    /* d times ``unit``, a = d∘w, and Σa², Σw² of each group */                                                         \
    WIDEST static void weigh(long n, long m, long ld, const real *restrict w, const real *restrict unit,                \
                             real *restrict d, real *restrict a, double *restrict sum, double *restrict square)         \
    {                                                                                                                   \
        for (long r = 0; r < n; r++, w += ld, d += m, a += m) {                                                         \
            AHEAD(w, r, n, m, ld)                                                                                       \
            for (long g = 0; g < m; g++) {                                                                              \
                d[g] *= unit[g];                                                                                        \
                a[g] = d[g] * w[g];                                                                                     \
                sum[g] += (double)a[g] * a[g];                                                                          \
                square[g] += (double)w[g] * w[g];                                                                       \
            }                                                                                                           \
        }                                                                                                               \
    }                                                                                                                   \
                                                                                                                        \
    /* φ = Σ (a/(dθ + bound))² of each group, and −½ of its slope */                                                    \
    WIDEST static void terms(long n, long m, const real *restrict a, const real *restrict d,                            \
                             const real *restrict theta, const real *restrict bound, double *restrict phi,              \
                             double *restrict slope)                                                                    \
    {                                                                                                                   \
        for (long first = 0; first < m; first += SIDE) {                                                                \
            long width = m - first < SIDE ? m - first : SIDE;                                                           \
            real at[SIDE] = {0}, low[SIDE] = {0};                                                                       \
            for (long g = 0; g < width; g++) {                                                                          \
                at[g] = theta[first + g];                                                                               \
                low[g] = bound[first + g];                                                                              \
            }                                                                                                           \
            for (long start = 0; start < n; start += ROWS_TOGETHER) {                                                   \
                long end = n - start < ROWS_TOGETHER ? n : start + ROWS_TOGETHER;                                       \
                real one[SIDE] = {0}, two[SIDE] = {0};                                                                  \
                for (long r = start; r < end; r++) {                                                                    \
                    const real *restrict x = d + r * m + first, *restrict e = a + r * m + first;                        \
                    ON_LANES(width, real over = 1 / metric##_sound(x[g] * at[g] + low[g]), share = e[g] * over;         \
                                    one[g] += share * share;                                                            \
                                    two[g] += share * share * (x[g] * over);)                                           \
                }                                                                                                       \
                for (long g = 0; g < width; g++) {                                                                      \
                    phi[first + g] += one[g];                                                                           \
                    slope[first + g] += two[g];                                                                         \
                }                                                                                                       \
            }                                                                                                           \
        }                                                                                                               \
    }                                                                                                                   \
                                                                                                                        \
    /* w = a/(d + more), where more = bound/θ; ``buffer``, where there is one, takes up enter times what is cut */      \
    WIDEST static void finish(long n, long m, long ld, real *restrict w, real *restrict buffer, const real *restrict a, \
                              const real *restrict d, const real *restrict more, real enter)                            \
    {                                                                                                                   \
        for (long r = 0; r < n; r++, w += ld, d += m, a += m) {                                                         \
            if (buffer) {                                                                                               \
                for (long g = 0; g < m; g++)                                                                            \
                    buffer[g] += enter * (w[g] - a[g] / (d[g] + more[g]));                                              \
                buffer += ld;                                                                                           \
            }                                                                                                           \
            for (long g = 0; g < m; g++)                                                                                \
                w[g] = a[g] / (d[g] + more[g]) + 0;                                                                     \
        }                                                                                                               \
    }

SECULAR(float, metric_f, weigh_f, terms_f, finish_f, sqrtf, 1.17549435e-38f, 3.40282347e38f)
SECULAR(double, metric_d, weigh_d, terms_d, finish_d, sqrt, 2.2250738585072014e-308, 1.7976931348623157e308)
