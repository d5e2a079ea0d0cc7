# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The quadratic L1 problem on a Gram matrix, solved exactly: coordinate descent finds signs, sign steps finish.

    minimise over u   ½ u'Gu − q'u + Σ l1ⱼ|uⱼ| + ½ Σ l2ⱼ uⱼ²    subject to  loⱼ ≤ uⱼ ≤ upⱼ,  lo ≤ 0 ≤ up

The gradient enters as c = q − Gu, which every routine here keeps in step with u. Sign steps are feature-sign search
(Lee, Battle, Raina & Ng 2007): solve the smooth problem with the present signs, walk to the first coordinate that
reaches zero or a bound, drop it, repeat; when the support is optimal, let violators in.
"""

from libc.math cimport fabs, hypot, sqrt, INFINITY
from libc.stdlib cimport malloc, free
from libc.string cimport memcpy, memmove, memset
from scipy.linalg.cython_blas cimport daxpy, ddot, dgemv, drot, dtrsv
from scipy.linalg.cython_lapack cimport dpotrf, dpotrs

# Above this support a Cholesky factor is only made where descent crawls: at 300 one costs about 2 ms.
cdef int POLISH_MAX = 300
# Ridge on a singular support, relative to the diagonal (one-hot with all levels, duplicates, |A| close to n).
cdef double RIDGE = 1e-11
# A pivot below this share of its diagonal is rounding, and its sign is a matter of chance.
cdef double FLAT = 1e-11
# Work that descent may spend before a factor is made, in flops of that factor: a flop of descent costs some 4 times one
# of LAPACK's, and well-conditioned problems settle in 5 to 10 epochs.
cdef double CRAWL_SHARE = 0.3
# Descent has settled when no coordinate moves the objective by more than this share of the gap wanted.
cdef double SETTLED = 1e-4


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
    int updated      # whether the factor was updated since it was built
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
    if space_make(w, max(m, 2 * old.cap)) < 0:
        w[0] = old
        return -1
    w.a, w.lifted, w.updated = old.a, old.lifted, old.updated
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


cdef double lift(double pivot, double diagonal, Space* w) noexcept nogil:
    """A pivot that rounding or dependent columns left at zero gets a ridge; refinement undoes it."""
    if pivot > FLAT * diagonal:
        return pivot
    w.lifted = 1
    return RIDGE * (diagonal + 1e-300)


cdef void factor_append(Quadratic* p, Space* w, int j) noexcept nogil:
    """Take coordinate j into the factor: one triangular solve."""
    cdef int i, a = w.a, one = 1, ld = w.cap
    cdef double pivot = p.G[<size_t> j * p.ld + j] + p.l2[j], diagonal
    cdef char lower_part = b'L', no = b'N'
    diagonal = pivot
    if a > 0:
        for i in range(a):
            w.t[i] = p.G[<size_t> j * p.ld + w.order[i]]
        dtrsv(&lower_part, &no, &no, &a, w.L, &ld, w.t, &one)
        pivot -= ddot(&a, w.t, &one, w.t, &one)
        for i in range(a):
            w.L[<size_t> i * ld + a] = w.t[i]
    w.L[<size_t> a * ld + a] = sqrt(lift(pivot, diagonal, w))
    w.order[a] = j
    w.place[j] = a
    w.ridge[a] = p.l2[j]
    w.a = a + 1
    w.updated = 1


cdef void factor_remove(Space* w, int k) noexcept nogil:
    """Take the k-th coordinate out of the factor: drop its row, rotate what sticks out back below the diagonal."""
    cdef int i, j, a = w.a, ld = w.cap, one = 1, rows
    cdef double x, y, r, c, s
    w.place[w.order[k]] = -1
    for j in range(k, a - 1):
        w.order[j] = w.order[j + 1]
        w.place[w.order[j]] = j
        w.ridge[j] = w.ridge[j + 1]
    for j in range(a):                       # rows below k move up by one in every column
        i = k if j <= k else j - 1
        rows = a - 1 - i
        if rows > 0:
            memmove(w.L + <size_t> j * ld + i, w.L + <size_t> j * ld + i + 1, rows * sizeof(double))
    for j in range(k, a - 1):
        x = w.L[<size_t> j * ld + j]
        y = w.L[<size_t> (j + 1) * ld + j]
        r = hypot(x, y)
        if r > 0.0:
            c = x / r
            s = y / r
            rows = a - 1 - j
            drot(&rows, w.L + <size_t> j * ld + j, &one, w.L + <size_t> (j + 1) * ld + j, &one, &c, &s)
    w.a = a - 1
    w.updated = 1


cdef void factor_clear(Space* w) noexcept nogil:
    cdef int i
    for i in range(w.a):
        w.place[w.order[i]] = -1
    w.a = 0
    w.lifted = 0
    w.updated = 0


cdef int try_build(Quadratic* p, Space* w, int* members, int count, double ridge) noexcept nogil:
    """Cholesky factor of the listed coordinates with a relative ridge; 1 when every pivot is sound."""
    cdef int i, k, info = 0, ld = w.cap
    cdef double diagonal
    cdef char lower_part = b'L'
    for i in range(count):
        for k in range(i, count):
            w.L[<size_t> i * ld + k] = p.G[<size_t> members[i] * p.ld + members[k]]
        w.L[<size_t> i * ld + i] = (w.L[<size_t> i * ld + i] + p.l2[members[i]]) * (1.0 + ridge) + ridge * 1e-300
    if count > 0:
        dpotrf(&lower_part, &count, w.L, &ld, &info)
    if info != 0:
        return 0
    for i in range(count):
        diagonal = p.G[<size_t> members[i] * p.ld + members[i]] + p.l2[members[i]]
        if w.L[<size_t> i * ld + i] * w.L[<size_t> i * ld + i] <= (0.1 * ridge if ridge > 0.0 else FLAT) * diagonal:
            return 0
    return 1


cdef void factor_build(Quadratic* p, Space* w, int* members, int count, int plain) noexcept nogil:
    """The factor of the listed coordinates from scratch: plain, with a ridge where singular, else one by one."""
    cdef int i
    factor_clear(w)
    if not plain or not try_build(p, w, members, count, 0.0):
        w.lifted = 1
        if not try_build(p, w, members, count, RIDGE):
            for i in range(count):
                factor_append(p, w, members[i])
            w.updated = 0
            return
    for i in range(count):
        w.order[i] = members[i]
        w.place[members[i]] = i
        w.ridge[i] = p.l2[members[i]]
    w.a = count


cdef void factor_sync(Quadratic* p, Space* w) noexcept nogil:
    """Bring the factor to the free and the entering coordinates, by updates where they cost less than a new one."""
    cdef int i, j, count = 0, gone = 0, fresh = 0, stale = 0
    cdef double work = 0.0
    for j in range(p.m):
        if w.enter[j] != 0 or is_free(p, j):
            w.listed[count] = j
            count += 1
            fresh += w.place[j] < 0
    for i in range(w.a):
        j = w.order[i]
        stale |= w.ridge[i] != p.l2[j]
        if w.enter[j] == 0 and not is_free(p, j):
            gone += 1
            work += 3.0 * (w.a - i) * (w.a - i)
    work += 1.0 * fresh * count * count
    # an update runs at the speed of memory, a new factor at that of the cache: some 4 times faster
    if stale or 4.0 * work > 1.0 / 3.0 * count * count * count:
        if stale or gone or fresh:
            factor_build(p, w, w.listed, count, 1)
        return
    for i in range(w.a - 1, -1, -1):
        j = w.order[i]
        if w.enter[j] == 0 and not is_free(p, j):
            factor_remove(w, i)
    for i in range(count):
        if w.place[w.listed[i]] < 0:
            factor_append(p, w, w.listed[i])


cdef void make_image(Quadratic* p, Space* w, double* v, double* out) noexcept nogil:
    """out = G[:, A] v over all coordinates."""
    cdef int i, one = 1
    memset(out, 0, p.m * sizeof(double))
    for i in range(w.a):
        if v[i] != 0.0:
            daxpy(&p.m, v + i, p.G + <size_t> w.order[i] * p.ld, &one, out, &one)


cdef double left_over(Quadratic* p, Space* w) noexcept nogil:
    """e = g − (G_AA + l2) d on the factor's coordinates; the largest entry relative to the largest of g."""
    cdef int i, k
    cdef double off = 0.0, size = 1e-300, x
    cdef double* column
    for i in range(w.a):
        w.e[i] = w.g[i] - w.ridge[i] * w.d[i]
    for k in range(w.a):
        column = p.G + <size_t> w.order[k] * p.ld
        x = w.d[k]
        for i in range(w.a):
            w.e[i] -= column[w.order[i]] * x
    for i in range(w.a):
        off = max(off, fabs(w.e[i]))
        size = max(size, fabs(w.g[i]))
    return off / size


