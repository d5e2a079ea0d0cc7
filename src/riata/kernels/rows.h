/* Loops over rows that need exp and log: written so that they become vector code, for the widest vectors of the machine.

   exp: x = k ln 2 + r with |r| ≤ ½ ln 2, and a polynomial in r (Taylor, degree 13: 4e-18 relative); 0 below -708, the
   largest at 709. log(1 + e) for e in [0, 1]: atanh's series after a reduction to [1/√2, √2]. Both to 2 units in the last
   place, which a certificate in plain NumPy checks. */

#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__linux__)
#define WIDEST __attribute__((target_clones("avx512f", "avx2,fma", "default")))
#else
#define WIDEST
#endif

static inline double row_exp(double x)
{
    const double magic = 6755399441055744.0; /* 1.5 · 2^52: adding it rounds to a whole number, in the low bits */
    double at = x < -708.0 ? -708.0 : (x > 709.0 ? 709.0 : x), shifted, k, r, y;
    int64_t bits;
    shifted = at * 1.4426950408889634 + magic;
    k = shifted - magic;
    r = (at - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
    y = 1.0 / 6227020800.0;
    y = y * r + 1.0 / 479001600.0;
    y = y * r + 1.0 / 39916800.0;
    y = y * r + 1.0 / 3628800.0;
    y = y * r + 1.0 / 362880.0;
    y = y * r + 1.0 / 40320.0;
    y = y * r + 1.0 / 5040.0;
    y = y * r + 1.0 / 720.0;
    y = y * r + 1.0 / 120.0;
    y = y * r + 1.0 / 24.0;
    y = y * r + 1.0 / 6.0;
    y = y * r + 0.5;
    y = y * r + 1.0;
    y = y * r + 1.0;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << 52) + 0x3ff0000000000000LL; /* 2^k */
    memcpy(&k, &bits, sizeof k);
    return x < -708.0 ? 0.0 : y * k;
}

/* The inverse hyperbolic tangent near 0, |z| ≤ 0.18: log x = 2 atanh((x − 1)/(x + 1)) */
static inline double row_atanh(double z)
{
    double w = z * z, y = 1.0 / 23.0;
    y = y * w + 1.0 / 21.0;
    y = y * w + 1.0 / 19.0;
    y = y * w + 1.0 / 17.0;
    y = y * w + 1.0 / 15.0;
    y = y * w + 1.0 / 13.0;
    y = y * w + 1.0 / 11.0;
    y = y * w + 1.0 / 9.0;
    y = y * w + 1.0 / 7.0;
    y = y * w + 1.0 / 5.0;
    y = y * w + 1.0 / 3.0;
    return z + z * w * y;
}

static inline double row_log1p(double e)
{
    double big = e > 0.41421356237309503 ? 1.0 : 0.0;
    /* 1 + e = m · 2^big;  z = (m − 1)/(m + 1) without rounding 1 + e */
    double top = big * (e - 1.0) * 0.5 + (1.0 - big) * e;
    return big * 0.6931471805599453 + 2.0 * row_atanh(top / (2.0 + top));
}

/* Σ s (log(1 + e^η) − yη); r = s (y − p), h = s p (1 − p) */
WIDEST static double binomial_rows(long n, const double *y, const double *eta, const double *s, double *r, double *h)
{
    double total = 0.0;
#pragma omp simd reduction(+ : total)
    for (long i = 0; i < n; i++) {
        double e = row_exp(-fabs(eta[i])), q = 1.0 / (1.0 + e), up = eta[i] > 0.0 ? 1.0 : 0.0;
        total += s[i] * (up * eta[i] + row_log1p(e) - y[i] * eta[i]);
        h[i] = s[i] * (e * q * q);
        r[i] = s[i] * (y[i] - (up * q + (1.0 - up) * (e * q)));
    }
    return total;
}

WIDEST static double binomial_value(long n, const double *y, const double *eta, const double *s)
{
    double total = 0.0;
#pragma omp simd reduction(+ : total)
    for (long i = 0; i < n; i++)
        total += s[i] * ((eta[i] > 0.0 ? eta[i] : 0.0) + row_log1p(row_exp(-fabs(eta[i]))) - y[i] * eta[i]);
    return total;
}

/* Σ s (e^η − yη); r = s (y − e^η), h = s e^η */
WIDEST static double poisson_rows(long n, const double *y, const double *eta, const double *s, double *r, double *h)
{
    double total = 0.0;
#pragma omp simd reduction(+ : total)
    for (long i = 0; i < n; i++) {
        double mu = row_exp(eta[i]);
        total += s[i] * (mu - y[i] * eta[i]);
        h[i] = s[i] * mu;
        r[i] = s[i] * (y[i] - mu);
    }
    return total;
}

