# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Proximal steps of LassoNet's penalty on a matrix whose columns are features, in C order.

    minimise over b, W   ½ Σ (b − v)²/t + ½ Σ (W − u)²/t + limit Σⱼ ‖bⱼ‖     subject to   |W_kj| ≤ M‖bⱼ‖

b and v are the first ``skip`` rows, W and u those below, and t is a number or, entry by entry, an optimizer's metric. What
is computed, and why it ends, stands at riata.torch.penalties.hierarchical, which does the same in torch's operations: θ
= ‖bⱼ‖ by Newton's method from ‖vⱼ‖, first to a point below the root of φ, then up to it.
"""

from libc.math cimport INFINITY, fabs, sqrt
from libc.stdlib cimport free, malloc

include "team.pxi"
include "metric.pxi"

cdef extern from "hierarchy.h" nogil:
    void push_f(long n, long m, long ld, const float* w, const float* unit, float M, float* d, float* size)
    void push_d(long n, long m, long ld, const double* w, const double* unit, double M, double* d, double* size)
    void beyond_f(long n, long m, const float* size, const float* pull, const float* edge, double* sum, double* weight)
    void beyond_d(long n, long m, const double* size, const double* pull, const double* edge, double* sum,
                  double* weight)
    void feet_f(long n, long m, const float* a, const float* d, const double* before, const double* c,
                const double* bend, double* theta)
    void feet_d(long n, long m, const double* a, const double* d, const double* before, const double* c,
                const double* bend, double* theta)
    void rise_f(long n, long m, const float* a, const float* d, double by, const double* theta, const double* c,
                const double* bend, double* phi, double* slope)
    void rise_d(long n, long m, const double* a, const double* d, double by, const double* theta, const double* c,
                const double* bend, double* phi, double* slope)
    void settle_f(long n, long m, long ld, float* w, float* buffer, const float* a, const float* d, const double* more,
                  float enter, double* square)
    void settle_d(long n, long m, long ld, double* w, double* buffer, const double* a, const double* d,
                  const double* more, double enter, double* square)
    void clip_f(long n, long m, long ld, float* w, float* buffer, const float* edge, float enter)
    void clip_d(long n, long m, long ld, double* w, double* buffer, const double* edge, double enter)

cdef enum:
    ROOM = 1 << 15      # entries of features that are worked on together: they are read a dozen times
    LINE = 32           # neighbouring features at least
    STEPS = 60          # of Newton's method at most; in the course of a training three or four

ctypedef fused real:
    float
    double

cdef struct Job:
    Py_ssize_t skip, below, features
    void* w
    const void* v           # or NULL
    void* buffer            # or NULL
    double M, width, limit, eps, enter
    bint rooted
    long size               # features of a part
    Py_ssize_t room         # bytes that a thread works in
    char* hold


cdef struct Sums:           # one number for each feature of a part
    double* norm            # ‖a‖ where a = d∘v
    double* theta
    double* c               # c(θ)
    double* bend            # and its slope there
    double* before
    double* phi
    double* slope
    double* limit
    double* top             # the largest d of the rows of b


cdef void held(const Job* job, Sums* s, Py_ssize_t m, const real* size, const real* pull, real* edge) noexcept nogil:
    """c at each θ: what holds a feature back, less what W pulls that is held at its bound."""
    cdef Py_ssize_t g
    for g in range(m):
        edge[g] = <real> (job.M * s.theta[g])
    if real is float:
        beyond_f(job.below, m, size, pull, edge, s.c, s.bend)
    else:
        beyond_d(job.below, m, size, pull, edge, s.c, s.bend)
    for g in range(m):
        s.c[g], s.bend[g] = s.limit[g] - s.c[g], job.M * s.bend[g]


cdef void slopes(Sums* s, Py_ssize_t skip, Py_ssize_t m, const real* a, const real* d, double by) noexcept nogil:
    """φ, and what Newton's method divides it by."""
    if real is float:
        rise_f(skip, m, a, d, by, s.theta, s.c, s.bend, s.phi, s.slope)
    else:
        rise_d(skip, m, a, d, by, s.theta, s.c, s.bend, s.phi, s.slope)


cdef bint at_rest(const Sums* s, Py_ssize_t m, double near) noexcept nogil:
    """Whether no θ moved."""
    cdef Py_ssize_t g
    for g in range(m):
        if fabs(s.theta[g] - s.before[g]) > near * fabs(s.theta[g]):
            return False
    return True


