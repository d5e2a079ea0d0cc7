# The duality gap on a working set, from correlations. Included by gram.pyx.

cdef double conjugate(double z, double l1, double l2, double lo, double up) noexcept nogil:
    """h*(z) for h(u) = l1|u| + ½ l2 u² on [lo, up]; infinite where the supremum is."""
    cdef double over = fabs(z) - l1, edge = up if z > 0.0 else -lo, best
    if over <= 0.0 or edge <= 0.0:
        return 0.0
    if l2 <= 0.0:
        return INFINITY if edge == INFINITY else edge * over
    best = over / l2
    if best > edge:
        best = edge
    return best * over - 0.5 * l2 * best * best


cdef inline int is_projected(Quadratic* p, int j) noexcept nogil:
    """Unpenalised coordinates, whose columns the dual point must be orthogonal to; not those held by a bound."""
    if p.l1[j] != 0.0 or p.l2[j] > NO_RIDGE:
        return 0
    if p.u[j] <= p.lo[j] and p.c[j] < -1e-10:
        return 0
    return not (p.u[j] >= p.up[j] and p.c[j] > 1e-10)


cdef double gap_at(Quadratic* p, double* c, double rr, double lost) noexcept nogil:
    """Duality gap from the correlations c = X'r: Fenchel–Young sums, the better of two dual points.

    ``rr`` is ‖r‖² of the residual used, ``lost`` the squared norm that projecting off unpenalised columns removed.
    Dual point r itself (finite where h* is), and s·(r, −√l2 u) of the augmented problem with s ≤ 1 so that it is
    feasible: gap = ½(1−s)²‖·‖² + Σ h(u) + h*(s c̃) − s u c̃.
    """
    cdef int j
    cdef double plain = 0.5 * lost, aug, s = 1.0, ct, z, u, edge, rru = rr, v
    for j in range(p.m):
        u = p.u[j]
        if p.l1[j] == INFINITY:
            continue
        if is_projected(p, j):
            plain += 0.5 * p.l2[j] * u * u
            continue
        plain += p.l1[j] * fabs(u) + 0.5 * p.l2[j] * u * u - u * c[j] \
            + conjugate(c[j], p.l1[j], p.l2[j], p.lo[j], p.up[j])
        ct = c[j] - p.l2[j] * u
        rru += p.l2[j] * u * u
        edge = p.up[j] if ct > 0.0 else -p.lo[j]
        if edge == INFINITY and fabs(ct) * s > p.l1[j]:
            s = p.l1[j] / fabs(ct)
    aug = 0.5 * (1.0 - s) * (1.0 - s) * rru + 0.5 * lost
    for j in range(p.m):
        u = p.u[j]
        if p.l1[j] == INFINITY:
            continue
        if is_projected(p, j):
            aug += 0.5 * p.l2[j] * u * u
            continue
        z = s * (c[j] - p.l2[j] * u)
        v = fabs(z) - p.l1[j]
        edge = p.up[j] if z > 0.0 else -p.lo[j]
        aug += p.l1[j] * fabs(u) - u * z
        if v > 0.0 and edge > 0.0 and edge < INFINITY:
            aug += edge * v
    aug = aug if aug < plain else plain
    return aug if aug > 0.0 else 0.0


cdef double project(Quadratic* p, Space* w, double* out) noexcept nogil:
    """Correlations after the dual point was made orthogonal to unpenalised columns; the squared norm that took."""
    cdef int i, j, k, a = 0, one = 1, info = 0
    cdef double lost = 0.0, minus
    cdef double* H
    cdef char lower_part = b'L'
    memcpy(out, p.c, p.m * sizeof(double))
    for j in range(p.m):
        if is_projected(p, j):
            w.listed[a] = j
            w.g[a] = p.c[j]
            a += 1
    if a == 0:
        return 0.0
    H = <double*> malloc(<size_t> a * a * sizeof(double))
    for i in range(a):
        for k in range(i, a):
            H[<size_t> i * a + k] = p.G[<size_t> w.listed[i] * p.ld + w.listed[k]]
        H[<size_t> i * a + i] *= 1.0 + RIDGE
    dpotrf(&lower_part, &a, H, &a, &info)
    memcpy(w.d, w.g, a * sizeof(double))
    if info == 0:
        dpotrs(&lower_part, &a, &one, H, &a, w.d, &a, &info)
    free(H)
    for i in range(a):
        lost += w.g[i] * w.d[i]
        minus = -w.d[i]
        daxpy(&p.m, &minus, p.G + <size_t> w.listed[i] * p.ld, &one, out, &one)
    return lost if lost > 0.0 else 0.0


cdef double gap_of(Quadratic* p, Space* w, double rr) noexcept nogil:
    """Duality gap on these coordinates; unpenalised ones are projected off the dual point first."""
    cdef double lost = project(p, w, w.t)
    return gap_at(p, w.t, rr - lost if rr > lost else 0.0, lost)
