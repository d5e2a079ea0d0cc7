# The problem, the memory of its solver, and what coordinate descent needs. Included by gram.pyx.

cdef struct Quadratic:
    int m            # coordinates in use
    int ld           # leading dimension of G
    double* G        # (ld, m) column-major, symmetric
    double* u        # coefficients
    double* c        # q − Gu
    double* l1
    double* l2
    double* lo
    double* up


cdef struct Space:
    int cap          # coordinates there is room for; leading dimension of L
    int* listed      # coordinates that descent visits
    int* enter       # 0, or the direction (+1, -1) in which a coordinate enters
    int* order       # the coordinates of the factor, in its order
    int* place       # where a coordinate stands in the factor, or -1
    int a            # size of the factor
    int lifted       # whether a pivot had to be lifted off zero
    int stubborn     # whether descent last gave up before its goal
    int updated      # whether the factor was updated since it was built
    int moves        # steps that c has followed since it was computed afresh
    int built        # factors made from scratch
    int hinted       # whether enter holds a guess of what enters
    double* L        # (cap, cap) lower Cholesky factor of G_AA + l2
    double* ridge    # l2 of each coordinate when it was factored
    double* g        # gradient on the factor's coordinates
    double* d        # direction
    double* e        # step
    double* s        # signs
    double* image    # G[:, A] d
    double* t        # scratch


cdef int space_make(Space* w, int m) noexcept nogil:
    cdef size_t n = m if m > 0 else 1, i
    w.cap = <int> n
    w.a = 0
    w.lifted = 0
    w.updated = 0
    w.stubborn = 0
    w.moves = 0
    w.built = 0
    w.hinted = 0
    w.listed = <int*> malloc(4 * n * sizeof(int))
    w.L = <double*> malloc((n * n + 7 * n) * sizeof(double))
    if w.listed == NULL or w.L == NULL:
        free(w.listed)
        free(w.L)
        return -1
    w.enter = w.listed + n
    w.order = w.listed + 2 * n
    w.place = w.listed + 3 * n
    w.ridge = w.L + n * n
    w.g = w.ridge + n
    w.d = w.g + n
    w.e = w.d + n
    w.s = w.e + n
    w.image = w.s + n
    w.t = w.image + n
    for i in range(n):
        w.place[i] = -1
    return 0


cdef void space_free(Space* w) noexcept nogil:
    free(w.listed)
    free(w.L)


cdef int space_grow(Space* w, int m) noexcept nogil:
    """Room for m coordinates; the factor is kept."""
    cdef Space old = w[0]
    cdef int i
    if m <= old.cap:
        return 0
    if space_make(w, max(m, old.cap + (old.cap // 2 if old.cap < 512 else old.cap // 8))) < 0:
        w[0] = old
        return -1
    w.a, w.lifted, w.updated = old.a, old.lifted, old.updated
    w.stubborn, w.moves, w.built, w.hinted = old.stubborn, old.moves, old.built, old.hinted
    for i in range(old.a):
        w.order[i] = old.order[i]
        w.place[old.order[i]] = i
        w.ridge[i] = old.ridge[i]
        memcpy(w.L + <size_t> i * w.cap, old.L + <size_t> i * old.cap, old.a * sizeof(double))
    space_free(&old)
    return 0


cdef inline double clip(double x, double lo, double up) noexcept nogil:
    return lo if x < lo else (up if x > up else x)


cdef inline double soft(double z, double l1) noexcept nogil:
    if z > l1:
        return z - l1
    if z < -l1:
        return z + l1
    return 0.0


cdef inline int wants(Quadratic* p, int j, double slack) noexcept nogil:
    """The direction in which a coordinate at zero or at a bound would lower the objective, else 0."""
    cdef double u = p.u[j], c = p.c[j], g
    cdef double edge = p.l1[j] + slack * (p.l1[j] + 1e-4)
    if u == 0.0:
        if c > edge and p.up[j] > 0.0:
            return 1
        if c < -edge and p.lo[j] < 0.0:
            return -1
        return 0
    g = c - p.l2[j] * u - (p.l1[j] if u > 0.0 else -p.l1[j])
    if u >= p.up[j] and g < -slack * (p.l1[j] + 1e-4):
        return -1
    if u <= p.lo[j] and g > slack * (p.l1[j] + 1e-4):
        return 1
    return 0


cdef inline int is_free(Quadratic* p, int j) noexcept nogil:
    return p.u[j] != 0.0 and p.lo[j] < p.u[j] and p.u[j] < p.up[j]


cdef int violators(Quadratic* p, double slack, int* enter) noexcept nogil:
    """Mark every coordinate that wants to move off zero or off a bound; their number."""
    cdef int j, count = 0
    for j in range(p.m):
        enter[j] = wants(p, j, slack)
        count += enter[j] != 0
    return count


cdef void keep_largest(Quadratic* p, int* enter, int keep) noexcept nogil:
    """Of the marked coordinates leave only the one with the largest violation (keep = 1) or all."""
    cdef int j, best = -1
    cdef double v, top = -1.0
    if keep != 1:
        return
    for j in range(p.m):
        if enter[j] != 0:
            v = fabs(p.c[j]) - p.l1[j] if p.u[j] == 0.0 else fabs(p.c[j])
            if v > top:
                top = v
                best = j
    for j in range(p.m):
        if j != best:
            enter[j] = 0


cdef double descend(Quadratic* p, int* listed, int count) noexcept nogil:
    """One epoch of coordinate descent over the listed coordinates; the largest decrease-like change δ²."""
    cdef int i, j, one = 1
    cdef double old, new, gjj, delta, top = 0.0
    for i in range(count):
        j = listed[i]
        gjj = p.G[<size_t> j * p.ld + j]
        if gjj + p.l2[j] <= 0.0:
            continue
        old = p.u[j]
        # u_j ← clip( S(c_j + G_jj u_j, l1_j) / (G_jj + l2_j) )
        new = clip(soft(p.c[j] + gjj * old, p.l1[j]) / (gjj + p.l2[j]), p.lo[j], p.up[j])
        delta = old - new
        if delta != 0.0:
            p.u[j] = new
            daxpy(&p.m, &delta, p.G + <size_t> j * p.ld, &one, p.c, &one)   # c ← c − G_j (new − old)
            if gjj * delta * delta > top:
                top = gjj * delta * delta
    return top


cdef void enter_none(Quadratic* p, int* enter) noexcept nogil:
    cdef int j
    for j in range(p.m):
        enter[j] = 0
