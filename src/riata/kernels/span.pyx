# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The span bound over all columns in one pass through its table."""

from libc.math cimport fabs

cdef enum:
    BLOCK = 512


def suspects(const double[:, ::1] table, double[::1] a, double[::1] threshold, double off, Py_ssize_t[::1] out):
    """Columns j with |Σ_k table[k, j] a[k]| + off > threshold[j], into out; returns how many.

    ``threshold`` is infinite for columns that need no proof. Counting stops once ``out`` is full.
    """
    cdef Py_ssize_t K = table.shape[0], p = threshold.shape[0], room = out.shape[0], count = 0, start, width, j, k
    cdef double[BLOCK] dot
    cdef double x
    with nogil:
        start = -BLOCK
        while start + BLOCK < p:
            start += BLOCK
            width = min(BLOCK, p - start)
            for j in range(width):
                dot[j] = 0.0
            for k in range(K):
                x = a[k]
                for j in range(width):
                    dot[j] += x * table[k, start + j]
            for j in range(width):
                if fabs(dot[j]) + off > threshold[start + j]:
                    if count == room:
                        with gil:
                            return count + 1
                    out[count] = start + j
                    count += 1
    return count
