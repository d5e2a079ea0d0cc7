/* Which columns a residual may correlate with: loops over a table of past correlations, and over columns in one byte per
   entry, written so that they become vector code for the widest vectors of the machine. */

#pragma once

#include "rows.h"

#define TOGETHER 512 /* columns of a table that are looked at together */
#define AT_MOST 8192 /* products of 8 by 12 bits that a sum of 32 bits holds */
#define FINE 2047.0  /* steps between 0 and the largest entry of a residual */

/* The columns with |a0 t0 + a1 t1 + a2 t2| + off > scale · edge, in order; -1 where there are more than `room`. `open`
   has room for 8 more. */
WIDEST static long open_columns(long p, const float *t0, const float *t1, const float *t2, const float *a, float off,
                                float scale, const float *edge, ptrdiff_t *open, long room)
{
    const float a0 = a[0], a1 = a[1], a2 = a[2];
    unsigned char hit[TOGETHER];
    long count = 0;
    for (long start = 0; start < p; start += TOGETHER) {
        long width = p - start < TOGETHER ? p - start : TOGETHER, j;
        const float *x = t0 + start, *y = t1 + start, *z = t2 + start, *e = edge + start;
        for (j = 0; j < width; j++)
            hit[j] = fabsf(a0 * x[j] + a1 * y[j] + a2 * z[j]) + off > scale * e[j];
        for (j = width; j % 8; j++)
            hit[j] = 0;
        for (j = 0; j < width; j += 8) {
            uint64_t eight;
            memcpy(&eight, hit + j, 8);
            if (!eight)
                continue;
            for (long k = j; k < j + 8; k++) {
                open[count] = start + k;
                count += hit[k];
            }
            if (count > room)
                return -1;
        }
    }
    return count;
}

/* x ≈ centre + step · q with |q| ≤ 127; q has `stride` entries, those beyond n are 0. `loss` is |x − centre − step q|,
   rounded up, `spread` step |q|. A column of a size that single precision does not hold is given up: its loss is
   infinite. */
WIDEST static void to_bytes(long n, long stride, const double *x, signed char *q, double *step, double *centre,
                            float *loss, float *spread)
{
    double low = x[0], high = x[0], inverse, lost = 0.0, kept = 0.0, m, s;
#pragma omp simd reduction(min : low) reduction(max : high)
    for (long i = 1; i < n; i++) {
        low = x[i] < low ? x[i] : low;
        high = x[i] > high ? x[i] : high;
    }
    m = 0.5 * low + 0.5 * high;
    s = (0.5 * high - 0.5 * low) / 127.0;
    memset(q, 0, stride);
    *centre = m, *step = s, *spread = 0.0f, *loss = INFINITY;
    if (!(fabs(m) < 1e30 && s < 1e30 && (s > 1e-30 || s == 0.0))) {
        *centre = *step = 0.0;
        return;
    }
    inverse = s > 0.0 ? 1.0 / s : 0.0;
#pragma omp simd
    for (long i = 0; i < n; i++)
        q[i] = (signed char) (int) ((x[i] - m) * inverse + (x[i] < m ? -0.5 : 0.5));
#pragma omp simd reduction(+ : lost, kept)
    for (long i = 0; i < n; i++) {
        double off = x[i] - m - s * q[i];
        lost += off * off;
        kept += (double) q[i] * q[i];
    }
    *spread = (float) (s * sqrt(kept) * (1.0 + 1e-6));
    /* and the rounding of products with the centre */
    *loss = (float) (sqrt(lost) * (1.0 + 1e-6) + 4e-16 * n * sqrt((double) n) * fabs(m));
}

/* v ≈ unit · w, w of 12 bits; returns |v − unit w|, writes Σv and |v|. */
static double to_words(long n, const double *v, short *w, double *unit, double *total, double *size)
{
    double top = 0.0, inverse, lost = 0.0, sum = 0.0, square = 0.0;
    for (long i = 0; i < n; i++)
        top = fabs(v[i]) > top ? fabs(v[i]) : top;
    *unit = top / FINE;
    inverse = top > 0.0 ? FINE / top : 0.0;
    for (long i = 0; i < n; i++) {
        double off;
        w[i] = (short) (int) (v[i] * inverse + (v[i] < 0.0 ? -0.5 : 0.5));
        off = v[i] - *unit * w[i];
        lost += off * off, sum += v[i], square += v[i] * v[i];
    }
    *total = sum, *size = sqrt(square);
    return sqrt(lost);
}

