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

cdef extern from "secular.h" nogil:
    void metric_f(long n, long m, long ld, const float* v, float eps, int rooted, float* d, float* low, float* high)
    void metric_d(long n, long m, long ld, const double* v, double eps, int rooted, double* d, double* low, double* high)
    void weigh_f(long n, long m, long ld, const float* w, const float* unit, float* d, float* a, double* sum,
                 double* square)
    void weigh_d(long n, long m, long ld, const double* w, const double* unit, double* d, double* a, double* sum,
                 double* square)
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
cdef void squares(const real* x, Shape s, double* total) noexcept nogil:
    """total_g = Σ x² over every group."""
    cdef Py_ssize_t r, g
    for g in range(s.groups):
        total[g] = 0.0
    for r in range(s.outer):
        if s.inner > 1:
            for g in range(s.groups):
                if real is float:
                    total[g] += sum_squares_f(s.inner, x + g * s.inner)
                else:
                    total[g] += sum_squares_d(s.inner, x + g * s.inner)
        elif real is float:
            add_squares_f(s.groups, x, total)
        else:
            add_squares_d(s.groups, x, total)
        x += s.groups * s.inner


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


cdef void times(real* out, const real* x, const real* by, Shape s) noexcept nogil:
    """out = x, each group times its own number; they may be one array."""
    cdef Py_ssize_t r, g, size = s.groups * s.inner
    for r in range(s.outer):
        for g in range(s.groups if s.inner > 1 else 1):
            if real is float:
                scale_f(s.inner if s.inner > 1 else size, x + g * s.inner, by + g, s.inner == 1, out + g * s.inner)
            else:
                scale_d(s.inner if s.inner > 1 else size, x + g * s.inner, by + g, s.inner == 1, out + g * s.inner)
        out, x = out + size, x + size


cdef void plus(real* out, const real* x, const real* by, Shape s, real force) noexcept nogil:
    """out += force·x, each group times its own number."""
    cdef Py_ssize_t r, g, n, at, size = s.groups * s.inner
    n = s.inner if s.inner > 1 else size
    for r in range(s.outer):
        for g in range(s.groups if s.inner > 1 else 1):
            at = g * s.inner
            if real is float:
                add_scaled_f(n, x + at, by + g, s.inner == 1, force, out + at)
            else:
                add_scaled_d(n, x + at, by + g, s.inner == 1, force, out + at)
        out, x = out + size, x + size


