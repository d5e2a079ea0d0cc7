# A step of groups in a diagonal metric. Included by shrink_groups.pyx.
#
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
