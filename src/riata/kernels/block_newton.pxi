# Newton steps on the blocks that are not zero, where the penalty is smooth, and the solver that mixes them with descent.
# Included by blocks.pyx.
#
#     (G_AA + D) d = c_A − ∇penalty,      D = l1_g/‖u_g‖ (I − û û') + l2_g I  on each block
#
# A block of one has D = l2: its step is the lasso's sign step. A block that a step would carry through zero is put there.

# Ridges, relative to the diagonal, that a singular matrix gets (dependent columns).
cdef double[4] RIDGES = [0.0, 1e-11, 1e-9, 1e-6]
# Descent may spend this share of a factorisation's work before one is made.
cdef double CRAWL = 0.03
# After so many rounds (more, the dearer the factor) columns depend on each other: then pivots of one factor of the
# whole tell which block has to go, and the two factors of block_krylov.pxi do not (duplicated columns: gaps of 1e-4
# after 2000 rounds, and 5e-9 so).
cdef int STUCK = 100


cdef int list_active(Blocks* p) noexcept nogil:
    """Members that a Newton step moves: of blocks that are not zero, those that are not held at zero."""
    cdef int g, i, a = 0, b
    for g in range(p.nb):
        b = p.start[g + 1] - p.start[g]
        if length(p.u + p.start[g], b) == 0.0:
            continue
        for i in range(p.start[g], p.start[g + 1]):
            if not p.nested or p.s[i] == 0.0 or p.u[i] != 0.0:
                p.active[a] = i
                a += 1
    return a


cdef double system(Blocks* p, int a, double* L, double ridge) noexcept nogil:
    """L = G_AA + D + ridge and the right-hand side g, for the members in ``active`` (ordered as in their blocks)."""
    cdef int i, j, g = 0, first = 0, b
    cdef double norm, pull, sign
    for j in range(a):
        if p.K == 1:
            for i in range(j, a):
                L[<size_t> j * a + i] = p.G[<size_t> p.active[j] * p.ld + p.active[i]]
        else:
            for i in range(j, a):
                L[<size_t> j * a + i] = entry(p, p.active[i], p.active[j])
        L[<size_t> j * a + j] *= 1.0 + ridge
    while first < a:
        while p.start[g + 1] <= p.active[first]:
            g += 1
        b = first
        while b < a and p.active[b] < p.start[g + 1]:
            b += 1
        norm = length(p.u + p.start[g], p.start[g + 1] - p.start[g])
        pull = p.l1[g] / norm
        for j in range(first, b):
            p.g[j] = p.c[p.active[j]] - (pull + p.l2[g]) * p.u[p.active[j]]
            if p.nested:
                sign = p.u[p.active[j]]
                p.g[j] -= p.s[p.active[j]] * (1.0 if sign > 0.0 else (-1.0 if sign < 0.0 else 0.0))
            L[<size_t> j * a + j] += p.l2[g]
            if p.start[g + 1] - p.start[g] > 1:
                L[<size_t> j * a + j] += pull
                for i in range(j, b):
                    L[<size_t> j * a + i] -= pull * (p.u[p.active[i]] / norm) * (p.u[p.active[j]] / norm)
        first = b
    return 0.0


cdef int direction(Blocks* p, int a, double* L) noexcept nogil:
    """d on the active members; 0 where no ridge helps."""
    cdef int k, info = 1, one = 1, i
    cdef char lower_part = b'L'
    for k in range(4):
        system(p, a, L, RIDGES[k])
        p.factors += 1
        dpotrf(&lower_part, &a, L, &a, &info)
        if info == 0:
            break
    if info != 0:
        return 0
    memcpy(p.d, p.g, a * sizeof(double))
    dpotrs(&lower_part, &a, &one, L, &a, p.d, &a, &info)
    for i in range(a):
        if not fabs(p.d[i]) < INFINITY:
            return 0
    return 1


