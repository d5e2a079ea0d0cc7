/* Loops over columns: vector code as in rows.h. */

#pragma once

#include <stddef.h>

#include "rows.h"

/* Products with columns of Z (n rows): column at[j], or j where `at` is NULL. Four columns for one pass over the vector that
   they share: BLAS's daxpy and ddot, one column each, read and write it for every one. */
WIDEST static void add_four(long n, const double *const *z, const double *x, double *restrict out)
{
    const double *a = z[0], *b = z[1], *c = z[2], *d = z[3];
    double p = x[0], q = x[1], s = x[2], t = x[3];
#pragma omp simd
    for (long i = 0; i < n; i++)
        out[i] += (p * a[i] + q * b[i]) + (s * c[i] + t * d[i]);
}

WIDEST static void dot_four(long n, const double *const *z, const double *v, double *out)
{
    const double *a = z[0], *b = z[1], *c = z[2], *d = z[3];
    double p = 0.0, q = 0.0, s = 0.0, t = 0.0;
#pragma omp simd reduction(+ : p, q, s, t)
    for (long i = 0; i < n; i++) {
        p += a[i] * v[i];
        q += b[i] * v[i];
        s += c[i] * v[i];
        t += d[i] * v[i];
    }
    out[0] = p, out[1] = q, out[2] = s, out[3] = t;
}

WIDEST static void add_one(long n, const double *z, double x, double *restrict out)
{
#pragma omp simd
    for (long i = 0; i < n; i++)
        out[i] += x * z[i];
}

WIDEST static double dot_one(long n, const double *z, const double *v)
{
    double total = 0.0;
#pragma omp simd reduction(+ : total)
    for (long i = 0; i < n; i++)
        total += z[i] * v[i];
    return total;
}

/* out += Σ xⱼ zⱼ over m columns */
static void add_columns(long n, long m, const double *Z, const ptrdiff_t *at, const double *x, double *out)
{
    const double *z[4];
    double w[4];
    long k = 0;
    for (long j = 0; j < m; j++) {
        if (x[j] == 0.0)
            continue;
        z[k] = Z + (at ? at[j] : j) * n;
        w[k++] = x[j];
        if (k == 4) {
            add_four(n, z, w, out);
            k = 0;
        }
    }
    for (long j = 0; j < k; j++)
        add_one(n, z[j], w[j], out);
}

/* outⱼ = zⱼ·v */
static void dot_columns(long n, long m, const double *Z, const ptrdiff_t *at, const double *v, double *out)
{
    const double *z[4];
    long j = 0;
    for (; j + 4 <= m; j += 4) {
        for (long k = 0; k < 4; k++)
            z[k] = Z + (at ? at[j + k] : j + k) * n;
        dot_four(n, z, v, out + j);
    }
    for (; j < m; j++)
        out[j] = dot_one(n, Z + (at ? at[j] : j) * n, v);
}

WIDEST static void add_to_four(long n, const double *z, const double *x, double *restrict out)
{
    double *restrict a = out, *restrict b = out + n, *restrict c = out + 2 * n, *restrict d = out + 3 * n;
    double p = x[0], q = x[1], s = x[2], t = x[3];
#pragma omp simd
    for (long i = 0; i < n; i++) {
        a[i] += p * z[i];
        b[i] += q * z[i];
        c[i] += s * z[i];
        d[i] += t * z[i];
    }
}

/* out (n, K) += z x' */
static void add_outer(long n, long K, const double *z, const double *x, double *out)
{
    long k = 0;
    for (; k + 4 <= K; k += 4)
        add_to_four(n, z, x + k, out + k * n);
    for (; k < K; k++)
        add_one(n, z, x[k], out + k * n);
}

#define LESS_OUTER(K)                                                                                                   \
    case K:                                                                                                             \
        for (long j = 0; j < m; j++)                                                                                    \
            for (long q = 0; q < K; q++)                                                                                \
                c[j * K + q] -= g[j] * d[q];                                                                            \
        break;

/* c −= g d' for m columns with K values each, value q of column j at j·K + q. BLAS's dger calls a loop of K for each column,
   which costs ten times as much. */
WIDEST static void less_outer(long m, long K, const double *restrict g, const double *restrict d, double *restrict c)
{
    switch (K) {
        LESS_OUTER(2)
        LESS_OUTER(3)
        LESS_OUTER(4)
        LESS_OUTER(5)
        LESS_OUTER(6)
        LESS_OUTER(7)
        LESS_OUTER(8)
    default:
        for (long j = 0; j < m; j++)
            for (long q = 0; q < K; q++)
                c[j * K + q] -= g[j] * d[q];
    }
}
