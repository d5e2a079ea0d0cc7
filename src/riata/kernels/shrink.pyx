# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Proximal steps of l1·|w| + ½·l2·w², entry by entry, and what they take away: one pass over memory."""

from libc.math cimport copysign, copysignf, fabs, fabsf, sqrt, sqrtf
from libc.string cimport memcpy

cdef enum:
    BLOCK = 1024    # entries whose widths are worked out together

ctypedef fused real:
    float
    double


cdef inline real magnitude(real x) noexcept nogil:
    return fabsf(x) if real is float else fabs(x)


cdef inline real root(real x) noexcept nogil:
    return sqrtf(x) if real is float else sqrt(x)


cdef inline real soft(real z, real width) noexcept nogil:
    """sign(z)·max(|z| − width, 0). NaN stays, and the zeros have no sign."""
    cdef real left = magnitude(z) - width
    left = 0 if left <= 0 else left
    return (copysignf(left, z) if real is float else copysign(left, z)) + 0


cdef void widths(real* at, const real* v, Py_ssize_t n, real width, real eps, bint rooted) noexcept nogil:
    """at = width/(√v + eps), or without the root."""
    cdef Py_ssize_t i
    if rooted:
        for i in range(n):
            at[i] = width / (root(v[i]) + eps)
    else:
        for i in range(n):
            at[i] = width / (v[i] + eps)


cdef void shrink_by(real* w, const real* at, Py_ssize_t n, real l1, real l2) noexcept nogil:
    """The steps of one block, each entry with its own width."""
    cdef Py_ssize_t i
    if l2 == 0:
        for i in range(n):
            w[i] = soft(w[i], at[i] * l1)
    else:
        for i in range(n):
            w[i] = soft(w[i], at[i] * l1) / (1 + at[i] * l2)


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
            widths(&at[0], v + start, size, width, eps, rooted)
        if buffer != NULL:
            memcpy(&before[0], w + start, size * sizeof(real))
        shrink_by(w + start, &at[0], size, l1, l2)
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
    cdef Py_ssize_t i, n = out.shape[0]
    cdef real cut, slope = <real> (width * l2)
    cdef real threshold = <real> (width * l1), over = <real> (1 + width * l2), times = <real> force
    if z.shape[0] != n:
        raise ValueError(f"add_cut needs arrays of one length, {n}.")
    with nogil:
        for i in range(n):
            cut = threshold if z[i] > threshold else (-threshold if z[i] < -threshold else z[i])
            out[i] += times * (cut + slope * z[i]) / over