# -- a step in a diagonal metric -----------------------------------------------------------------------------------
# With s = √v + eps and its smallest s₀ in the group: d = s/s₀, a = d∘w, and limit·width/s₀ in place of the limit. Then
# φ(θ) = Σ (a/(dθ + limit))² = 1 at θ = ‖x‖, and 0 is the answer where ‖a‖ ≤ limit. φ^(−½) is concave: from either side a
# step of Newton's method ends to the left of the root. The first is from ‖w‖, the root without a limit: where the limit
# takes little away, as in a training, hardly another is needed. (‖a‖ − limit)/max d is left of the root for certain.
cdef void solve(
    real* w, const real* v, real* buffer, Py_ssize_t n, Py_ssize_t m, Py_ssize_t ld, bint whole, double width,
    double limit, real eps, bint rooted, real enter, real* hold, double* phi
) noexcept nogil:
    """n rows, ld apart, of m groups side by side; or, ``whole``, of m parts of one group."""
    cdef real* d = hold + n * m
    cdef real* theta = d + n * m
    cdef real* bound = theta + m
    cdef real* low = bound + m      # the smallest s, then 1 over it, then what is left of the root
    cdef real* high = low + m       # the largest s, then the largest d
    cdef double* slope = phi + m
    cdef double new
    cdef bint rest
    cdef Py_ssize_t g, turn
    for g in range(m):
        low[g], high[g] = INFINITY, 0
    if real is float:
        metric_f(n, m, ld, v, eps, rooted, d, low, high)
    else:
        metric_d(n, m, ld, v, eps, rooted, d, low, high)
    if whole:
        for g in range(1, m):
            low[0] = low[g] if low[g] < low[0] else low[0]
            high[0] = high[g] if high[g] > high[0] else high[0]
        for g in range(1, m):
            low[g], high[g] = low[0], high[0]
    for g in range(m):
        bound[g] = <real> (width / low[g] * limit)
        high[g] = high[g] / low[g]
        low[g] = 1 / low[g]
        phi[g] = slope[g] = 0.0
    if real is float:
        weigh_f(n, m, ld, w, low, d, hold, phi, slope)
    else:
        weigh_d(n, m, ld, w, low, d, hold, phi, slope)
    if whole:
        all_the_sum(phi, m)
        all_the_sum(slope, m)
    for g in range(m):
        low[g] = <real> ((sqrt(phi[g]) - bound[g]) / high[g])
        theta[g] = <real> sqrt(slope[g]) if low[g] > 0 else low[g]
    for turn in range(STEPS):
        for g in range(m):
            phi[g] = slope[g] = 0.0
        if real is float:
            terms_f(n, m, hold, d, theta, bound, phi, slope)
        else:
            terms_d(n, m, hold, d, theta, bound, phi, slope)
        if whole:
            all_the_sum(phi, m)
            all_the_sum(slope, m)
        rest = True
        for g in range(m):
            if theta[g] <= 0:       # the group is zero
                continue
            new = theta[g] + (sqrt(phi[g]) - 1.0) * phi[g] / slope[g]
            new = low[g] if new < low[g] else new
            rest = rest and fabs(new - theta[g]) <= NEAR * theta[g]
            theta[g] = <real> new
        if rest:
            break
    for g in range(m):      # a/∞ is the zero that is wanted
        bound[g] = <real> INFINITY if theta[g] <= 0 else bound[g] / theta[g]
    if real is float:
        finish_f(n, m, ld, w, buffer, hold, d, bound, enter)
    else:
        finish_d(n, m, ld, w, buffer, hold, d, bound, enter)


cdef void all_the_sum(double* x, Py_ssize_t n) noexcept nogil:
    cdef double total = 0.0
    cdef Py_ssize_t i
    for i in range(n):
        total += x[i]
    for i in range(n):
        x[i] = total


