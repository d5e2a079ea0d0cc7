# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""One look at every number of an array: is all of it finite?"""

ctypedef fused real:
    float
    double


cdef inline bint bad_in(const char* x, Py_ssize_t step, Py_ssize_t count, real unused) noexcept nogil:
    """Whether a number is NaN or infinite: x - x is 0 for all others. Eight sums side by side become vector code."""
    cdef Py_ssize_t i = 0
    cdef int k
    cdef const real* line = <const real*> x
    cdef real[8] off
    cdef real value, total = 0
    for k in range(8):
        off[k] = 0
    if step == sizeof(real):
        while i + 8 <= count:
            for k in range(8):
                off[k] += line[i + k] - line[i + k]
            i += 8
    while i < count:
        value = (<const real*> (x + i * step))[0]
        total += value - value
        i += 1
    for k in range(8):
        total += off[k]
    return total != 0       # NaN is not 0


def finite(const real[:, :] X):
    """Whether every entry of a matrix is finite; along its memory, and no further than the first line that is not."""
    cdef Py_ssize_t n = X.shape[0], p = X.shape[1], k
    cdef bint by_rows = X.strides[1] == sizeof(real) or X.strides[0] != sizeof(real)
    cdef bint bad = False
    cdef real unused = 0
    if n == 0 or p == 0:
        return True
    with nogil:
        for k in range(n if by_rows else p):
            if by_rows:
                bad = bad_in(<const char*> &X[k, 0], X.strides[1], p, unused)
            else:
                bad = bad_in(<const char*> &X[0, k], X.strides[0], n, unused)
            if bad:
                break
    return not bad
