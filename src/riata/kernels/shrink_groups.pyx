# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Proximal steps of limit·Σ‖w_g‖ over the slices of an array along one axis, and what they take away.

The array is seen as (outer, groups, inner), in C order: columns of a matrix have inner = 1, rows have outer = 1. Sums
are made in double precision, or over a few rows in that of the array.

    minimise over x   ½ Σ (xᵢ − wᵢ)²/tᵢ + limit‖x‖,      x = w·max(0, 1 − t·limit/‖w‖) where t is a number

In a diagonal metric the root of a secular equation is found by Newton's method, as in riata.torch.newton but from another
side and to its end.
"""

from libc.math cimport INFINITY, fabs, sqrt
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

include "team.pxi"
include "metric.pxi"

cdef extern from "secular.h" nogil:
    void terms_f(long n, long m, const float* a, const float* d, const float* theta, const float* bound, double* phi,
                 double* slope)
    void terms_d(long n, long m, const double* a, const double* d, const double* theta, const double* bound, double* phi,
                 double* slope)
    void finish_f(long n, long m, long ld, float* w, float* buffer, const float* a, const float* d, const float* more,
                  float enter)
    void finish_d(long n, long m, long ld, double* w, double* buffer, const double* a, const double* d,
                  const double* more, double enter)

cdef extern from "shrink.h" nogil:
    void add_squares_f(long n, const float* x, double* total)
    void add_squares_d(long n, const double* x, double* total)
    double sum_squares_f(long n, const float* x)
    double sum_squares_d(long n, const double* x)
    void scale_f(long n, const float* x, const float* by, int step, float* out)
    void scale_d(long n, const double* x, const double* by, int step, double* out)
    void add_scaled_f(long n, const float* x, const float* by, int step, float force, float* out)
    void add_scaled_d(long n, const double* x, const double* by, int step, double force, double* out)

cdef enum:
    ROOM = 1 << 18      # entries of columns that are copied together: each row of them lies on another page
    LINE = 16           # neighbouring columns at least: a line of cache
    LANES = 16          # parts of a group that are worked on side by side
    STEPS = 8           # of Newton's method at most; two or three as a rule

# Relative to θ: a step that moves it less than this was the last.
cdef double NEAR = 1e-7

ctypedef fused real:
    float
    double

cdef struct Shape:
    Py_ssize_t outer
    Py_ssize_t groups
    Py_ssize_t inner


cdef inline Py_ssize_t lanes(Py_ssize_t n) noexcept nogil:
    """n, rounded up to whole rows of LANES."""
    return (n + LANES - 1) // LANES * LANES


cdef Py_ssize_t together(Shape s) noexcept nogil:
    """How many columns are copied together."""
    cdef Py_ssize_t most = ROOM // max(s.outer, 1)
    return min(s.groups, max(most, LINE)) if s.inner == 1 else 1


# -- a step with one number for all of a group -----------------------------------------------------------------------
cdef struct Range:
    Py_ssize_t row          # of the outer ones, from here
    Py_ssize_t end          # up to, not including, here
    Py_ssize_t first        # groups likewise
    Py_ssize_t stop


cdef void squares(const real* x, Shape s, Range a, double* total) noexcept nogil:
    """total = Σ x² over every group of a range."""
    cdef Py_ssize_t r, g
    cdef const real* at
    for g in range(a.stop - a.first):
        total[g] = 0.0
    for r in range(a.row, a.end):
        at = x + r * s.groups * s.inner
        if s.inner > 1:
            for g in range(a.first, a.stop):
                if real is float:
                    total[g - a.first] += sum_squares_f(s.inner, at + g * s.inner)
                else:
                    total[g - a.first] += sum_squares_d(s.inner, at + g * s.inner)
        elif real is float:
            add_squares_f(a.stop - a.first, at + a.first, total)
        else:
            add_squares_d(a.stop - a.first, at + a.first, total)


cdef void shares(const double* total, Py_ssize_t count, double width, real* left, real* cut) noexcept nogil:
    """What is left of each group and what is taken, as shares of it. NaN stays."""
    cdef Py_ssize_t g
    cdef double norm, share
    for g in range(count):
        norm = sqrt(total[g])
        share = 1.0 if norm == 0.0 else width / norm
        cut[g] = <real> (1.0 if share > 1.0 else share)
        share = 1.0 - share
        left[g] = <real> (0.0 if share < 0.0 else share)


cdef void times(real* out, const real* x, const real* by, Shape s, Range a) noexcept nogil:
    """out = x, each group times its own number; they may be one array."""
    cdef Py_ssize_t r, g, at, n = s.inner if s.inner > 1 else a.stop - a.first
    for r in range(a.row, a.end):
        for g in range(a.stop - a.first if s.inner > 1 else 1):
            at = (r * s.groups + a.first + g) * s.inner
            if real is float:
                scale_f(n, x + at, by + g, s.inner == 1, out + at)
            else:
                scale_d(n, x + at, by + g, s.inner == 1, out + at)


cdef void plus(real* out, const real* x, const real* by, Shape s, Range a, real force) noexcept nogil:
    """out += force·x, each group times its own number."""
    cdef Py_ssize_t r, g, at, n = s.inner if s.inner > 1 else a.stop - a.first
    for r in range(a.row, a.end):
        for g in range(a.stop - a.first if s.inner > 1 else 1):
            at = (r * s.groups + a.first + g) * s.inner
            if real is float:
                add_scaled_f(n, x + at, by + g, s.inner == 1, force, out + at)
            else:
                add_scaled_d(n, x + at, by + g, s.inner == 1, force, out + at)


include "shrink_metric.pxi"


# -- shared out to threads: the parts, and so the bits, do not depend on how many there are ----------------------------
cdef enum:
    PARTS = 16          # of the outer rows, whose sums are made apart

cdef enum:              # what a part does
    GROUPS, SUMS, ROWS, SOLVE

cdef struct Job:
    Shape shape
    void* x                 # w of a step, ``out`` of the others
    const void* z           # what is read: w, or z of the others
    const void* v           # or NULL
    void* buffer            # or NULL
    double width, limit, eps, enter, force
    bint rooted, cut        # whether x takes up what is cut, or is what is left
    int phase
    long size               # of a part
    Py_ssize_t room         # bytes that a thread works in
    char* hold              # for all threads, or shares of each group
    double* sums


cdef void put(Job* job, real* x, const real* by, Range a) noexcept nogil:
    """What is left of groups and what is cut to where they go; ``by`` are the shares."""
    cdef const real* z = <const real*> job.z
    cdef const real* cut = by + job.shape.groups
    if job.buffer != NULL:
        plus(<real*> job.buffer, z, cut + a.first, job.shape, a, <real> job.enter)
    if job.cut:
        plus(x, z, cut + a.first, job.shape, a, <real> job.force)
    else:
        times(x, z, by + a.first, job.shape, a)


cdef void groups_in(Job* job, real* x, long first, long stop) noexcept nogil:
    """Groups that lie in one piece each: they are still near when they are read again."""
    cdef Range a = Range(0, job.shape.outer, first, stop)
    cdef real* by = <real*> job.hold
    squares(<const real*> job.z, job.shape, a, job.sums + first)
    shares(job.sums + first, stop - first, job.width, by + first, by + job.shape.groups + first)
    put(job, x, <const real*> by, a)


cdef void sums_in(Job* job, real* x, long first, long stop) noexcept nogil:
    """Sums over some of the outer rows."""
    cdef Range a = Range(first, stop, 0, job.shape.groups)
    squares(<const real*> job.z, job.shape, a, job.sums + first // job.size * job.shape.groups)


cdef void rows_in(Job* job, real* x, long first, long stop) noexcept nogil:
    put(job, x, <const real*> job.hold, Range(first, stop, 0, job.shape.groups))


cdef void solve_in(Job* job, real* w, long first, long stop, int slot) noexcept nogil:
    """Groups, a few at a time, in a diagonal metric."""
    cdef Shape s = job.shape
    cdef const real* v = <const real*> job.v
    cdef real* buffer = <real*> job.buffer
    cdef real* hold = <real*> (job.hold + slot * job.room)
    cdef double* sums = job.sums + slot * 2 * max(job.size, LANES)
    cdef real eps = <real> job.eps, enter = <real> job.enter
    cdef Py_ssize_t at
    if s.inner == 1:
        solve(
            w + first, v + first, buffer + first if buffer != NULL else NULL, s.outer, stop - first, s.groups, False,
            job.width, job.limit, eps, job.rooted, enter, hold, sums
        )
        return
    for at in range(first, stop):
        solve_group(w, v, buffer, s, at, job.width, job.limit, eps, job.rooted, enter, hold, sums)


cdef void part_in(Job* job, real* x, long first, long stop, int slot) noexcept nogil:
    if job.phase == GROUPS:
        groups_in(job, x, first, stop)
    elif job.phase == SUMS:
        sums_in(job, x, first, stop)
    elif job.phase == ROWS:
        rows_in(job, x, first, stop)
    else:
        solve_in(job, x, first, stop, slot)


cdef void part_f(void* job, long first, long stop, int slot) noexcept nogil:
    part_in(<Job*> job, <float*> (<Job*> job).x, first, stop, slot)


cdef void part_d(void* job, long first, long stop, int slot) noexcept nogil:
    part_in(<Job*> job, <double*> (<Job*> job).x, first, stop, slot)


cdef void share_out(Job* job, real* x, int phase, Py_ssize_t total, size_t team, int threads) noexcept nogil:
    job.phase = phase
    in_parts(team, threads, part_f if real is float else part_d, job, total, job.size)


cdef int make_room(Job* job, Py_ssize_t hold, Py_ssize_t sums) except -1:
    job.hold, job.sums = <char*> malloc(hold), <double*> malloc(sums * sizeof(double))
    if job.hold == NULL or job.sums == NULL:
        leave(job)
        raise MemoryError
    return 0


cdef void leave(Job* job) noexcept:
    free(job.hold)
    free(job.sums)


cdef int one_number(Job* job, real* x, size_t team, int threads) except -1:
    """A step with one number for all of a group: x is read as ``z`` and written."""
    cdef Shape s = job.shape
    cdef Py_ssize_t parts, part, g
    job.size = <long> max(1, (s.outer + PARTS - 1) // PARTS)
    parts = (s.outer + job.size - 1) // job.size
    make_room(job, 2 * s.groups * sizeof(real), parts * s.groups)
    with nogil:
        if s.outer == 1:
            job.size = <long> max(1, (s.groups + PARTS - 1) // PARTS)
            share_out(job, x, GROUPS, s.groups, team, threads)
        else:
            share_out(job, x, SUMS, s.outer, team, threads)
            for part in range(1, parts):
                for g in range(s.groups):
                    job.sums[g] += job.sums[part * s.groups + g]
            shares(job.sums, s.groups, job.width, <real*> job.hold, <real*> job.hold + s.groups)
            share_out(job, x, ROWS, s.outer, team, threads)
    leave(job)
    return 0


cdef int diagonal(Job* job, real* w, size_t team, int threads) except -1:
    """A step in a diagonal metric: a few groups at a time."""
    cdef Shape s = job.shape
    cdef Py_ssize_t slots = max(threads, 1)
    job.size = <long> together(s)
    if s.inner == 1:
        job.room = (2 * s.outer * job.size + 4 * job.size) * sizeof(real)
    else:
        job.room = (4 * lanes(s.outer * s.inner) + 4 * LANES) * sizeof(real)
    make_room(job, slots * job.room, slots * 2 * max(job.size, LANES))
    with nogil:
        share_out(job, w, SOLVE, s.groups, team, threads)
    leave(job)
    return 0


# -- what Python calls ---------------------------------------------------------------------------------------------
cdef Shape shape_of(tuple sizes, Py_ssize_t n) except *:
    cdef Shape s
    s.outer, s.groups, s.inner = sizes
    if s.outer < 0 or s.groups < 0 or s.inner < 0 or s.outer * s.groups * s.inner != n:
        raise ValueError(f"{sizes} does not fit an array of {n}.")
    return s


def step(
    real[::1] w, tuple sizes, double width, double limit, const real[::1] v=None, double eps=0.0, bint rooted=True,
    real[::1] buffer=None, double enter=0.0, *, size_t team=0, int threads=1,
):
    """w becomes argmin ½ Σ (xᵢ − wᵢ)²/tᵢ + limit Σ‖x_g‖, in place; ``sizes`` are (outer, groups, inner).

    t is ``width``, or with ``v`` width/(√v + eps), or without the root where it is not ``rooted``.
    ``buffer`` takes up enter·(w before − w after). ``team`` is the address of what lends ``threads`` (see team.h), 0
    for none.
    """
    cdef Py_ssize_t n = w.shape[0]
    cdef Job job
    job.shape = shape_of(sizes, n)
    if (v is not None and v.shape[0] != n) or (buffer is not None and buffer.shape[0] != n):
        raise ValueError(f"step needs arrays of one length, {n}.")
    if n == 0:
        return
    job.x, job.z, job.v, job.buffer, job.cut = &w[0], &w[0], NULL, NULL, False
    if v is not None:
        job.v = &v[0]
    if buffer is not None:
        job.buffer = &buffer[0]
    job.width, job.limit, job.eps, job.rooted, job.enter = width, limit, eps, rooted, enter
    if v is None:
        job.width = width * limit
        one_number(&job, &w[0], team, threads)
    else:
        diagonal(&job, &w[0], team, threads)


def shrunk(real[::1] out, const real[::1] z, tuple sizes, double width, *, size_t team=0, int threads=1):
    """out becomes what `step` makes of z with this ``width`` and a limit of 1."""
    _apart(out, z, sizes, width, 0.0, False, team, threads)


def add_cut(
    real[::1] out, const real[::1] z, tuple sizes, double width, double force, *, size_t team=0, int threads=1
):
    """out += force·(z − x), where x is what `step` makes of z with this ``width`` and a limit of 1."""
    _apart(out, z, sizes, width, force, True, team, threads)


cdef int _apart(
    real[::1] out, const real[::1] z, tuple sizes, double width, double force, bint cut, size_t team, int threads
) except -1:
    cdef Py_ssize_t n = z.shape[0]
    cdef Job job
    job.shape = shape_of(sizes, n)
    if out.shape[0] != n:
        raise ValueError(f"two arrays of one length are needed, {n}.")
    if n == 0:
        return 0
    job.x, job.z, job.buffer = &out[0], &z[0], NULL
    job.width, job.force, job.cut = width, force, cut
    return one_number(&job, &out[0], team, threads)
