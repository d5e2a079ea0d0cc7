# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The span bound over all columns in one pass through its table."""

from libc.math cimport fabs

cdef enum:
    BLOCK = 512


def suspects(const float[:, ::1] table, double[::1] a, double[::1] threshold, double off, Py_ssize_t[::1] out):
    """Columns j with |Σ_k table[k, j] a[k]| + off > threshold[j], into out; returns how many.

    ``threshold`` is infinite for columns that need no proof. Counting stops once ``out`` is full.
    """
    cdef Py_ssize_t K = table.shape[0], p = threshold.shape[0], room = out.shape[0], count = 0, start, width, j, k
    cdef double[BLOCK] dot
    cdef double x
    cdef const float* row
    cdef const double* edge
    cdef int any_here
    with nogil:
        start = -BLOCK
        while start + BLOCK < p:
            start += BLOCK
            width = min(BLOCK, p - start)
            edge = &threshold[start]
            for j in range(width):
                dot[j] = 0.0
            for k in range(K):
                x = a[k]
                row = &table[k, start]
                for j in range(width):
                    dot[j] += x * row[j]
            any_here = 0
            for j in range(width):          # without a branch, so that it becomes vector code
                any_here |= fabs(dot[j]) + off > edge[j]
            if not any_here:
                continue
            for j in range(width):
                if fabs(dot[j]) + off > edge[j]:
                    if count == room:
                        with gil:
                            return count + 1
                    out[count] = start + j
                    count += 1
    return count
