# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The quadratic L1 problem on a Gram matrix, solved exactly: coordinate descent finds signs, sign steps finish.

    minimise over u   ½ u'Gu − q'u + Σ l1ⱼ|uⱼ| + ½ Σ l2ⱼ uⱼ²    subject to  loⱼ ≤ uⱼ ≤ upⱼ,  lo ≤ 0 ≤ up

The gradient enters as c = q − Gu, which every routine here keeps in step with u. Sign steps are feature-sign search
(Lee, Battle, Raina & Ng 2007): solve the smooth problem with the present signs, walk to the first coordinate that
reaches zero or a bound, drop it, repeat; when the support is optimal, let violators in.
"""

from libc.math cimport fabs, INFINITY
from libc.stdlib cimport malloc, free
from libc.string cimport memcpy
from scipy.linalg.cython_blas cimport daxpy, ddot, dgemv, dsymv
from scipy.linalg.cython_lapack cimport dpotrf, dpotrs

# Above this support a Cholesky factor is only made where descent crawls: at 300 one costs about 2 ms.
cdef int POLISH_MAX = 300
# Ridge on a singular support, relative to the diagonal (one-hot with all levels, duplicates, |A| close to n).
cdef double RIDGE = 1e-11


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
    int* active      # (m) coordinates of the sign step
    int* listed      # (m) coordinates that descent visits
    int* enter       # (m) 0, or the direction (+1, −1) in which a coordinate enters
    double* H        # (m, m) factor
    double* K        # (m, m) the matrix that was factored
    double* g        # (m)
    double* d        # (m)
    double* e        # (m)
    double* t        # (m)
    double* s        # (m)


cdef int space_make(Space* w, int m) noexcept nogil:
    cdef size_t n = m if m > 0 else 1
    w.active = <int*> malloc(3 * n * sizeof(int))
    w.H = <double*> malloc((2 * n * n + 5 * n) * sizeof(double))
    if w.active == NULL or w.H == NULL:
        free(w.active)
        free(w.H)
        return -1
    w.listed = w.active + n
    w.enter = w.active + 2 * n
    w.K = w.H + n * n
    w.g = w.K + n * n
    w.d = w.g + n
    w.e = w.d + n
    w.t = w.e + n
    w.s = w.t + n
    return 0


cdef void space_free(Space* w) noexcept nogil:
    free(w.active)
    free(w.H)


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


cdef void factor(Quadratic* p, Space* w, int a, int* singular) noexcept nogil:
    """Cholesky factor of G_AA + l2 in w.H; K keeps the matrix itself for refinement."""
    cdef int i, k, info = 0, tries
    cdef double ridge = 0.0, low
    cdef char lower_part = b'L'
    for i in range(a):
        for k in range(i, a):
            w.K[<size_t> i * a + k] = p.G[<size_t> w.active[i] * p.ld + w.active[k]]
        w.K[<size_t> i * a + i] += p.l2[w.active[i]]
    singular[0] = 0
    for tries in range(8):
        memcpy(w.H, w.K, <size_t> a * a * sizeof(double))
        if ridge > 0.0:
            for i in range(a):
                w.H[<size_t> i * a + i] += ridge * (w.K[<size_t> i * a + i] + 1e-300)
        dpotrf(&lower_part, &a, w.H, &a, &info)
        if info == 0:
            low = INFINITY
            for i in range(a):
                # pivot² / diagonal: what is left of a column after the others explain it
                low = min(low, w.H[<size_t> i * a + i] * w.H[<size_t> i * a + i]
                          / (w.K[<size_t> i * a + i] + 1e-300))
            if low > 1e-12 or ridge > 0.0:
                return
        singular[0] = 1
        ridge = RIDGE if ridge == 0.0 else 10.0 * ridge


cdef void newton_direction(Quadratic* p, Space* w, int a, int singular) noexcept nogil:
    """d = (G_AA + l2)⁻¹ g by the factor, with steps of iterative refinement."""
    cdef int one = 1, info = 0, step, i
    cdef double plus = 1.0, minus = -1.0
    cdef char lower_part = b'L'
    memcpy(w.d, w.g, a * sizeof(double))
    dpotrs(&lower_part, &a, &one, w.H, &a, w.d, &a, &info)
    for step in range(3 if singular else 1):
        memcpy(w.e, w.g, a * sizeof(double))
        dsymv(&lower_part, &a, &minus, w.K, &a, w.d, &one, &plus, w.e, &one)     # e = g − K d
        dpotrs(&lower_part, &a, &one, w.H, &a, w.e, &a, &info)
        for i in range(a):
            w.d[i] += w.e[i]


cdef int drop_wrong_way(Space* w, int a) noexcept nogil:
    """Leave out entering coordinates whose direction contradicts the sign they enter with; how many stay."""
    cdef int i, k = 0
    for i in range(a):
        if w.enter[w.active[i]] != 0 and w.enter[w.active[i]] * w.d[i] <= 0.0:
            w.enter[w.active[i]] = 0
            continue
        w.active[k] = w.active[i]
        w.s[k] = w.s[i]
        w.g[k] = w.g[i]
        k += 1
    return k


cdef double first_stop(Quadratic* p, Space* w, int a, int* which) noexcept nogil:
    """The largest t ≤ 1 for which u + td keeps every sign and bound, and the coordinate that stops it."""
    cdef int i, j
    cdef double t, u, d, best = 1.0
    which[0] = -1
    for i in range(a):
        j = w.active[i]
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


cdef void take_step(Quadratic* p, Space* w, int a, double t, int which) noexcept nogil:
    """Move along d: to the first stop, or projected onto the orthant where that lowers the objective more."""
    cdef int i, j, one = 1
    cdef double zero = 0.0, plus = 1.0, gd = 0.0, ge = 0.0, eke, best
    cdef char lower_part = b'L'
    for i in range(a):
        j = w.active[i]
        w.e[i] = landed(p, w.s[i], j, p.u[j] + w.d[i]) - p.u[j]
        gd += w.g[i] * w.d[i]
        ge += w.g[i] * w.e[i]
    dsymv(&lower_part, &a, &plus, w.K, &a, w.e, &one, &zero, w.t, &one)
    eke = ddot(&a, w.e, &one, w.t, &one)
    best = t * (1.0 - 0.5 * t) * gd                     # decrease of the truncated step
    if which >= 0 and ge - 0.5 * eke <= best:
        for i in range(a):
            w.e[i] = t * w.d[i]
        dsymv(&lower_part, &a, &plus, w.K, &a, w.e, &one, &zero, w.t, &one)
        j = w.active[which]
        # land exactly: rounding must not leave a coordinate a hair off zero or off its bound
        w.e[which] = (0.0 if w.s[which] * (p.u[j] + w.d[which]) < 0.0 and p.l1[j] > 0.0
                      else (p.up[j] if w.d[which] > 0.0 else p.lo[j])) - p.u[j]
    for i in range(a):
        j = w.active[i]
        if p.u[j] + w.e[i] == 0.0 or w.e[i] == -p.u[j]:
            p.u[j] = 0.0
        else:
            p.u[j] = clip(p.u[j] + w.e[i], p.lo[j], p.up[j])
        w.g[i] -= w.t[i]


cdef int sign_step(Quadratic* p, Space* w) noexcept nogil:
    """Solve on the support with its signs, dropping what reaches zero or a bound. Entering coordinates in w.enter.

    Returns 1 when the last step was whole (the support is optimal), 0 when it ran out of patience.
    """
    cdef int i, j, a = 0, k, singular = 0, which = -1, turns, one = 1, done = 0
    cdef double t, delta
    for j in range(p.m):
        if w.enter[j] != 0 or is_free(p, j):
            w.active[a] = j
            w.s[a] = (1.0 if p.u[j] > 0.0 else -1.0) if p.u[j] != 0.0 else <double> w.enter[j]
            w.g[a] = p.c[j] - p.l2[j] * p.u[j] - p.l1[j] * w.s[a]
            a += 1
    cdef int a0 = a
    cdef double* before = <double*> malloc((p.m + 1) * sizeof(double))
    memcpy(before, p.u, p.m * sizeof(double))
    for turns in range(20 + a0 // 2):
        if a == 0:
            done = 1
            break
        factor(p, w, a, &singular)
        newton_direction(p, w, a, singular)
        k = drop_wrong_way(w, a)
        if k < a:
            a = k
            continue
        t = first_stop(p, w, a, &which)
        take_step(p, w, a, t, which)
        if which < 0:
            done = 1
            break
        k = 0
        for i in range(a):          # the support that is left
            j = w.active[i]
            w.enter[j] = 0
            if is_free(p, j):
                w.active[k] = j
                w.s[k] = w.s[i]
                w.g[k] = w.g[i]
                k += 1
        a = k
    for j in range(p.m):            # c ← c − G (u − before)
        delta = before[j] - p.u[j]
        if delta != 0.0:
            daxpy(&p.m, &delta, p.G + <size_t> j * p.ld, &one, p.c, &one)
    free(before)
    return done


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
        if p.l1[j] == INFINITY or (p.l1[j] == 0.0 and p.l2[j] == 0.0 and p.lo[j] == -INFINITY and p.up[j] == INFINITY):
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
        if p.l1[j] == INFINITY or (p.l1[j] == 0.0 and p.l2[j] == 0.0 and p.lo[j] == -INFINITY and p.up[j] == INFINITY):
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
    cdef int i, k, j, a = 0, one = 1, info = 0, singular = 0
    cdef double lost = 0.0, minus
    cdef char lower_part = b'L'
    for j in range(p.m):
        if p.l1[j] == 0.0 and p.l2[j] == 0.0 and p.lo[j] == -INFINITY and p.up[j] == INFINITY:
            w.active[a] = j
            w.g[a] = p.c[j]
            a += 1
    if a == 0:
        return gap_at(p, p.c, rr, 0.0)
    factor(p, w, a, &singular)
    newton_direction(p, w, a, singular)
    memcpy(w.t, p.c, p.m * sizeof(double))
    for i in range(a):
        lost += w.g[i] * w.d[i]
        minus = -w.d[i]
        daxpy(&p.m, &minus, p.G + <size_t> w.active[i] * p.ld, &one, w.t, &one)
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


cdef int crawl(Quadratic* p, Space* w, double* q, double yy, double goal, double budget) noexcept nogil:
    """Descent epochs on support and violators until the gap on them is below goal or the work exceeds budget."""
    cdef int epoch, count = list_for_descent(p, w)
    cdef double work = 0.0, top
    for epoch in range(10000):
        top = descend(p, w.listed, count)
        work += 2.0 * count * p.m
        if top <= 1e-3 * goal:
            return epoch + 1
        if work > budget and epoch >= 2:
            return epoch + 1
    return 10000


cdef int solve(Quadratic* p, Space* w, double* q, double yy, double goal, int max_iter, double* gap) noexcept nogil:
    """Solve the problem; returns the number of rounds, negative when max_iter was reached. ``goal`` bounds the gap."""
    cdef int rounds, nv, a, whole = 0, stuck = 0
    cdef double chol, slack = 1e-10, last = INFINITY, now
    for rounds in range(max_iter):
        nv = violators(p, slack, w.enter)
        a = support_size(p)
        chol = a * (1.0 * a) * a / 3.0
        if nv == 0 and whole:
            break
        if nv == 0 and a > POLISH_MAX:
            if gap_of(p, w, residual_norm(p, yy, q)) <= goal:
                break
            violators(p, slack, w.enter)
        if stuck > 4 or (a <= POLISH_MAX and nv <= 2 + a // 4):
            # few newcomers: they enter as a block, singly once rounds repeat
            keep_largest(p, w.enter, 1 if stuck > 4 else 0)
            whole = sign_step(p, w)
        else:
            crawl(p, w, q, yy, goal, 4.0 * chol if a > POLISH_MAX else 12.0 * p.m * (a + nv))
            whole = 0
            if a <= POLISH_MAX or stuck > 2:
                violators(p, slack, w.enter)
                keep_largest(p, w.enter, 1)
                whole = sign_step(p, w)
            elif rounds > 0:
                now = gap_of(p, w, residual_norm(p, yy, q))
                if now <= goal and violators(p, slack, w.enter) == 0:
                    break
        stuck += rounds > 3
    else:
        gap[0] = gap_of(p, w, residual_norm(p, yy, q))
        return -max_iter if gap[0] > goal else max_iter
    gap[0] = gap_of(p, w, residual_norm(p, yy, q))
    return rounds + 1


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


def solve_gram(double[::1, :] G, int m, double[::1] q, double[::1] u, double[::1] c, double yy,
               double[::1] l1, double[::1] l2, double[::1] lo, double[::1] up, double goal, int max_iter):
    """Solve one problem on the leading (m, m) block of G; u and c = q − Gu are updated. Returns (rounds, gap)."""
    cdef Quadratic p
    cdef Space w
    cdef double gap = 0.0
    cdef int rounds
    if m == 0:
        return 0, 0.0
    p.m, p.ld = m, <int> G.shape[0]
    p.G, p.u, p.c = &G[0, 0], &u[0], &c[0]
    p.l1, p.l2, p.lo, p.up = &l1[0], &l2[0], &lo[0], &up[0]
    with nogil:
        if space_make(&w, m) < 0:
            with gil:
                raise MemoryError
        rounds = solve(&p, &w, &q[0], yy, goal, max_iter, &gap)
        space_free(&w)
    return rounds, gap


def gap(double[::1, :] G, int m, double[::1] u, double[::1] c, double[::1] l1, double[::1] l2, double[::1] lo,
        double[::1] up, double rr):
    """Duality gap on the leading m coordinates, from correlations c and ‖r‖² that the caller measured."""
    cdef Quadratic p
    cdef Space w
    cdef double value
    if m == 0:
        return 0.0
    p.m, p.ld = m, <int> G.shape[0]
    p.G, p.u, p.c = &G[0, 0], &u[0], &c[0]
    p.l1, p.l2, p.lo, p.up = &l1[0], &l2[0], &lo[0], &up[0]
    with nogil:
        if space_make(&w, m) < 0:
            with gil:
                raise MemoryError
        value = gap_of(&p, &w, rr)
        space_free(&w)
    return value


def path_gram(double[::1, :] G, double[::1] q, double yy, double[::1] lam1, double[::1] lam2, double[::1] a,
              double[::1] b, double[::1] lo, double[::1] up, double[::1, :] U, double[::1] gaps, int[::1] rounds,
              double goal, int max_iter):
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
            p.u[j] = 0.0
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