cdef double direction_by_factor(Quadratic* p, Space* w) noexcept nogil:
    """d = (G_AA + l2)⁻¹ g with up to three steps of iterative refinement; what is left over, relative to g."""
    cdef int a = w.a, one = 1, info = 0, turn, i, ld = w.cap
    cdef double off = INFINITY
    cdef char lower_part = b'L'
    memcpy(w.d, w.g, a * sizeof(double))
    dpotrs(&lower_part, &a, &one, w.L, &ld, w.d, &a, &info)
    for turn in range(3):
        off = left_over(p, w)
        if off <= 1e-12:
            break
        dpotrs(&lower_part, &a, &one, w.L, &ld, w.e, &a, &info)
        for i in range(a):
            w.d[i] += w.e[i]
    return off


cdef void newton_direction(Quadratic* p, Space* w) noexcept nogil:
    """The direction and its image G[:, A] d. A factor that refinement cannot save is built anew, then with a ridge."""
    cdef int i, count = w.a
    while True:
        if direction_by_factor(p, w) <= 1e-9 or (w.lifted and not w.updated):
            break
        for i in range(count):
            w.listed[i] = w.order[i]
            w.t[w.order[i]] = w.g[i]
        factor_build(p, w, w.listed, count, w.updated)
        for i in range(count):
            w.g[i] = w.t[w.order[i]]
    make_image(p, w, w.d, w.image)


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
        for j in range(p.m):
            w.enter[j] = 0
        if which < 0:
            return 1
        factor_sync(p, w)           # the support that is left
    return 0


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
    if p.l1[j] != 0.0 or p.l2[j] != 0.0:
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
        if p.l1[j] == INFINITY or is_projected(p, j):
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
        if p.l1[j] == INFINITY or is_projected(p, j):
            continue
        z = s * (c[j] - p.l2[j] * u)
        v = fabs(z) - p.l1[j]
        edge = p.up[j] if z > 0.0 else -p.lo[j]
        aug += p.l1[j] * fabs(u) - u * z
        if v > 0.0 and edge > 0.0 and edge < INFINITY:
            aug += edge * v
    aug = aug if aug < plain else plain
    return aug if aug > 0.0 else 0.0


