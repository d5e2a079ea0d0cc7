# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""One look at every number of an array: is all of it finite, is all of it the same, how much is above a limit?"""

from cpython.buffer cimport PyBUF_FORMAT, PyBUF_STRIDED_RO, PyBuffer_Release, PyObject_GetBuffer
from libc.math cimport INFINITY

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


cdef bint bad_matrix(const Py_buffer* X, real unused) noexcept nogil:
    """Whether a number is not finite; along its memory, no further than the first bad line."""
    cdef Py_ssize_t k, item = sizeof(real), n = X.shape[0] if X.ndim else 1, p = X.shape[1] if X.ndim == 2 else 1
    cdef Py_ssize_t down = X.strides[0] if X.ndim else item, right = X.strides[1] if X.ndim == 2 else item
    cdef bint by_rows = X.ndim == 2 and (right == item or down != item)
    cdef const char* x = <const char*> X.buf
    for k in range(n if by_rows else p):
        if bad_in(x + k * down, right, p, unused) if by_rows else bad_in(x + k * right, down, n, unused):
            return True
    return False


def finite(X):
    """Whether a number, or every entry of a vector or matrix, float64 or float32, is finite."""
    cdef Py_buffer view
    cdef bint bad, is_double
    cdef bytes kind
    PyObject_GetBuffer(X, &view, PyBUF_STRIDED_RO | PyBUF_FORMAT)
    try:
        kind = view.format
        if view.ndim > 2 or kind.lstrip(b"=") not in (b"d", b"f"):
            raise TypeError(f"finite looks at numbers, vectors and matrices of floats, not at {view.ndim} dimensions of {kind}.")
        is_double = kind.endswith(b"d")
        with nogil:
            bad = bad_matrix(&view, <double> 0) if is_double else bad_matrix(&view, <float> 0)
    finally:
        PyBuffer_Release(&view)
    return not bad


def every(const double[:] x, double value):
    """Whether every number of a vector is this one."""
    cdef Py_ssize_t i
    for i in range(x.shape[0]):
        if x[i] != value:
            return False
    return True


def falls(const double[::1] x):
    """Whether numbers decrease strictly, from a finite one to one that is not negative; NaN does neither."""
    cdef Py_ssize_t i, n = x.shape[0]
    for i in range(1, n):
        if not x[i] < x[i - 1]:
            return False
    return n > 0 and x[n - 1] >= 0.0 and x[0] < INFINITY


def above(const double[:] x, double limit):
    """How many numbers of a vector are above a limit; NaN is not."""
    cdef Py_ssize_t i, count = 0
    for i in range(x.shape[0]):
        count += x[i] > limit
    return count