static inline __attribute__((always_inline)) double byte_dot(const signed char *column, const short *w, long stride)
{
    double dot = 0.0;
    for (long from = 0; from < stride; from += AT_MOST) {
        long end = stride - from < AT_MOST ? stride : from + AT_MOST;
        int part = 0;
        for (long i = from; i < end; i += 16) {
            short wide[16];
            for (int k = 0; k < 16; k++)
                wide[k] = column[i + k];
            for (int k = 0; k < 16; k++)
                part += wide[k] * w[i + k];
        }
        dot += part;
    }
    return dot;
}

/* x'v / norm of every column, nearly, times `scale`; `off` gets how far off it may be, times `scale`. */
WIDEST static void nearly(long p, const signed char *q, long stride, const short *w, double unit, double total,
                          double size, double lost, const double *step, const double *centre, const float *loss,
                          const float *spread, const double *norm, double scale, float *c, float *off)
{
    for (long j = 0; j < p; j++) {
        double over = scale / norm[j];
        c[j] = (float) (over * (step[j] * unit * byte_dot(q + j * stride, w, stride) + centre[j] * total));
        off[j] = (float) (over * (loss[j] * size + spread[j] * lost)) * (1.0f + 1e-6f);
    }
}

/* Of `count` columns keep those that their bytes do not prove to be inside: |x'v| ≤ lam · edge · norm. */
WIDEST static long still_open(const signed char *q, long stride, const short *w, double unit, double total, double size,
                              double off, const double *step, const double *centre, const float *loss,
                              const float *spread, const double *norm, const double *edge, double lam, ptrdiff_t *open,
                              long count)
{
    long kept = 0;
    for (long t = 0; t < count; t++) {
        ptrdiff_t j = open[t];
        const signed char *column = q + j * stride;
        double dot = byte_dot(q + j * stride, w, stride), c;
        c = fabs(step[j] * unit * dot + centre[j] * total) + loss[j] * size + spread[j] * off;
        open[kept] = j;
        kept += !(c * (1.0 + 1e-9) <= lam * edge[j] * norm[j]);
    }
    return kept;
}

/* From correlations c0, c1, c2 of residuals to those of the orthonormal basis: the newest over n0, then the steps from it
   to the others, less what lies along those before, over their lengths. s = {n0, s10, n1, s20, s21, n2}. */
WIDEST static void to_table(long p, const double *c0, const double *c1, const double *c2, const double *s,
                            float *t0, float *t1, float *t2)
{
    const double over0 = 1.0 / s[0], over1 = 1.0 / s[2], over2 = 1.0 / s[5];
    for (long j = 0; j < p; j++) {
        double x = c0[j] * over0, y = (c1[j] - c0[j] - s[1] * x) * over1;
        t0[j] = (float) x;
        t1[j] = (float) y;
        t2[j] = (float) ((c2[j] - c0[j] - s[3] * x - s[4] * y) * over2);
    }
}

/* The table after its basis turned: m is 3 × 4, on the old rows and the fresh one. */
WIDEST static void rotate_table(long p, float *t0, float *t1, float *t2, const float *fresh, const double *m)
{
    const float a0 = m[0], a1 = m[1], a2 = m[2], a3 = m[3], b0 = m[4], b1 = m[5], b2 = m[6], b3 = m[7], c0 = m[8],
                c1 = m[9], c2 = m[10], c3 = m[11];
#pragma omp simd
    for (long j = 0; j < p; j++) {
        float x = t0[j], y = t1[j], z = t2[j], f = fresh[j];
        t0[j] = a0 * x + a1 * y + a2 * z + a3 * f;
        t1[j] = b0 * x + b1 * y + b2 * z + b3 * f;
        t2[j] = c0 * x + c1 * y + c2 * z + c3 * f;
    }
}