cdef double gap_of(Quadratic* p, Space* w, double rr) noexcept nogil:
    """Duality gap on these coordinates; unpenalised ones are projected off the dual point first."""
    cdef int i, j, k, a = 0, one = 1, info = 0
    cdef double lost = 0.0, minus
    cdef double* H
    cdef char lower_part = b'L'
    for j in range(p.m):
        if is_projected(p, j):
            w.listed[a] = j
            w.g[a] = p.c[j]
            a += 1
    if a == 0:
        return gap_at(p, p.c, rr, 0.0)
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
    memcpy(w.t, p.c, p.m * sizeof(double))
    for i in range(a):
        lost += w.g[i] * w.d[i]
        minus = -w.d[i]
        daxpy(&p.m, &minus, p.G + <size_t> w.listed[i] * p.ld, &one, w.t, &one)
    lost = lost if lost > 0.0 else 0.0
    return gap_at(p, w.t, rr - lost if rr > lost else 0.0, lost)


cdef double residual_norm(Quadratic* p, double yy, double* q) noexcept nogil:
    """‖r‖² = y'y − q'u − c'u."""
    cdef int one = 1
    cdef double rr = yy - ddot(&p.m, q, &one, p.u, &one) - ddot(&p.m, p.c, &one, p.u, &one)
    return rr if rr > 0.0 else 0.0