cdef void solve_group(
    real* w, const real* v, real* buffer, Shape s, Py_ssize_t at, double width, double limit, real eps, bint rooted,
    real enter, real* hold, double* sums
) noexcept nogil:
    """The group ``at``, brought together where it does not lie so."""
    cdef Py_ssize_t n = s.outer * s.inner, padded = lanes(n), r, k, first = at * s.inner
    cdef real* x = hold + 2 * padded + 4 * LANES
    cdef real* e = x + padded
    if s.outer == 1 and padded == n:
        solve(
            w + first, v + first, buffer + first if buffer != NULL else NULL, n // LANES, LANES, LANES, True, width,
            limit, eps, rooted, enter, hold, sums
        )
        return
    for r in range(s.outer):
        first = (r * s.groups + at) * s.inner
        memcpy(x + r * s.inner, w + first, s.inner * sizeof(real))
        memcpy(e + r * s.inner, v + first, s.inner * sizeof(real))
    for k in range(n, padded):      # these add nothing
        x[k], e[k] = 0, e[0]
    solve(x, e, <real*> NULL, padded // LANES, LANES, LANES, True, width, limit, eps, rooted, enter, hold, sums)
    for r in range(s.outer):
        first = (r * s.groups + at) * s.inner
        if buffer != NULL:
            for k in range(s.inner):
                buffer[first + k] += enter * (w[first + k] - x[r * s.inner + k])
        memcpy(w + first, x + r * s.inner, s.inner * sizeof(real))


# -- what Python calls ---------------------------------------------------------------------------------------------
cdef Shape shape_of(tuple sizes, Py_ssize_t n) except *:
    cdef Shape s
    s.outer, s.groups, s.inner = sizes
    if s.outer < 0 or s.groups < 0 or s.inner < 0 or s.outer * s.groups * s.inner != n:
        raise ValueError(f"{sizes} does not fit an array of {n}.")
    return s


def step(
    real[::1] w, tuple sizes, double width, double limit, const real[::1] v=None, double eps=0.0, bint rooted=True,
    real[::1] buffer=None, double enter=0.0,
):
    """w becomes argmin ½ Σ (xᵢ − wᵢ)²/tᵢ + limit Σ‖x_g‖, in place; ``sizes`` are (outer, groups, inner).

    t is ``width``, or with ``v`` width/(√v + eps), or without the root where it is not ``rooted``.
    ``buffer`` takes up enter·(w before − w after).
    """
    cdef Py_ssize_t n = w.shape[0], at = 0, count, room
    cdef Shape s = shape_of(sizes, n)
    cdef const real* metric = NULL
    cdef real* kept = NULL
    cdef real* hold
    cdef double* sums
    if (v is not None and v.shape[0] != n) or (buffer is not None and buffer.shape[0] != n):
        raise ValueError(f"step needs arrays of one length, {n}.")
    if n == 0:
        return
    if v is not None:
        metric = &v[0]
    if buffer is not None:
        kept = &buffer[0]
    count = together(s) if metric != NULL else s.groups
    if metric == NULL:
        room = 2 * count
    elif s.inner == 1:
        room = 2 * s.outer * count + 4 * count
    else:
        room = 4 * lanes(s.outer * s.inner) + 4 * LANES
    hold = <real*> malloc(room * sizeof(real))
    sums = <double*> malloc(2 * max(count, LANES) * sizeof(double))
    if hold == NULL or sums == NULL:
        free(hold)
        free(sums)
        raise MemoryError
    with nogil:
        if metric == NULL:
            squares(&w[0], s, sums)
            shares(sums, count, width * limit, hold, hold + count)
            if kept != NULL:
                plus(kept, <const real*> &w[0], hold + count, s, <real> enter)
            times(&w[0], <const real*> &w[0], hold, s)
            at = s.groups
        while at < s.groups:
            count = min(count, s.groups - at)
            if s.inner == 1:
                solve(
                    &w[at], metric + at, kept + at if kept != NULL else NULL, s.outer, count, s.groups, False, width,
                    limit, <real> eps, rooted, <real> enter, hold, sums
                )
            else:
                solve_group(
                    &w[0], metric, kept, s, at, width, limit, <real> eps, rooted, <real> enter, hold, sums
                )
            at += count
    free(hold)
    free(sums)


def shrunk(real[::1] out, const real[::1] z, tuple sizes, double width):
    """out becomes what `step` makes of z with this ``width`` and a limit of 1."""
    _apart(out, z, sizes, width, 0.0, False)


def add_cut(real[::1] out, const real[::1] z, tuple sizes, double width, double force):
    """out += force·(z − x), where x is what `step` makes of z with this ``width`` and a limit of 1."""
    _apart(out, z, sizes, width, force, True)


cdef int _apart(real[::1] out, const real[::1] z, tuple sizes, double width, double force, bint cut) except -1:
    """What is left of z into ``out``, or what is ``cut`` added to it."""
    cdef Py_ssize_t n = z.shape[0]
    cdef Shape s = shape_of(sizes, n)
    cdef real* hold
    cdef double* sums
    if out.shape[0] != n:
        raise ValueError(f"two arrays of one length are needed, {n}.")
    if n == 0:
        return 0
    hold = <real*> malloc(2 * s.groups * sizeof(real))
    sums = <double*> malloc(s.groups * sizeof(double))
    if hold == NULL or sums == NULL:
        free(hold)
        free(sums)
        raise MemoryError
    with nogil:
        squares(&z[0], s, sums)
        shares(sums, s.groups, width, hold, hold + s.groups)
        if cut:
            plus(&out[0], &z[0], hold + s.groups, s, <real> force)
        else:
            times(&out[0], &z[0], hold, s)
    free(hold)
    free(sums)
    return 0
