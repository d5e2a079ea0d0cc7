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

include "team.pxi"

cdef enum:
    BLOCK = 1024    # entries whose widths are worked out together

ctypedef fused real:
    float
    double

cdef struct Step:
    void* w
    const void* v           # or NULL
    void* buffer            # or NULL
    double width, l1, l2, eps, enter
    bint rooted

cdef struct Cut:
    void* out
    const void* z
    double edge, slope, force


cdef void step_in(Step* job, real* w, long first, long stop) noexcept nogil:
    """Block after block, whose widths stay in cache: one plain loop for each thing to do is vector code."""
    cdef const real* v = <const real*> job.v
    cdef real* buffer = <real*> job.buffer
    cdef real enter = <real> job.enter
    cdef long i, start = first, size
    cdef real[BLOCK] at
    cdef real[BLOCK] before
    for i in range(BLOCK):
        at[i] = <real> job.width
    while start < stop:
        size = BLOCK if stop - start > BLOCK else stop - start
        if v != NULL:
            if real is float:
                widths_f(size, v + start, <float> job.width, <float> job.eps, job.rooted, at)
            else:
                widths_d(size, v + start, job.width, job.eps, job.rooted, at)
        if buffer != NULL:
            memcpy(&before[0], w + start, size * sizeof(real))
        if real is float:
            soften_f(size, at, <float> job.l1, <float> job.l2, w + start)
        else:
            soften_d(size, at, job.l1, job.l2, w + start)
        if buffer != NULL:
            for i in range(size):
                buffer[start + i] += enter * (before[i] - w[start + i])
        start += size


cdef void step_part_f(void* job, long first, long stop, int slot) noexcept nogil:
    step_in(<Step*> job, <float*> (<Step*> job).w, first, stop)


cdef void step_part_d(void* job, long first, long stop, int slot) noexcept nogil:
    step_in(<Step*> job, <double*> (<Step*> job).w, first, stop)


cdef void cut_part_f(void* job, long first, long stop, int slot) noexcept nogil:
    cdef Cut* cut = <Cut*> job
    add_clipped_f(stop - first, <const float*> cut.z + first, <float> cut.edge, <float> cut.slope, <float> cut.force,
                  <float*> cut.out + first)


cdef void cut_part_d(void* job, long first, long stop, int slot) noexcept nogil:
    cdef Cut* cut = <Cut*> job
    add_clipped_d(stop - first, <const double*> cut.z + first, cut.edge, cut.slope, cut.force,
                  <double*> cut.out + first)


cdef long whole_blocks(Py_ssize_t n, int threads) noexcept nogil:
    """Entries for each thread, in whole blocks."""
    cdef Py_ssize_t share = (n + max(threads, 1) - 1) // max(threads, 1)
    return <long> ((share + BLOCK - 1) // BLOCK * BLOCK)


def step(
    real[::1] w, double width, double l1, double l2, const real[::1] v=None, double eps=0.0, bint rooted=True,
    real[::1] buffer=None, double enter=0.0, *, size_t team=0, int threads=1,
):
    """w becomes argmin ½ Σ (xᵢ − wᵢ)² + Σ tᵢ (l1·|xᵢ| + ½·l2·xᵢ²), in place.

    t is ``width``, or with ``v`` width/(√v + eps), or without the root where it is not ``rooted``.
    ``buffer`` takes up enter·(w before − w after). float32 and float64, all of one length. ``team`` is the address of
    what lends ``threads`` (see team.h), 0 for none.
    """
    cdef Py_ssize_t n = w.shape[0]
    cdef Step job = Step(NULL, NULL, NULL, width, l1, l2, eps, enter, rooted)
    if (v is not None and v.shape[0] != n) or (buffer is not None and buffer.shape[0] != n):
        raise ValueError(f"step needs arrays of one length, {n}.")
    if n == 0:
        return
    job.w = &w[0]
    if v is not None:
        job.v = &v[0]
    if buffer is not None:
        job.buffer = &buffer[0]
    with nogil:
        in_parts(team, threads, step_part_f if real is float else step_part_d, &job, n, whole_blocks(n, threads))


def add_cut(
    real[::1] out, const real[::1] z, double width, double l1, double l2, double force, *, size_t team=0,
    int threads=1,
):
    """out += force·(z − x), where x is the proximal point of z that `step` finds with this ``width``.

    The difference itself would lose the digits of a large z.
    """
    cdef Py_ssize_t n = out.shape[0]
    cdef double slope = width * l2
    cdef Cut job = Cut(NULL, NULL, width * l1, slope, force / (1.0 + slope))
    if z.shape[0] != n:
        raise ValueError(f"add_cut needs arrays of one length, {n}.")
    if n == 0:
        return
    job.out, job.z = &out[0], &z[0]
    with nogil:
        in_parts(team, threads, cut_part_f if real is float else cut_part_d, &job, n, whole_blocks(n, threads))
