# Sign steps: the exact solution on a support with its signs, and the way to independent columns. Included by gram.pyx.

cdef void make_image(Quadratic* p, Space* w, double* v, double* out) noexcept nogil:
    """out = G[:, A] v over all coordinates."""
    cdef int i, j, one = 1
    cdef const double* column
    cdef double plus = 1.0, zero = 0.0
    cdef char lower_part = b'L'
    memset(out, 0, p.m * sizeof(double))
    if p.m <= FEW:
        for i in range(w.a):
            column = p.G + <size_t> w.order[i] * p.ld
            for j in range(p.m):
                out[j] += column[j] * v[i]
        return
    if 2 * w.a > p.m:           # most of G is read: half of it is enough
        for i in range(p.m):
            w.t[i] = 0.0
        for i in range(w.a):
            w.t[w.order[i]] = v[i]
        dsymv(&lower_part, &p.m, &plus, p.G, &p.ld, w.t, &one, &zero, out, &one)
        return
    for i in range(w.a):
        if v[i] != 0.0:
            daxpy(&p.m, v + i, p.G + <size_t> w.order[i] * p.ld, &one, out, &one)


cdef double left_over(Quadratic* p, Space* w) noexcept nogil:
    """e = g − (G_AA + l2) d, with the image G[:, A] d; the largest entry relative to the largest of g."""
    cdef int i
    cdef double off = 0.0, size = 1e-300
    make_image(p, w, w.d, w.image)
    for i in range(w.a):
        w.e[i] = w.g[i] - w.image[w.order[i]] - w.ridge[i] * w.d[i]
        off = max(off, fabs(w.e[i]))
        size = max(size, fabs(w.g[i]))
    return off / size


cdef double direction_by_factor(Quadratic* p, Space* w) noexcept nogil:
    """d = (G_AA + l2)⁻¹ g with steps of iterative refinement, and its image; what is left over, relative to g."""
    cdef int a = w.a, turn, i
    cdef double off = INFINITY
    memcpy(w.d, w.g, a * sizeof(double))
    factor_solve(w, w.d)
    for turn in range(4):
        off = left_over(p, w)
        if off <= 1e-11 or turn == 3:
            break
        factor_solve(w, w.e)
        for i in range(a):
            w.d[i] += w.e[i]
    return off


cdef void newton_direction(Quadratic* p, Space* w) noexcept nogil:
    """The direction and its image G[:, A] d. A factor that refinement cannot save is built anew, then with a ridge."""
    cdef int i, count = w.a
    while True:
        if direction_by_factor(p, w) <= 1e-9 or (w.lifted and not w.updated):
            return
        for i in range(count):
            w.listed[i] = w.order[i]
            w.image[w.order[i]] = w.g[i]
        factor_build(p, w, w.listed, count, w.updated)
        for i in range(count):
            w.g[i] = w.image[w.order[i]]


cdef int drop_wrong_way(Space* w) noexcept nogil:
    """Take out entering coordinates whose direction contradicts the sign they enter with; how many."""
    cdef int i, j, count = 0
    for i in range(w.a - 1, -1, -1):
        j = w.order[i]
        if w.enter[j] != 0 and w.enter[j] * w.d[i] <= 0.0:
            w.enter[j] = 0
            factor_remove(w, i)
            count += 1
    return count


cdef double first_stop(Quadratic* p, Space* w, int* which) noexcept nogil:
    """The largest t ≤ 1 for which u + td keeps every sign and bound, and the position that stops it (or -1)."""
    cdef int i, j
    cdef double t, u, d, best = 1.0
    which[0] = -1
    for i in range(w.a):
        j = w.order[i]
        u = p.u[j]
        d = w.d[i]
        t = INFINITY
        if u != 0.0 and w.s[i] * (u + d) < 0.0 and p.l1[j] > 0.0:
            t = -u / d
        if u + d > p.up[j]:
            t = min(t, (p.up[j] - u) / d)
        if u + d < p.lo[j]:
            t = min(t, (p.lo[j] - u) / d)
        if t < best:
            best = t
            which[0] = i
    return best


cdef inline double landed(Quadratic* p, double s, int j, double x) noexcept nogil:
    """Where a coordinate may land inside its orthant and its box."""
    if p.l1[j] > 0.0 and s * x < 0.0:
        return 0.0
    return clip(x, p.lo[j], p.up[j])


