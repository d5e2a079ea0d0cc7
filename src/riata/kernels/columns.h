/* Loops over columns with several outputs, value q of column j at j·K + q: vector code as in rows.h. */

#pragma once

#include "rows.h"

#define LESS_OUTER(K)                                                                                                   \
    case K:                                                                                                             \
        for (long j = 0; j < m; j++)                                                                                    \
            for (long q = 0; q < K; q++)                                                                                \
                c[j * K + q] -= g[j] * d[q];                                                                            \
        break;

/* c −= g d' for m columns. BLAS's dger calls a loop of K for each column, which costs ten times as much. */
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
