# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Proximal steps of l1·|w| + ½·l2·w², entry by entry, and what they take away: one pass over memory."""

from libc.string cimport memcpy

cdef extern from "shrink.h" nogil:
    void widths_f(long n, const float* v, float width, float eps, int rooted, float* at)
    void widths_d(long n, const double* v, double width, double eps, int rooted, double* at)
    void soften_f(long n, const float* at, float l1, float l2, float* w)
    void soften_d(long n, const double* at, double l1, double l2, double* w)
    void add_clipped_f(long n, const float* z, float edge, float slope, float force, float* out)
    void add_clipped_d(long n, const double* z, double edge, double slope, double force, double* out)

cdef enum:
    BLOCK = 1024    # entries whose widths are worked out together

ctypedef fused real:
    float
    double


cdef void step_in(
    real* w, const real* v, real* buffer, Py_ssize_t n, real width, real l1, real l2, real eps, bint rooted, real enter
) noexcept nogil:
    """Block after block, whose widths stay in cache: one plain loop for each thing to do is vector code."""
    cdef Py_ssize_t i, start = 0, size
    cdef real[BLOCK] at
    cdef real[BLOCK] before
    for i in range(BLOCK):
        at[i] = width
    while start < n:
        size = BLOCK if n - start > BLOCK else n - start
        if v != NULL:
            if real is float:
                widths_f(size, v + start, width, eps, rooted, at)
            else:
                widths_d(size, v + start, width, eps, rooted, at)
        if buffer != NULL:
            memcpy(&before[0], w + start, size * sizeof(real))
        if real is float:
            soften_f(size, at, l1, l2, w + start)
        else:
            soften_d(size, at, l1, l2, w + start)
        if buffer != NULL:
            for i in range(size):
                buffer[start + i] += enter * (before[i] - w[start + i])
        start += size


def step(
    real[::1] w, double width, double l1, double l2, const real[::1] v=None, double eps=0.0, bint rooted=True,
    real[::1] buffer=None, double enter=0.0,
):
    """w becomes argmin ½ Σ (xᵢ − wᵢ)² + Σ tᵢ (l1·|xᵢ| + ½·l2·xᵢ²), in place.

    t is ``width``, or with ``v`` width/(√v + eps), or without the root where it is not ``rooted``.
    ``buffer`` takes up enter·(w before − w after). float32 and float64, all of one length.
    """
    cdef Py_ssize_t n = w.shape[0]
    cdef const real* metric = NULL
    cdef real* kept = NULL
    if (v is not None and v.shape[0] != n) or (buffer is not None and buffer.shape[0] != n):
        raise ValueError(f"step needs arrays of one length, {n}.")
    if n == 0:
        return
    if v is not None:
        metric = &v[0]
    if buffer is not None:
        kept = &buffer[0]
    with nogil:
        step_in(
            &w[0], metric, kept, n, <real> width, <real> l1, <real> l2, <real> eps, rooted, <real> enter
        )


def add_cut(real[::1] out, const real[::1] z, double width, double l1, double l2, double force):
    """out += force·(z − x), where x is the proximal point of z that `step` finds with this ``width``.

    The difference itself would lose the digits of a large z.
    """
    cdef Py_ssize_t n = out.shape[0]
    cdef double slope = width * l2
    if z.shape[0] != n:
        raise ValueError(f"add_cut needs arrays of one length, {n}.")
    if n == 0:
        return
    with nogil:
        if real is float:
            add_clipped_f(n, &z[0], <real> (width * l1), <real> slope, <real> (force / (1.0 + slope)), &out[0])
        else:
            add_clipped_d(n, &z[0], width * l1, slope, force / (1.0 + slope), &out[0])