cdef void weights(
    const Job* job, Sums* s, Py_ssize_t m, const real* w, const real* v, real* a, real* size, real* d, real* pull,
    real* unit, real* high
) noexcept nogil:
    """d, relative to the largest step of a feature; a = d∘v and ‖a‖, ‖v‖; sizes and pulls of the rows of W."""
    cdef Py_ssize_t skip = job.skip, below = job.below, ld = job.features, g
    cdef real eps = <real> job.eps
    for g in range(m):
        unit[g], high[g], s.norm[g], s.theta[g] = INFINITY, 0, 0.0, 0.0
    if v == NULL:
        for g in range((skip + below) * m):     # pull follows d
            d[g] = 1
        for g in range(m):
            unit[g] = s.top[g] = 1
    else:
        if real is float:
            metric_f(skip, m, ld, v, eps, job.rooted, d, unit, high)
        else:
            metric_d(skip, m, ld, v, eps, job.rooted, d, unit, high)
        for g in range(m):
            s.top[g] = high[g]
        if real is float:
            metric_f(below, m, ld, v + skip * ld, eps, job.rooted, pull, unit, high)
        else:
            metric_d(below, m, ld, v + skip * ld, eps, job.rooted, pull, unit, high)
    for g in range(m):
        s.top[g] /= unit[g]
        s.limit[g] = job.width / unit[g] * job.limit
        unit[g] = 1 / unit[g]
    if real is float:
        weigh_f(skip, m, ld, w, unit, d, a, s.norm, s.theta)
        push_f(below, m, ld, w + skip * ld, unit, <real> job.M, pull, size)
    else:
        weigh_d(skip, m, ld, w, unit, d, a, s.norm, s.theta)
        push_d(below, m, ld, w + skip * ld, unit, job.M, pull, size)
    for g in range(m):
        s.norm[g], s.theta[g] = sqrt(s.norm[g]), sqrt(s.theta[g])


cdef void roots(
    const Job* job, Sums* s, Py_ssize_t m, const real* a, const real* size, const real* d, const real* pull, real* edge,
    double near
) noexcept nogil:
    """θ of each feature."""
    cdef Py_ssize_t skip = job.skip, g, turn
    for turn in range(STEPS):
        held(job, s, m, size, pull, edge)
        for g in range(m):
            s.before[g] = s.theta[g]
            s.theta[g] -= (s.top[g] * s.theta[g] + s.c[g] - s.norm[g]) / (s.top[g] + s.bend[g])
        if real is float:
            feet_f(skip, m, a, d, s.before, s.c, s.bend, s.theta)
        else:
            feet_d(skip, m, a, d, s.before, s.c, s.bend, s.theta)
        for g in range(m):
            s.theta[g] = 0.0 if s.theta[g] < 0.0 else s.theta[g]
        if at_rest(s, m, near):
            break
    for turn in range(STEPS):
        held(job, s, m, size, pull, edge)
        slopes(s, skip, m, a, d, 1.0)
        for g in range(m):
            s.before[g] = s.theta[g]
            if s.theta[g] > 0.0 and s.slope[g] > 0.0:
                s.theta[g] += (sqrt(s.phi[g]) - 1.0) * s.phi[g] / s.slope[g]
        if at_rest(s, m, near):
            break


cdef void divisors(Sums* s, Py_ssize_t skip, Py_ssize_t m, const real* a, const real* d, double near) noexcept nogil:
    """The c that makes ‖b‖ = θ: in c(θ) the last digit of θ counts as often as weights are held."""
    cdef Py_ssize_t g, turn
    cdef double move
    cdef bint rest
    for g in range(m):
        s.bend[g], s.c[g] = 1.0, s.norm[g] - s.top[g] * s.theta[g]
        for turn in range(skip):
            s.c[g] = max(s.c[g], fabs(a[turn * m + g]) - d[turn * m + g] * s.theta[g])
    for turn in range(STEPS):
        slopes(s, skip, m, a, d, 0.0)
        rest = True
        for g in range(m):
            if s.theta[g] > 0.0 and s.slope[g] > 0.0:
                move = (sqrt(s.phi[g]) - 1.0) * s.phi[g] / s.slope[g]
                rest = rest and fabs(move) <= near * (s.top[g] * s.theta[g] + fabs(s.c[g]))
                s.c[g] += move
        if rest:
            break


