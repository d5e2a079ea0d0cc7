# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Proximal steps of LassoNet's penalty on a matrix whose columns are features, in C order.

    minimise over b, W   ½ Σ (b − v)²/t + ½ Σ (W − u)²/t + limit Σⱼ ‖bⱼ‖     subject to   |W_kj| ≤ M‖bⱼ‖

b and v are the first ``skip`` rows, W and u those below, and t is a number or, entry by entry, an optimizer's metric. What
is computed, and why it ends, stands at riata.torch.penalties.hierarchical, which does the same in torch's operations: θ
= ‖bⱼ‖ by Newton's method from ‖vⱼ‖, first to a point below the root of φ, then up to it.
"""

from libc.math cimport INFINITY, fabs, sqrt
from libc.stdlib cimport free, malloc

cdef extern from "team.h" nogil:
    ctypedef void (*part_t)(void* job, long first, long stop, int slot)
    void in_parts(size_t team, int threads, part_t part, void* job, long total, long size)

cdef extern from "hierarchy.h" nogil:
    void metric_f(long n, long m, long ld, const float* v, float eps, int rooted, float* d, float* low, float* high)
    void metric_d(long n, long m, long ld, const double* v, double eps, int rooted, double* d, double* low, double* high)
    void weigh_f(long n, long m, long ld, const float* w, const float* unit, float* d, float* a, double* sum,
                 double* square)
    void weigh_d(long n, long m, long ld, const double* w, const double* unit, double* d, double* a, double* sum,
                 double* square)
    void push_f(long n, long m, long ld, const float* w, const float* unit, float M, float* d, float* size)
    void push_d(long n, long m, long ld, const double* w, const double* unit, double M, double* d, double* size)
    void beyond_f(long n, long m, const float* size, const float* pull, const float* edge, double* sum, double* weight)
    void beyond_d(long n, long m, const double* size, const double* pull, const double* edge, double* sum,
                  double* weight)
    void feet_f(long n, long m, const float* a, const float* d, const double* low, const double* bend, double* theta)
    void feet_d(long n, long m, const double* a, const double* d, const double* low, const double* bend, double* theta)
    void rise_f(long n, long m, const float* a, const float* d, const double* theta, const double* low,
                const double* bend, double* phi, double* slope)
    void rise_d(long n, long m, const double* a, const double* d, const double* theta, const double* low,
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
    double* low             # of the line that c(θ) lies on: its height at 0
    double* bend            # and its slope
    double* before
    double* other
    double* limit
    double* top             # the largest d of the rows of b


cdef void line(Job* job, Sums* s, Py_ssize_t m, const real* size, const real* pull, real* edge) noexcept nogil:
    """The piece of c that each θ lies on."""
    cdef Py_ssize_t g
    for g in range(m):
        edge[g] = <real> (job.M * s.theta[g])
    if real is float:
        beyond_f(job.below, m, size, pull, edge, s.low, s.bend)
    else:
        beyond_d(job.below, m, size, pull, edge, s.low, s.bend)
    for g in range(m):
        s.low[g], s.bend[g] = s.limit[g] - s.low[g], job.M * s.bend[g]


cdef bint at_rest(const Sums* s, Py_ssize_t m, double near) noexcept nogil:
    """Whether no θ moved."""
    cdef Py_ssize_t g
    for g in range(m):
        if fabs(s.theta[g] - s.before[g]) > near * fabs(s.theta[g]):
            return False
    return True


cdef void solve(Job* job, real* w, long first, long stop, char* hold) noexcept nogil:
    """The features from first up to, not including, stop."""
    cdef Py_ssize_t skip = job.skip, below = job.below, ld = job.features, m = stop - first, g, turn
    cdef Sums s
    cdef double* at = <double*> hold
    s.norm, s.theta, s.low, s.bend = at, at + m, at + 2 * m, at + 3 * m
    s.before, s.other, s.limit, s.top = at + 4 * m, at + 5 * m, at + 6 * m, at + 7 * m
    cdef real* a = <real*> (at + 8 * m)
    cdef real* size = a + skip * m
    cdef real* d = size + below * m
    cdef real* pull = d + skip * m
    cdef real* unit = pull + below * m
    cdef real* edge = unit + m
    cdef real* under = w + skip * ld + first
    cdef const real* v = <const real*> job.v + first
    cdef real* buffer = <real*> job.buffer + first if job.buffer != NULL else NULL
    cdef real* buffer_under = buffer + skip * ld if job.buffer != NULL else NULL
    cdef real eps = <real> job.eps, enter = <real> job.enter
    cdef double near = 1e-7 if real is float else 4e-15, b
    w += first

    for g in range(m):
        unit[g], edge[g], s.norm[g], s.theta[g] = INFINITY, 0, 0.0, 0.0
    if job.v == NULL:
        for g in range((skip + below) * m):
            d[g] = 1
        for g in range(m):
            unit[g] = s.top[g] = 1
    else:       # the metric relative to the largest step of the feature
        if real is float:
            metric_f(skip, m, ld, v, eps, job.rooted, d, unit, edge)
        else:
            metric_d(skip, m, ld, v, eps, job.rooted, d, unit, edge)
        for g in range(m):
            s.top[g] = edge[g]
        if real is float:
            metric_f(below, m, ld, v + skip * ld, eps, job.rooted, pull, unit, edge)
        else:
            metric_d(below, m, ld, v + skip * ld, eps, job.rooted, pull, unit, edge)
        for g in range(m):
            s.top[g] /= unit[g]
    for g in range(m):
        s.limit[g] = job.width / unit[g] * job.limit
        unit[g] = 1 / unit[g]
    if real is float:
        weigh_f(skip, m, ld, w, unit, d, a, s.norm, s.theta)
        push_f(below, m, ld, under, unit, <real> job.M, pull, size)
    else:
        weigh_d(skip, m, ld, w, unit, d, a, s.norm, s.theta)
        push_d(below, m, ld, under, unit, job.M, pull, size)
    for g in range(m):
        s.norm[g], s.theta[g] = sqrt(s.norm[g]), sqrt(s.theta[g])

    for turn in range(STEPS):
        line(job, &s, m, size, pull, edge)
        for g in range(m):
            s.before[g] = s.theta[g]
            s.theta[g] = (s.norm[g] - s.low[g]) / (s.top[g] + s.bend[g])
        if real is float:
            feet_f(skip, m, a, d, s.low, s.bend, s.theta)
        else:
            feet_d(skip, m, a, d, s.low, s.bend, s.theta)
        for g in range(m):
            s.theta[g] = 0.0 if s.theta[g] < 0.0 else s.theta[g]
        if at_rest(&s, m, near):
            break
    for turn in range(STEPS):
        line(job, &s, m, size, pull, edge)
        if turn and at_rest(&s, m, near):
            break
        if real is float:
            rise_f(skip, m, a, d, s.theta, s.low, s.bend, s.top, s.other)
        else:
            rise_d(skip, m, a, d, s.theta, s.low, s.bend, s.top, s.other)
        for g in range(m):
            s.before[g] = s.theta[g]
            if s.theta[g] > 0.0 and s.other[g] > 0.0:
                s.theta[g] += (sqrt(s.top[g]) - 1.0) * s.top[g] / s.other[g]

    for g in range(m):      # a/∞ is the zero that is wanted
        s.other[g] = INFINITY if s.theta[g] <= 0.0 else s.bend[g] + s.low[g] / s.theta[g]
    if real is float:
        settle_f(skip, m, ld, w, buffer, a, d, s.other, enter, s.before)
    else:
        settle_d(skip, m, ld, w, buffer, a, d, s.other, enter, s.before)
    for g in range(m):
        if s.theta[g] > 0.0 and s.norm[g] == 0.0:      # b has no direction, and yet the network wants the feature
            b = s.theta[g] / sqrt(<double> skip)
            s.before[g] = s.theta[g] * s.theta[g]
            for turn in range(skip):
                w[turn * ld + g] = <real> b
                if buffer != NULL:
                    buffer[turn * ld + g] -= enter * <real> b
        edge[g] = <real> (job.M * sqrt(s.before[g]))
    if real is float:
        clip_f(below, m, ld, under, buffer_under, edge, enter)
    else:
        clip_d(below, m, ld, under, buffer_under, edge, enter)


cdef void part_f(void* given, long first, long stop, int slot) noexcept nogil:
    cdef Job* job = <Job*> given
    solve(job, <float*> job.w, first, stop, job.hold + slot * job.room)


cdef void part_d(void* given, long first, long stop, int slot) noexcept nogil:
    cdef Job* job = <Job*> given
    solve(job, <double*> job.w, first, stop, job.hold + slot * job.room)


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
    job.room = job.size * (8 * sizeof(double) + (2 * rows + 2) * sizeof(real))
    job.room = (job.room + 63) // 64 * 64
    job.hold = <char*> malloc(slots * job.room)
    if job.hold == NULL:
        raise MemoryError
    with nogil:
        in_parts(team, threads, part_f if real is float else part_d, &job, job.features, job.size)
    free(job.hold)