cdef void image_of(Blocks* p, int a, const double* x) noexcept nogil:
    """image = G[:, A] x on all members."""
    cdef int k, one = 1, cols, j
    memset(p.image, 0, p.m * sizeof(double))
    if p.K == 1:
        for k in range(a):
            if x[k] != 0.0:
                daxpy(&p.m, <double*> &x[k], p.G + <size_t> p.active[k] * p.ld, &one, p.image, &one)
        return
    cols = p.m // p.K
    for k in range(a):
        if x[k] != 0.0:
            j = p.active[k]
            daxpy(&cols, <double*> &x[k], p.G + <size_t> (j // p.K) * p.ld, &one, p.image + j % p.K, &p.K)


cdef double change(Blocks* p, int a, const double* x, double t) noexcept nogil:
    """How much the objective grows along t x, x on the active members and ``image`` its image."""
    cdef int k, g, i
    cdef double linear = 0.0, curve = 0.0, total = 0.0
    for k in range(a):
        i = p.active[k]
        linear += x[k] * p.c[i]
        curve += x[k] * p.image[i]
        p.v[i] = p.u[i] + t * x[k]
    k = 0
    g = 0
    while k < a:
        while p.start[g + 1] <= p.active[k]:
            g += 1
        for i in range(p.start[g], p.start[g + 1]):
            p.q[i] = p.u[i]
        while k < a and p.active[k] < p.start[g + 1]:
            p.q[p.active[k]] = p.v[p.active[k]]
            k += 1
        total += penalty_of(p, g, p.q) - penalty_of(p, g, p.u)
    return total - t * linear + 0.5 * t * t * curve


cdef int stop_at_zero(Blocks* p, int a, double* first_stop) noexcept nogil:
    """e = d, but what it would carry through zero lands there; how many do, and the share of d to the first."""
    cdef int k = 0, g = 0, first, count = 0, i
    cdef double dot, norm, inside, t
    first_stop[0] = 1.0
    while k < a:
        while p.start[g + 1] <= p.active[k]:
            g += 1
        first = k
        dot = norm = 0.0
        while k < a and p.active[k] < p.start[g + 1]:
            i = p.active[k]
            dot += p.u[i] * p.d[k]
            norm += p.u[i] * p.u[i]
            p.e[k] = p.d[k]
            k += 1
        if p.l1[g] > 0.0 and norm + dot <= 0.0:
            for i in range(first, k):
                p.e[i] = -p.u[p.active[i]]
            count += 1
            first_stop[0] = min(first_stop[0], -norm / dot)
            continue
        if p.nested:
            for i in range(first, k):
                inside = p.u[p.active[i]]
                if p.s[p.active[i]] > 0.0 and inside * (inside + p.d[i]) <= 0.0 and p.d[i] != 0.0:
                    p.e[i] = -inside
                    count += 1
                    first_stop[0] = min(first_stop[0], -inside / p.d[i])
    return count


cdef double newton_block_step(Blocks* p, double* L, int a, int* stopped) noexcept nogil:
    """One step; returns what it promised, negative where it failed. ``stopped`` says that something reached zero."""
    cdef int k, i, one = 1
    cdef double promised = 0.0, t = 1.0, far = 1.0, fall, minus, was
    if L == NULL:
        if not krylov_direction(p, a):
            return -1.0
    elif not direction(p, a, L):
        return -1.0
    for k in range(a):
        promised += p.g[k] * p.d[k]
    stopped[0] = stop_at_zero(p, a, &far)
    image_of(p, a, p.e)
    fall = change(p, a, p.e, 1.0)
    if fall > -1e-4 * promised and promised > 1e-15:
        if stopped[0]:
            memcpy(p.e, p.d, a * sizeof(double))
            image_of(p, a, p.e)
            t = far
        for k in range(30):
            fall = change(p, a, p.e, t)
            if fall <= -1e-4 * t * promised:
                break
            t *= 0.5
        else:
            return -1.0
    for k in range(a):
        i = p.active[k]
        was = p.u[i]
        p.u[i] = 0.0 if t == 1.0 and p.e[k] == -was else was + t * p.e[k]
        # the coordinate that the step stopped at: what is left of it is rounding of the sum above. Relative to the step
        # it would not do: along dependent columns e is 1e11 times what moves, and c would lose what is cut off
        if t < 1.0 and stopped[0] and fabs(p.u[i]) <= 1e-14 * fabs(was):
            p.u[i] = 0.0
    minus = -t
    daxpy(&p.m, &minus, p.image, &one, p.c, &one)
    return promised


cdef int newton_blocks(Blocks* p, double goal, int rounds) noexcept nogil:
    """Newton steps until they promise nothing; how many, negative where one failed. ``rounds`` were taken before."""
    cdef int a, turn, stopped = 0, count = 0
    cdef double promised
    cdef double* L
    a = list_active(p)
    if a == 0:
        return 0
    L = NULL
    if p.K == 1 or p.nested or a < KRYLOV_FROM or rounds > STUCK * (1 + a // 300):
        L = <double*> malloc(<size_t> a * a * sizeof(double))
        if L == NULL:
            return -1
    for turn in range(12):
        a = list_active(p)      # never more than before: a step lets blocks out, not in
        if a == 0:
            break
        promised = newton_block_step(p, L, a, &stopped)
        if promised < 0.0:
            count = -1 if count == 0 else count
            break
        count += 1
        if promised <= 10.0 * goal or (not stopped and all_single(p)):
            break
    free(L)
    return count


cdef int all_single(Blocks* p) noexcept nogil:
    return p.nb == p.m


cdef int list_blocks(Blocks* p) noexcept nogil:
    """Blocks that descent visits: not zero, or with a correlation that its penalty does not hold down."""
    cdef int g, count = 0
    for g in range(p.nb):
        if length(p.u + p.start[g], p.start[g + 1] - p.start[g]) > 0.0 or soft_length(p, g, 1.0) > p.l1[g]:
            p.listed[count] = g
            count += 1
    return count


cdef int solve_blocks(Blocks* p, double goal, double rr, int max_iter) noexcept nogil:
    """Bring u to the minimum of the model, its gap to ``goal``; rounds of descent and Newton steps."""
    cdef int rounds = 0, k, count, epoch, epochs, a, steps, failed = 0
    cdef double moved, work, gap
    while rounds < max_iter:
        count = list_blocks(p)
        a = 0
        for k in range(count):
            a += p.start[p.listed[k] + 1] - p.start[p.listed[k]]
        work = CRAWL * a * <double> a / (3.0 * (p.m // p.K))
        if p.K > 1:             # a factor of columns, twice, and products with it
            work *= 6.0 / p.K
        epochs = <int> min(max(2.0, work), 60.0)
        if failed:
            epochs = 100
        for epoch in range(epochs):
            moved = 0.0
            for k in range(count):
                moved += update_block(p, p.listed[k])
            rounds += 1
            if moved <= 0.01 * goal:
                break
        gap = model_gap(p, rr)
        if gap <= goal:
            break
        if moved <= 1e-3 * goal and failed > 2:
            break
        steps = newton_blocks(p, goal, rounds)
        rounds += abs(steps)
        failed = failed + 1 if steps < 0 else 0
        if steps > 0:
            gap = model_gap(p, rr)
            if gap <= goal:
                break
    return rounds