cdef int list_for_descent(Quadratic* p, Space* w) noexcept nogil:
    cdef int j, count = 0
    for j in range(p.m):
        if w.enter[j] != 0 or p.u[j] != 0.0:
            w.listed[count] = j
            count += 1
    return count


cdef int support_size(Quadratic* p) noexcept nogil:
    cdef int j, a = 0
    for j in range(p.m):
        a += is_free(p, j)
    return a


cdef double off_support(Quadratic* p) noexcept nogil:
    """Largest stationarity residual over the support."""
    cdef int j
    cdef double g, top = 0.0
    for j in range(p.m):
        if is_free(p, j):
            g = fabs(p.c[j] - p.l2[j] * p.u[j] - (p.l1[j] if p.u[j] > 0.0 else -p.l1[j]))
            if g > top:
                top = g
    return top


cdef int crawl(Quadratic* p, Space* w, double goal, double budget) noexcept nogil:
    """Descent epochs on support and marked coordinates; 1 when changes became too small to matter within the budget."""
    cdef int epoch, count = list_for_descent(p, w)
    cdef double work = 0.0
    for epoch in range(10000):
        if descend(p, w.listed, count) <= SETTLED * goal:
            return 1
        work += 2.0 * count * p.m
        if work > budget and epoch >= 2:
            return 0
    return 0


cdef int solve(Quadratic* p, Space* w, double* q, double yy, double goal, int max_iter, double* gap) noexcept nogil:
    """Solve the problem; returns the number of rounds, negative when max_iter was reached. ``goal`` bounds the gap."""
    cdef int rounds, nv, a, whole = 0, stuck = 0
    cdef double chol, slack = 1e-10
    for rounds in range(max_iter):
        nv = violators(p, slack, w.enter)
        a = support_size(p)
        chol = a * (1.0 * a) * a / 3.0
        if nv == 0 and (whole or (rounds == 0 and off_support(p) <= 1e-13)):
            break
        if a > POLISH_MAX:
            # many: descent while it pays, then the factor
            if nv == 0 and gap_of(p, w, residual_norm(p, yy, q)) <= goal:
                break
            violators(p, slack, w.enter)
            crawl(p, w, goal, CRAWL_SHARE * chol)
            nv = violators(p, slack, w.enter)
            if nv == 0 and gap_of(p, w, residual_norm(p, yy, q)) <= goal:
                break
            violators(p, slack, w.enter)
            keep_largest(p, w.enter, 1 if stuck > 4 else 0)
            whole = sign_step(p, w)
        elif (stuck > 4 and rounds % 8 != 7) or nv <= 2 + a // 4:
            # few newcomers: they enter as a block, singly once rounds repeat
            keep_largest(p, w.enter, 1 if stuck > 4 else 0)
            whole = sign_step(p, w)
        else:
            crawl(p, w, goal, 12.0 * p.m * (a + nv))
            violators(p, slack, w.enter)
            keep_largest(p, w.enter, 1)
            whole = sign_step(p, w)
        stuck += rounds > 3
        if whole and off_support(p) > 1e-7:
            whole = 0               # a step that a singular factor spoilt
    else:
        gap[0] = gap_of(p, w, residual_norm(p, yy, q))
        return -max_iter if gap[0] > goal else max_iter
    gap[0] = gap_of(p, w, residual_norm(p, yy, q))
    return rounds


cdef void extrapolate(Quadratic* p, double* before, double ratio) noexcept nogil:
    """On a fixed support u is linear in λ: continue the last move by ``ratio``, stopping at sign changes."""
    cdef int j, one = 1
    cdef double x, delta
    for j in range(p.m):
        if is_free(p, j) and before[j] * p.u[j] > 0.0:
            x = p.u[j] + ratio * (p.u[j] - before[j])
            if x * p.u[j] <= 0.0:
                continue
            x = clip(x, p.lo[j], p.up[j])
            delta = p.u[j] - x
            if delta != 0.0:
                p.u[j] = x
                daxpy(&p.m, &delta, p.G + <size_t> j * p.ld, &one, p.c, &one)