WIDEST static double poisson_value(long n, const double *y, const double *eta, const double *s)
{
    double total = 0.0;
#pragma omp simd reduction(+ : total)
    for (long i = 0; i < n; i++)
        total += s[i] * (row_exp(eta[i]) - y[i] * eta[i]);
    return total;
}

WIDEST static void all_exp(long n, const double *x, double *out)
{
#pragma omp simd
    for (long i = 0; i < n; i++)
        out[i] = row_exp(x[i]);
}

/* r and h after η moved by a small d everywhere, by their series in d; returns Σ h (1 − 2p) before it did */
WIDEST static double binomial_shift(long n, const double *y, const double *s, double d, double *r, double *h)
{
    double total = 0.0;
#pragma omp simd reduction(+ : total)
    for (long i = 0; i < n; i++) {
        double w = s[i] > 0.0 ? 1.0 / s[i] : 0.0, v = h[i] * w, skew = 1.0 - 2.0 * (y[i] - r[i] * w);
        double third = 1.0 - 6.0 * v, fourth = skew * (1.0 - 12.0 * v);
        total += h[i] * skew;
        r[i] -= h[i] * d * (1.0 + d * (skew / 2.0 + d * (third / 6.0 + d * fourth / 24.0)));
        h[i] *= 1.0 + d * (skew + d * (third / 2.0 + d * fourth / 6.0));
    }
    return total;
}

/* the same for e^η, any d: h times e^d */
WIDEST static void poisson_shift(long n, const double *y, const double *s, double growth, double *r, double *h)
{
#pragma omp simd
    for (long i = 0; i < n; i++) {
        h[i] *= growth;
        r[i] = s[i] * y[i] - h[i];
    }
}

/* out = r − f² (v − a), the gradient moved along the step v as the model has it; returns Σ e²/h with e what t · out is away
   from r. Infinite where some row's rate or probability would leave its domain: it stays inside where |f² (v − a)| ≤ h/2. */
WIDEST static double moved_rows(long n, const double *r, const double *h, const double *f, const double *v, double a, double t,
                                double *out)
{
    double total = 0.0, outside = 0.0;
#pragma omp simd reduction(+ : total, outside)
    for (long i = 0; i < n; i++) {
        double w = f[i] * f[i] * (v[i] - a), e = (1.0 - t) * r[i] + t * w;
        out[i] = r[i] - w;
        outside += fabs(w) > 0.5 * h[i] ? 1.0 : 0.0;
        total += h[i] > 0.0 ? e * e / h[i] : (e != 0.0 ? INFINITY : 0.0);
    }
    return outside > 0.0 ? INFINITY : total;
}

/* Σ m log x; infinite where some x is (nearly) 0 */
WIDEST static double weighted_logs(long n, const double *m, const double *x)
{
    double total = 0.0, low = 1.0;
#pragma omp simd reduction(+ : total) reduction(min : low)
    for (long i = 0; i < n; i++) {
        double at = x[i] > 1e-300 ? x[i] : 1e-300, k, f;
        uint64_t bits, up;
        low = x[i] < low ? x[i] : low;
        memcpy(&bits, &at, sizeof bits);
        up = (bits + 0x00095f619980c433ULL) >> 52; /* x = f 2^(up − 1023) with f in [1/√2, √2) */
        bits = bits + 0x3ff0000000000000ULL - (up << 52);
        memcpy(&f, &bits, sizeof f);
        bits = up | 0x4330000000000000ULL;
        memcpy(&k, &bits, sizeof k);
        k -= 4503599627370496.0 + 1023.0;
        total += m[i] * (k * 0.6931471805599453 + 2.0 * row_atanh((f - 1.0) / (f + 1.0)));
    }
    return low > 1e-300 ? total : INFINITY;
}

/* a = x z ∘ f; returns a·f */
WIDEST static double weigh_column(long n, double x, const double *z, const double *f, double *a)
{
    double total = 0.0;
#pragma omp simd reduction(+ : total)
    for (long i = 0; i < n; i++) {
        a[i] = x * z[i] * f[i];
        total += a[i] * f[i];
    }
    return total;
}

/* Σ r, Σ |r|, Σ h */
WIDEST static void three_sums(long n, const double *r, const double *h, double *out)
{
    double total = 0.0, size = 0.0, curve = 0.0;
#pragma omp simd reduction(+ : total, size, curve)
    for (long i = 0; i < n; i++) {
        total += r[i];
        size += fabs(r[i]);
        curve += h[i];
    }
    out[0] = total, out[1] = size, out[2] = curve;
}

/* Σ r²/h; infinite where a row that pulls has no curvature left */
WIDEST static double chi_square(long n, const double *r, const double *h)
{
    double total = 0.0;
#pragma omp simd reduction(+ : total)
    for (long i = 0; i < n; i++)
        total += h[i] > 0.0 ? r[i] * r[i] / h[i] : (r[i] != 0.0 ? INFINITY : 0.0);
    return total;
}