cdef void take_step(Quadratic* p, Space* w, double t, int which) noexcept nogil:
    """Move along d: whole, to the first stop, or projected onto the orthant where that lowers the objective more."""
    cdef int i, j, one = 1
    cdef double gd = 0.0, ge = 0.0, curve = 0.0, minus, delta
    if which >= 0:
        memcpy(w.t, w.image, p.m * sizeof(double))
        for i in range(w.a):
            j = w.order[i]
            w.e[i] = landed(p, w.s[i], j, p.u[j] + w.d[i]) - p.u[j]
            delta = w.e[i] - w.d[i]
            if delta != 0.0:
                daxpy(&p.m, &delta, p.G + <size_t> j * p.ld, &one, w.t, &one)
            gd += w.g[i] * w.d[i]
            ge += w.g[i] * w.e[i]
        for i in range(w.a):
            curve += w.e[i] * (w.t[w.order[i]] + w.ridge[i] * w.e[i])
        if ge - 0.5 * curve > t * (1.0 - 0.5 * t) * gd:
            memcpy(w.image, w.t, p.m * sizeof(double))
        else:
            for i in range(w.a):
                w.e[i] = t * w.d[i]
            for j in range(p.m):
                w.image[j] *= t
            j = w.order[which]
            # land exactly: rounding must not leave a coordinate a hair off zero or off its bound
            w.e[which] = (0.0 if w.s[which] * (p.u[j] + w.d[which]) < 0.0 and p.l1[j] > 0.0
                          else (p.up[j] if w.d[which] > 0.0 else p.lo[j])) - p.u[j]
    else:
        memcpy(w.e, w.d, w.a * sizeof(double))
    for i in range(w.a):
        j = w.order[i]
        p.u[j] = 0.0 if w.e[i] == -p.u[j] else clip(p.u[j] + w.e[i], p.lo[j], p.up[j])
    minus = -1.0
    daxpy(&p.m, &minus, w.image, &one, p.c, &one)


cdef int sign_step(Quadratic* p, Space* w) noexcept nogil:
    """Solve on the support with its signs, dropping what reaches zero or a bound. Entering coordinates in w.enter.

    Returns 1 when the last step was whole (the support is optimal), 0 when it ran out of patience.
    """
    cdef int i, j, which = -1, turns, patience
    cdef double t
    w.moves += 1
    factor_sync(p, w)
    patience = 20 + w.a
    for turns in range(patience):
        if w.a == 0:
            return 1
        for i in range(w.a):
            j = w.order[i]
            w.s[i] = (1.0 if p.u[j] > 0.0 else -1.0) if p.u[j] != 0.0 else <double> w.enter[j]
            w.g[i] = p.c[j] - p.l2[j] * p.u[j] - p.l1[j] * w.s[i]
        newton_direction(p, w)
        if drop_wrong_way(w) > 0:
            continue
        t = first_stop(p, w, &which)
        take_step(p, w, t, which)
        enter_none(p, w.enter)
        if which < 0:
            return 1
        w.moves += 1
        factor_sync(p, w)           # the support that is left
    return 0


cdef int null_direction(Quadratic* p, Space* w) noexcept nogil:
    """d with (G_AA + l2) d = 0 to rounding, by inverse iteration on the smallest pivot; 1 when there is one."""
    cdef int i, k = 0, a = w.a, ld = w.cap
    cdef double low = INFINITY, pivot, top = 0.0, off
    for i in range(a):
        pivot = w.L[<size_t> i * ld + i] * w.L[<size_t> i * ld + i]
        pivot /= p.G[<size_t> w.order[i] * p.ld + w.order[i]] + p.l2[w.order[i]] + 1e-300
        if pivot < low:
            low = pivot
            k = i
    memset(w.d, 0, a * sizeof(double))
    w.d[k] = 1.0
    factor_solve(w, w.d)
    for i in range(a):
        top = max(top, fabs(w.d[i]))
    for i in range(a):
        w.d[i] /= top
        w.g[i] = 0.0
    left_over(p, w)
    off = 0.0
    for i in range(a):
        off = max(off, fabs(w.e[i]))
    return off <= 1e-9


cdef int shift_to_zero(Quadratic* p, Space* w) noexcept nogil:
    """Walk along a null direction to the first coordinate that reaches zero; its position, or -1 where none may."""
    cdef int i, j, k = -1
    cdef double t, best = INFINITY, tilt = 0.0, size = 0.0
    for i in range(w.a):
        j = w.order[i]
        tilt += (p.l1[j] if p.u[j] > 0.0 else -p.l1[j]) * w.d[i]
        size += p.l1[j] * fabs(w.d[i])
        t = -p.u[j] / w.d[i] if w.d[i] != 0.0 else INFINITY
        if fabs(t) < fabs(best) and p.l1[j] > 0.0:
            best = t
            k = i
    if k < 0 or fabs(tilt) > 1e-8 * size:
        return -1
    for i in range(w.a):
        j = w.order[i]
        t = p.u[j] + best * w.d[i]
        if t < p.lo[j] or t > p.up[j]:
            return -1
    for i in range(w.a):
        p.u[w.order[i]] += best * w.d[i]
    p.u[w.order[k]] = 0.0
    for j in range(p.m):
        p.c[j] -= best * w.image[j]
    return k


cdef void thin(Quadratic* p, Space* w) noexcept nogil:
    """Where columns of the support are dependent, move among the solutions to one with independent columns.

    Along a null direction of G_AA neither the fit nor the L1 norm changes, so the walk to the first zero keeps the
    minimum. Two levels of a factor that sum to the intercept are then one coefficient, not two that share it.
    """
    cdef int i, k, count, tries
    enter_none(p, w.enter)
    factor_sync(p, w)
    for tries in range(2 * w.a):
        if w.a == 0 or not w.lifted:
            return
        if not null_direction(p, w):
            if not w.updated:
                return
            count = w.a
            for i in range(count):
                w.listed[i] = w.order[i]
            factor_build(p, w, w.listed, count, 1)
            continue
        k = shift_to_zero(p, w)
        if k < 0:
            return
        factor_remove(w, k)