cdef void solve(const Job* job, real* w, const real* v, real* buffer, Py_ssize_t m, char* hold) noexcept nogil:
    """m features side by side."""
    cdef Py_ssize_t skip = job.skip, below = job.below, ld = job.features, g, r
    cdef double* at = <double*> hold
    cdef Sums s = Sums(
        at, at + m, at + 2 * m, at + 3 * m, at + 4 * m, at + 5 * m, at + 6 * m, at + 7 * m, at + 8 * m
    )
    cdef real* a = <real*> (at + 9 * m)
    cdef real* size = a + skip * m
    cdef real* d = size + below * m
    cdef real* pull = d + skip * m
    cdef real* edge = pull + below * m
    cdef real enter = <real> job.enter, b
    cdef double near = 1e-7 if real is float else 4e-15
    weights(job, &s, m, w, v, a, size, d, pull, edge + m, edge)
    roots(job, &s, m, a, size, d, pull, edge, near)
    divisors(&s, skip, m, a, d, near)
    for g in range(m):      # a/∞ is the zero that is wanted
        s.phi[g] = INFINITY if s.theta[g] <= 0.0 else s.c[g] / s.theta[g]
    if real is float:
        settle_f(skip, m, ld, w, buffer, a, d, s.phi, enter, s.slope)
    else:
        settle_d(skip, m, ld, w, buffer, a, d, s.phi, enter, s.slope)
    for g in range(m):
        if s.theta[g] > 0.0 and s.norm[g] == 0.0:      # b has no direction, and yet the network wants the feature
            b = <real> (s.theta[g] / sqrt(<double> skip))
            s.slope[g] = s.theta[g] * s.theta[g]
            for r in range(skip):
                w[r * ld + g] = b
                if buffer != NULL:
                    buffer[r * ld + g] -= enter * b
        edge[g] = <real> (job.M * sqrt(s.slope[g]))
    w += skip * ld
    buffer = buffer + skip * ld if buffer != NULL else NULL
    if real is float:
        clip_f(below, m, ld, w, buffer, edge, enter)
    else:
        clip_d(below, m, ld, w, buffer, edge, enter)


cdef void part(const Job* job, real* w, long first, long stop, int slot) noexcept nogil:
    cdef const real* v = <const real*> job.v
    cdef real* buffer = <real*> job.buffer
    solve(
        job, w + first, v + first if v != NULL else NULL, buffer + first if buffer != NULL else NULL, stop - first,
        job.hold + slot * job.room
    )


cdef void part_f(void* job, long first, long stop, int slot) noexcept nogil:
    part(<Job*> job, <float*> (<Job*> job).w, first, stop, slot)


cdef void part_d(void* job, long first, long stop, int slot) noexcept nogil:
    part(<Job*> job, <double*> (<Job*> job).w, first, stop, slot)


def step(
    real[::1] w, tuple sizes, double M, double width, double limit, const real[::1] v=None, double eps=0.0,
    bint rooted=True, real[::1] buffer=None, double enter=0.0, *, size_t team=0, int threads=1,
):
    """w becomes the minimiser, in place; ``sizes`` are (rows of b, rows of W, features).

    t is ``width``, or with ``v`` width/(√v + eps), or without the root where it is not ``rooted``. ``buffer`` takes up
    enter·(w before − w after). ``team`` is the address of what lends ``threads`` (see team.h), 0 for none: the result
    does not depend on them.
    """
    cdef Py_ssize_t n = w.shape[0], rows, slots = max(threads, 1)
    cdef Job job
    job.skip, job.below, job.features = sizes
    rows = job.skip + job.below
    if min(job.skip, job.below, job.features) < 0 or rows * job.features != n:
        raise ValueError(f"{sizes} does not fit an array of {n}.")
    if (v is not None and v.shape[0] != n) or (buffer is not None and buffer.shape[0] != n):
        raise ValueError(f"step needs arrays of one length, {n}.")
    if n == 0:
        return
    job.w, job.v, job.buffer = &w[0], NULL, NULL
    if v is not None:
        job.v = &v[0]
    if buffer is not None:
        job.buffer = &buffer[0]
    job.M, job.width, job.limit, job.eps, job.rooted, job.enter = M, width, limit, eps, rooted, enter
    job.size = <long> min(job.features, max(ROOM // rows // LINE * LINE, LINE))
    job.room = job.size * (9 * sizeof(double) + (2 * rows + 2) * sizeof(real))
    job.room = (job.room + 63) // 64 * 64
    job.hold = <char*> malloc(slots * job.room)
    if job.hold == NULL:
        raise MemoryError
    with nogil:
        in_parts(team, threads, part_f if real is float else part_d, &job, job.features, job.size)
    free(job.hold)
