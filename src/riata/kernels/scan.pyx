# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""One look at every number of an array: is all of it finite?"""

ctypedef fused real:
    float
    double


cdef inline long long bad_in(const char* x, Py_ssize_t step, Py_ssize_t count, real unused) noexcept nogil:
    """Non-zero where a number is NaN or infinite: only those differ from themselves after a subtraction."""
    cdef Py_ssize_t i
    cdef long long bad = 0
    cdef real value
    if step == sizeof(real):     # vector code
        for i in range(count):
            value = (<const real*> x)[i]
            bad |= value - value != 0
    else:
        for i in range(count):
            value = (<const real*> (x + i * step))[0]
            bad |= value - value != 0
    return bad


def finite(const real[:, :] X):
    """Whether every entry of a matrix is finite; along its memory, and no further than the first line that is not."""
    cdef Py_ssize_t n = X.shape[0], p = X.shape[1], k
    cdef bint by_rows = X.strides[1] == sizeof(real) or X.strides[0] != sizeof(real)
    cdef long long bad = 0
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
    return bad == 0
