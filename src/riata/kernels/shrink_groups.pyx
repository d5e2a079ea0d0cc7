# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Proximal steps of limit·Σ‖w_g‖ over the slices of an array along one axis, and what they take away.

The array is seen as (outer, groups, inner), in C order: columns of a matrix have inner = 1, rows have outer = 1. Sums
are made in double precision.

    minimise over x   ½ Σ (xᵢ − wᵢ)²/tᵢ + limit‖x‖,      x = w·max(0, 1 − t·limit/‖w‖) where t is a number

In a diagonal metric the root of a secular equation is found by Newton's method as in riata.torch.newton, in the same
number of steps.
"""

from libc.math cimport INFINITY, sqrt, sqrtf
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy

cdef enum:
    ROOM = 1 << 18      # entries of columns that are copied together: each row of them lies on another page
    LINE = 16           # neighbouring columns at least: a line of cache
    LANES = 16          # sums along a run that are made side by side
    STEPS = 4           # of Newton's method

ctypedef fused real:
    float
    double

cdef struct Shape:
    Py_ssize_t outer
    Py_ssize_t groups
    Py_ssize_t inner


cdef inline real root(real x) noexcept nogil:
    return sqrtf(x) if real is float else sqrt(x)


cdef inline real sound(real x) noexcept nogil:
    """x, but no less than the smallest normal number and no more than the largest: 1/x is a number. NaN stays."""
    cdef real low = 1.17549435e-38 if real is float else 2.2250738585072014e-308
    cdef real high = 3.40282347e38 if real is float else 1.7976931348623157e308
    return low if x < low else (high if x > high else x)


cdef inline Py_ssize_t lanes(Py_ssize_t n) noexcept nogil:
    """n, rounded up to whole sums side by side."""
    return (n + LANES - 1) // LANES * LANES


cdef Py_ssize_t together(Shape s) noexcept nogil:
    """How many columns are copied together."""
    cdef Py_ssize_t most = ROOM // max(s.outer, 1)
    return min(s.groups, max(most, LINE)) if s.inner == 1 else 1


# -- sums over the groups of a block -------------------------------------------------------------------------------
cdef inline double run_of_squares(const real* x, Py_ssize_t n) noexcept nogil:
    cdef double[LANES] part
    cdef double total = 0.0
    cdef Py_ssize_t i, k
    for k in range(LANES):
        part[k] = 0.0
    i = 0
    while i + LANES <= n:
        for k in range(LANES):
            part[k] += <double> x[i + k] * x[i + k]
        i += LANES
    for k in range(LANES):
        total += part[k]
    while i < n:
        total += <double> x[i] * x[i]
        i += 1
    return total


cdef void squares(const real* x, Shape s, double* total) noexcept nogil:
    """total_g = Σ x² over every group."""
    cdef Py_ssize_t r, g
    cdef const real* row
    for g in range(s.groups):
        total[g] = 0.0
    for r in range(s.outer):
        row = x + r * s.groups * s.inner
        if s.inner == 1:
            for g in range(s.groups):
                total[g] += <double> row[g] * row[g]
        else:
            for g in range(s.groups):
                total[g] += run_of_squares(row + g * s.inner, s.inner)


# -- a scalar step -------------------------------------------------------------------------------------------------
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


cdef void times(real* w, real* buffer, const real* left, const real* cut, Shape s, real enter) noexcept nogil:
    """w is what is left; ``buffer`` takes up enter times what is cut."""
    cdef Py_ssize_t r, g, k
    cdef real keep, take
    for r in range(s.outer):
        if s.inner == 1:
            if buffer != NULL:
                for g in range(s.groups):
                    buffer[g] += enter * (w[g] * cut[g])
            for g in range(s.groups):
                w[g] = w[g] * left[g] + 0
        else:
            for g in range(s.groups):
                keep, take = left[g], enter * cut[g]
                if buffer != NULL:
                    for k in range(g * s.inner, (g + 1) * s.inner):
                        buffer[k] += take * w[k]
                for k in range(g * s.inner, (g + 1) * s.inner):
                    w[k] = w[k] * keep + 0
        w += s.groups * s.inner
        if buffer != NULL:
            buffer += s.groups * s.inner


cdef void plus(real* out, const real* z, const real* cut, Shape s, real force) noexcept nogil:
    """out += force times what is cut of z."""
    cdef Py_ssize_t r, g, k
    cdef real take
    for r in range(s.outer):
        if s.inner == 1:
            for g in range(s.groups):
                out[g] += force * (z[g] * cut[g])
        else:
            for g in range(s.groups):
                take = force * cut[g]
                for k in range(g * s.inner, (g + 1) * s.inner):
                    out[k] += take * z[k]
        out += s.groups * s.inner
        z += s.groups * s.inner


# -- a step in a diagonal metric -----------------------------------------------------------------------------------
# With s = √v + eps and its smallest s₀ in the group: d = s/s₀, a = d∘w, and limit·width/s₀ in place of the limit. Then
# φ(θ) = Σ (a/(dθ + limit))² = 1 at θ = ‖x‖, and 0 is the answer where ‖a‖ ≤ limit.
cdef inline void scales(real* d, const real* v, Py_ssize_t n, real eps, bint rooted) noexcept nogil:
    """d = √v + eps, or without the root."""
    cdef Py_ssize_t k
    for k in range(n):
        d[k] = sound((root(v[k]) if rooted else v[k]) + eps)


cdef inline double newton(double theta, double phi, double slope) noexcept nogil:
    """One step towards φ^(−½) = 1, from below; a θ that is not positive says that the group is zero, and stays."""
    return theta if theta <= 0.0 else theta + (sqrt(phi) - 1.0) * phi / slope


cdef void solve_columns(
    real* w, const real* v, real* buffer, Shape s, Py_ssize_t at, Py_ssize_t count, double width, double limit,
    real eps, bint rooted, real enter, real* a, real* d, real* theta, real* bound, double* phi, double* slope
) noexcept nogil:
    """Columns ``at`` … ``at + count`` side by side; a and d are (outer, count)."""
    cdef Py_ssize_t r, g, turn
    cdef real over, ratio, new
    cdef real* x
    cdef real* e
    for g in range(count):
        theta[g], bound[g] = INFINITY, 0
    for r in range(s.outer):
        x = d + r * count
        scales(x, v + r * s.groups + at, count, eps, rooted)
        for g in range(count):
            theta[g] = x[g] if x[g] < theta[g] else theta[g]
            bound[g] = x[g] if x[g] > bound[g] else bound[g]
    for g in range(count):
        slope[g] = bound[g] / theta[g]      # the largest d
        bound[g] = <real> (width / theta[g] * limit)
        theta[g] = 1 / theta[g]
        phi[g] = 0.0
    for r in range(s.outer):
        x, e = d + r * count, a + r * count
        for g in range(count):
            x[g] *= theta[g]
            e[g] = x[g] * w[r * s.groups + at + g]
            phi[g] += <double> e[g] * e[g]
    for g in range(count):
        theta[g] = <real> ((sqrt(phi[g]) - bound[g]) / slope[g])
    for turn in range(STEPS):
        for g in range(count):
            phi[g] = slope[g] = 0.0
        for r in range(s.outer):
            x, e = d + r * count, a + r * count
            for g in range(count):
                over = 1 / sound(x[g] * theta[g] + bound[g])
                ratio = e[g] * over
                ratio = ratio * ratio
                phi[g] += ratio
                slope[g] += ratio * (x[g] * over)
        for g in range(count):
            theta[g] = <real> newton(theta[g], phi[g], slope[g])
    for g in range(count):      # 0·a/(0·d + 1) is the zero that is wanted
        if theta[g] <= 0:
            theta[g], bound[g] = 0, 1
    for r in range(s.outer):
        x, e = d + r * count, a + r * count
        for g in range(count):
            e[g] = e[g] * theta[g] / (x[g] * theta[g] + bound[g]) + 0
        x = w + r * s.groups + at
        if buffer != NULL:
            for g in range(count):
                buffer[r * s.groups + at + g] += enter * (x[g] - e[g])
        for g in range(count):
            x[g] = e[g]


cdef void solve_group(
    real* w, const real* v, real* buffer, Shape s, Py_ssize_t at, double width, double limit, real eps, bint rooted,
    real enter, real* a, real* d
) noexcept nogil:
    """The group ``at``, brought together in a and d."""
    cdef Py_ssize_t r, k, i, turn, n = s.outer * s.inner, padded = lanes(n), first
    cdef double[LANES] one
    cdef double[LANES] two
    cdef double phi, slope
    cdef real low = INFINITY, high = 0, theta, bound, over, ratio
    for r in range(s.outer):
        first = (r * s.groups + at) * s.inner
        scales(d + r * s.inner, v + first, s.inner, eps, rooted)
        memcpy(a + r * s.inner, w + first, s.inner * sizeof(real))
    for k in range(n):
        low = d[k] if d[k] < low else low
        high = d[k] if d[k] > high else high
    bound = <real> (width / low * limit)
    over = 1 / low
    for k in range(n):
        d[k] *= over
        a[k] *= d[k]
    for k in range(n, padded):      # these add nothing
        a[k], d[k] = 0, 1
    theta = <real> ((sqrt(run_of_squares(a, n)) - bound) / (high / low))
    for turn in range(STEPS):
        if theta <= 0:
            break
        for k in range(LANES):
            one[k] = two[k] = 0.0
        i = 0
        while i < padded:
            for k in range(LANES):
                over = 1 / sound(d[i + k] * theta + bound)
                ratio = a[i + k] * over
                ratio = ratio * ratio
                one[k] += ratio
                two[k] += ratio * (d[i + k] * over)
            i += LANES
        phi = slope = 0.0
        for k in range(LANES):
            phi += one[k]
            slope += two[k]
        theta = <real> newton(theta, phi, slope)
    if theta <= 0:
        theta, bound = 0, 1
    for k in range(n):
        a[k] = a[k] * theta / (d[k] * theta + bound) + 0
    for r in range(s.outer):
        first = (r * s.groups + at) * s.inner
        if buffer != NULL:
            for k in range(s.inner):
                buffer[first + k] += enter * (w[first + k] - a[r * s.inner + k])
        memcpy(w + first, a + r * s.inner, s.inner * sizeof(real))


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
    room = lanes(s.outer * s.inner * count) if metric != NULL else 0
    hold = <real*> malloc((2 * room + 2 * count) * sizeof(real))
    sums = <double*> malloc(2 * count * sizeof(double))
    if hold == NULL or sums == NULL:
        free(hold)
        free(sums)
        raise MemoryError
    with nogil:
        if metric == NULL:
            squares(&w[0], s, sums)
            shares(sums, count, width * limit, hold, hold + count)
            times(&w[0], kept, hold, hold + count, s, <real> enter)
            at = s.groups
        while at < s.groups:
            count = min(count, s.groups - at)
            if s.inner == 1:
                solve_columns(
                    &w[0], metric, kept, s, at, count, width, limit, <real> eps, rooted, <real> enter, hold,
                    hold + room, hold + 2 * room, hold + 2 * room + count, sums, sums + count
                )
            else:
                solve_group(
                    &w[0], metric, kept, s, at, width, limit, <real> eps, rooted, <real> enter, hold, hold + room
                )
            at += count
    free(hold)
    free(sums)


def add_cut(real[::1] out, const real[::1] z, tuple sizes, double width, double force):
    """out += force·(z − x), where x is what `step` makes of z with this ``width`` and a limit of 1."""
    cdef Py_ssize_t n = z.shape[0]
    cdef Shape s = shape_of(sizes, n)
    cdef real* hold
    cdef double* sums
    if out.shape[0] != n:
        raise ValueError(f"add_cut needs arrays of one length, {n}.")
    if n == 0:
        return
    hold = <real*> malloc(2 * s.groups * sizeof(real))
    sums = <double*> malloc(s.groups * sizeof(double))
    if hold == NULL or sums == NULL:
        free(hold)
        free(sums)
        raise MemoryError
    with nogil:
        squares(&z[0], s, sums)
        shares(sums, s.groups, width, hold, hold + s.groups)
        plus(&out[0], &z[0], hold + s.groups, s, <real> force)
    free(hold)
    free(sums)
