/* Loops over entries that shrink.pyx and shrink_groups.pyx share out: vector code as in rows.h, once for float and once
   for double. A NaN stays, and zeros have no sign. */

#pragma once

#include "rows.h"

#define SHRINK(real, widths, soften, add_clipped, add_squares, sum_squares, scale, add_scaled, ROOT, SIZE, SIGNED)      \
    /* at = width/(√v + eps), or without the root */                                                                    \
    WIDEST static void widths(long n, const real *restrict v, real width, real eps, int rooted, real *restrict at)      \
    {                                                                                                                   \
        if (rooted)                                                                                                     \
            for (long i = 0; i < n; i++)                                                                                \
                at[i] = width / (ROOT(v[i]) + eps);                                                                     \
        else                                                                                                            \
            for (long i = 0; i < n; i++)                                                                                \
                at[i] = width / (v[i] + eps);                                                                           \
    }                                                                                                                   \
                                                                                                                        \
    /* w = sign(w)·max(|w| − at·l1, 0)/(1 + at·l2) */                                                                   \
    WIDEST static void soften(long n, const real *restrict at, real l1, real l2, real *restrict w)                      \
    {                                                                                                                   \
        if (l2 == 0)                                                                                                    \
            for (long i = 0; i < n; i++) {                                                                              \
                real left = SIZE(w[i]) - at[i] * l1;                                                                    \
                w[i] = SIGNED(left <= 0 ? 0 : left, w[i]) + 0;                                                          \
            }                                                                                                           \
        else                                                                                                            \
            for (long i = 0; i < n; i++) {                                                                              \
                real left = SIZE(w[i]) - at[i] * l1;                                                                    \
                w[i] = (SIGNED(left <= 0 ? 0 : left, w[i]) + 0) / (1 + at[i] * l2);                                     \
            }                                                                                                           \
    }                                                                                                                   \
                                                                                                                        \
    /* out += force·(z, but no further than edge from 0, + slope·z) */                                                  \
    WIDEST static void add_clipped(long n, const real *restrict z, real edge, real slope, real force,                   \
                                   real *restrict out)                                                                  \
    {                                                                                                                   \
        for (long i = 0; i < n; i++) {                                                                                  \
            real cut = z[i] > edge ? edge : (z[i] < -edge ? -edge : z[i]);                                              \
            out[i] += force * (cut + slope * z[i]);                                                                     \
        }                                                                                                               \
    }                                                                                                                   \
                                                                                                                        \
    /* total += x² */                                                                                                   \
    WIDEST static void add_squares(long n, const real *restrict x, double *restrict total)                              \
    {                                                                                                                   \
        for (long i = 0; i < n; i++)                                                                                    \
            total[i] += (double)x[i] * x[i];                                                                            \
    }                                                                                                                   \
                                                                                                                        \
    /* Σ x² */                                                                                                          \
    WIDEST static double sum_squares(long n, const real *x)                                                             \
    {                                                                                                                   \
        double total = 0.0;                                                                                             \
        _Pragma("omp simd reduction(+ : total)") for (long i = 0; i < n; i++) total += (double)x[i] * x[i];             \
        return total;                                                                                                   \
    }                                                                                                                   \
                                                                                                                        \
    /* out = x∘by, for one number by or for one of each entry (step 0 or 1) */                                          \
    WIDEST static void scale(long n, const real *x, const real *by, int step, real *out)                                \
    {                                                                                                                   \
        if (step)                                                                                                       \
            for (long i = 0; i < n; i++)                                                                                \
                out[i] = x[i] * by[i] + 0;                                                                              \
        else {                                                                                                          \
            real one = *by;                                                                                             \
            for (long i = 0; i < n; i++)                                                                                \
                out[i] = x[i] * one + 0;                                                                                \
        }                                                                                                               \
    }                                                                                                                   \
                                                                                                                        \
    /* out += force·x∘by */                                                                                             \
    WIDEST static void add_scaled(long n, const real *restrict x, const real *restrict by, int step, real force,        \
                                  real *restrict out)                                                                   \
    {                                                                                                                   \
        if (step)                                                                                                       \
            for (long i = 0; i < n; i++)                                                                                \
                out[i] += force * (x[i] * by[i]);                                                                       \
        else {                                                                                                          \
            real one = force * *by;                                                                                     \
            for (long i = 0; i < n; i++)                                                                                \
                out[i] += one * x[i];                                                                                   \
        }                                                                                                               \
    }

SHRINK(float, widths_f, soften_f, add_clipped_f, add_squares_f, sum_squares_f, scale_f, add_scaled_f, sqrtf, fabsf,
       copysignf)
SHRINK(double, widths_d, soften_d, add_clipped_d, add_squares_d, sum_squares_d, scale_d, add_scaled_d, sqrt, fabs,
       copysign)
