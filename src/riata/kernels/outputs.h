/* Loops over the rows of several linear predictors, value k of row i at k·n + i: vector code as in rows.h. */

#pragma once

#include "rows.h"

#define ROWS 128 /* at a time: what they need on the way stays in the first cache */

/* log(1 + e) for e ≥ 0: 1 + e = m 2^k with m in [1/√2, √2), and atanh's series in (m − 1)/(m + 1) */
static inline double row_log1p_any(double e)
{
    double x = 1.0 + e, m, k;
    uint64_t bits, up;
    memcpy(&bits, &x, sizeof bits);
    up = (bits - 0x3fe6a09e667f3bcdULL) >> 52;
    bits -= up << 52;
    memcpy(&m, &bits, sizeof m);
    bits = up | 0x4330000000000000ULL;
    memcpy(&k, &bits, sizeof k);
    k -= 4503599627370496.0;
    m = k == 0.0 ? e : m - 1.0;
    return k * 0.6931471805599453 + 2.0 * row_atanh(m / (2.0 + m));
}

/* top = the largest of a row, mass = Σ e^(η − top), p = e^(η − top) where it is wanted; rows a … a + m */
static inline void softmax_masses(long n, long K, long a, long m, const double *eta, double *p, double *top, double *mass)
{
    for (long i = 0; i < m; i++)
        top[i] = eta[a + i], mass[i] = 0.0;
    for (long k = 1; k < K; k++)
        for (long i = 0; i < m; i++)
            top[i] = eta[k * n + a + i] > top[i] ? eta[k * n + a + i] : top[i];
    for (long k = 0; k < K; k++)
#pragma omp simd
        for (long i = 0; i < m; i++) {
            double e = row_exp(eta[k * n + a + i] - top[i]);
            mass[i] += e;
            if (p)
                p[k * n + a + i] = e;
        }
}

/* Σ s (log Σ e^η − Σ yη), without gradient */
WIDEST static double softmax_value(long n, long K, const double *y, const double *eta, const double *s)
{
    double total = 0.0, top[ROWS], mass[ROWS];
    for (long a = 0; a < n; a += ROWS) {
        long m = n - a < ROWS ? n - a : ROWS;
        softmax_masses(n, K, a, m, eta, 0, top, mass);
        for (long i = 0; i < m; i++)
            mass[i] = row_log1p_any(mass[i] - 1.0) + top[i];
        for (long k = 0; k < K; k++)
#pragma omp simd reduction(+ : total)
            for (long i = 0; i < m; i++)
                total += s[a + i] * y[k * n + a + i] * (mass[i] - eta[k * n + a + i]);
    }
    return total;
}

/* The same; p, and r = s (y − p), where the entry of a row's own class is minus the sum of the others. */
WIDEST static double softmax_rows(long n, long K, const double *y, const double *eta, const double *s, double *r, double *p)
{
    double total = 0.0, top[ROWS], mass[ROWS], others[ROWS];
    for (long a = 0; a < n; a += ROWS) {
        long m = n - a < ROWS ? n - a : ROWS;
        softmax_masses(n, K, a, m, eta, p, top, mass);
#pragma omp simd
        for (long i = 0; i < m; i++) {
            top[i] += row_log1p_any(mass[i] - 1.0);
            mass[i] = s[a + i] != 0.0 ? 1.0 / mass[i] : 0.0;
            others[i] = 0.0;
        }
        for (long k = 0; k < K; k++)
#pragma omp simd reduction(+ : total)
            for (long i = 0; i < m; i++) {
                long at = k * n + a + i;
                p[at] *= mass[i];
                others[i] += y[at] == 1.0 ? 0.0 : p[at];
                total += s[a + i] * y[at] * (top[i] - eta[at]);
            }
        for (long k = 0; k < K; k++)
#pragma omp simd
            for (long i = 0; i < m; i++) {
                long at = k * n + a + i;
                r[at] = s[a + i] * (y[at] == 1.0 ? others[i] : y[at] - p[at]);
            }
    }
    return total;
}

/* Σ s KL(y + a(p − y) from p) over rows of one class, by one logarithm each; −1 where a row is not or its p is nearly 0. */
WIDEST static double softmax_apart(long n, long K, const double *y, const double *s, const double *p, double a, double log_a)
{
    double total = 0.0, own[ROWS], others[ROWS];
    for (long b = 0; b < n; b += ROWS) {
        long m = n - b < ROWS ? n - b : ROWS, odd = 0;
        for (long i = 0; i < m; i++)
            own[i] = others[i] = 0.0;
        for (long k = 0; k < K; k++)
#pragma omp simd
            for (long i = 0; i < m; i++) {
                double x = p[k * n + b + i], mine = y[k * n + b + i] == 1.0 ? 1.0 : 0.0;
                own[i] += mine * x;
                others[i] += (1.0 - mine) * x;
            }
        for (long i = 0; i < m; i++)
            odd += s[b + i] != 0.0 && !(own[i] > 1e-290);
        if (odd)
            return -1.0;
#pragma omp simd reduction(+ : total)
        for (long i = 0; i < m; i++) {
            double here = s[b + i] != 0.0 ? own[i] : 1.0, x = (1.0 - a) * others[i];
            total += s[b + i] * (a * others[i] * log_a + (here + x) * row_log1p_any(x / here));
        }
    }
    return total;
}

/* Σ s y z h (1 − h) where ``same``, else −Σ s y z h g */
WIDEST static double softmax_curve(long n, int same, const double *s, const double *y, const double *z, const double *h,
                                   const double *g)
{
    double total = 0.0;
#pragma omp simd reduction(+ : total)
    for (long i = 0; i < n; i++)
        total += s[i] * y[i] * z[i] * h[i] * ((same ? 1.0 : 0.0) - g[i]);
    return total;
}

/* Σ yr and Σ |yr| */
WIDEST static double sum_and_size(long n, const double *y, const double *r, double *size)
{
    double total = 0.0, all = 0.0;
#pragma omp simd reduction(+ : total, all)
    for (long i = 0; i < n; i++) {
        total += y[i] * r[i];
        all += fabs(y[i] * r[i]);
    }
    *size = all;
    return total;
}

/* x = Σₖ pₖ vₖ by row */
WIDEST static void row_means(long n, long K, const double *p, const double *v, double *x)
{
    for (long i = 0; i < n; i++)
        x[i] = 0.0;
    for (long k = 0; k < K; k++)
#pragma omp simd
        for (long i = 0; i < n; i++)
            x[i] += p[k * n + i] * v[k * n + i];
}

/* Σ y (r − p s (v − x)) */
WIDEST static double softmax_level(long n, const double *y, const double *r, const double *p, const double *s,
                                   const double *v, const double *x)
{
    double total = 0.0;
#pragma omp simd reduction(+ : total)
    for (long i = 0; i < n; i++)
        total += y[i] * (r[i] - p[i] * s[i] * (v[i] - x[i]));
    return total;
}