cdef class Workspace:
    """Memory of the solver for one Gram matrix, kept between calls: the factor of the last support is in it."""

    cdef Space w

    def __cinit__(self):
        if space_make(&self.w, 32) < 0:
            raise MemoryError

    def __dealloc__(self):
        space_free(&self.w)

    def solve(self, double[::1, :] G, int m, double[::1] q, double[::1] u, double[::1] c, double yy, double[::1] l1,
              double[::1] l2, double[::1] lo, double[::1] up, double goal, int max_iter):
        """Solve on the leading (m, m) block of G; u and c = q - Gu are updated. Returns (rounds, gap)."""
        cdef Quadratic p
        cdef double gap = 0.0
        cdef int rounds
        if m == 0:
            return 0, 0.0
        p.m, p.ld = m, <int> G.shape[0]
        p.G, p.u, p.c = &G[0, 0], &u[0], &c[0]
        p.l1, p.l2, p.lo, p.up = &l1[0], &l2[0], &lo[0], &up[0]
        if space_grow(&self.w, m) < 0:
            raise MemoryError
        with nogil:
            rounds = solve(&p, &self.w, &q[0], yy, goal, max_iter, &gap)
        return rounds, gap

    def gap(self, double[::1, :] G, int m, double[::1] u, double[::1] c, double[::1] l1, double[::1] l2,
            double[::1] lo, double[::1] up, double rr):
        """Duality gap on the leading m coordinates, from correlations c and |r|^2 that the caller measured."""
        cdef Quadratic p
        cdef double value
        if m == 0:
            return 0.0
        p.m, p.ld = m, <int> G.shape[0]
        p.G, p.u, p.c = &G[0, 0], &u[0], &c[0]
        p.l1, p.l2, p.lo, p.up = &l1[0], &l2[0], &lo[0], &up[0]
        if space_grow(&self.w, m) < 0:
            raise MemoryError
        with nogil:
            value = gap_of(&p, &self.w, rr)
        return value


def path_gram(double[::1, :] G, double[::1] q, double yy, double[::1] lam1, double[::1] lam2, double[::1] a,
              double[::1] b, double[::1] lo, double[::1] up, double[::1] start, double[::1, :] U, double[::1] gaps,
              int[::1] rounds, double goal, int max_iter):
    """The whole path in one call: problem k has l1 = lam1[k]·a and l2 = lam2[k]·b, warm-started; U (p, L) is written."""
    cdef int m = <int> G.shape[0], L = <int> lam1.shape[0], k, j, one = 1
    cdef Quadratic p
    cdef Space w
    cdef double* hold
    cdef double* old
    cdef double minus = -1.0, plus = 1.0
    cdef char keep = b'N'
    if m == 0:
        return
    p.m, p.ld, p.G, p.lo, p.up = m, m, &G[0, 0], &lo[0], &up[0]
    with nogil:
        hold = <double*> malloc(5 * m * sizeof(double))
        if hold == NULL or space_make(&w, m) < 0:
            with gil:
                raise MemoryError
        p.u, p.c, p.l1, p.l2, old = hold, hold + m, hold + 2 * m, hold + 3 * m, hold + 4 * m
        for j in range(m):
            p.u[j] = start[j]
            old[j] = 0.0
        for k in range(L):
            for j in range(m):
                p.l1[j] = INFINITY if a[j] == INFINITY else lam1[k] * a[j]
                p.l2[j] = 0.0 if a[j] == INFINITY else lam2[k] * b[j]
            # c afresh at every λ, so that rounding does not pile up along the path
            memcpy(p.c, &q[0], m * sizeof(double))
            dgemv(&keep, &m, &m, &minus, p.G, &m, p.u, &one, &plus, p.c, &one)
            if k > 1 and lam1[k - 1] < lam1[k - 2] and support_size(&p) > POLISH_MAX:
                memcpy(w.t, p.u, m * sizeof(double))
                extrapolate(&p, old, (lam1[k] - lam1[k - 1]) / (lam1[k - 1] - lam1[k - 2]))
                memcpy(old, w.t, m * sizeof(double))
            else:
                memcpy(old, p.u, m * sizeof(double))
            rounds[k] = solve(&p, &w, &q[0], yy, goal, max_iter, &gaps[k])
            memcpy(&U[0, k], p.u, m * sizeof(double))
        space_free(&w)
        free(hold)
