# Newton steps on the blocks that are not zero, where the penalty is smooth, and the solver that mixes them with descent.
# Included by blocks.pyx.
#
#     (G_AA + D) d = c_A − ∇penalty,      D = l1_g/‖u_g‖ (I − û û') + l2_g I  on each block
#
# A block of one has D = l2: its step is the lasso's sign step. A block that a step would carry through zero is put there.

# Ridges, relative to the diagonal, that a singular matrix gets (dependent columns).
cdef double[4] RIDGES = [0.0, 1e-11, 1e-9, 1e-6]
# Descent may spend this share of a Newton step's work before one is made ...
cdef double CRAWL = 0.03
# ... and this where it will probably be at the goal by then: it reads the whole matrix once an epoch, and takes three times
# as long for its arithmetic as a factor.
cdef double CRAWL_ON = 0.3
# An epoch that gains less than this share of the goal is reason to look at the gap.
cdef double LITTLE_GAIN = 0.01
# Epochs from one look at the gap to the next, where that costs half of one.
cdef int CHECKED = 3
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
    if p.rows:
        p.curve = rows_image(p, a, x, p.fit)
        return
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
        curve += x[k] * p.image[i] if not p.rows else 0.0
        p.v[i] = p.u[i] + t * x[k]
    if p.rows:
        curve = p.curve
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


cdef int stop_at_zero(Blocks* p, int a, double* first_stop, int* first) noexcept nogil:
    """e = d, but what it would carry through zero lands there; how many do, the share of d to the first, and its place:
    from ``first``[0] on, and not from ``first``[1] on."""
    cdef int k = 0, g = 0, start, count = 0, i
    cdef double dot, norm, inside
    first_stop[0], first[0], first[1] = INFINITY, 0, 0
    while k < a:
        while p.start[g + 1] <= p.active[k]:
            g += 1
        start = k
        dot = norm = 0.0
        while k < a and p.active[k] < p.start[g + 1]:
            i = p.active[k]
            dot += p.u[i] * p.d[k]
            norm += p.u[i] * p.u[i]
            p.e[k] = p.d[k]
            k += 1
        if p.l1[g] > 0.0 and norm + dot <= 0.0:
            for i in range(start, k):
                p.e[i] = -p.u[p.active[i]]
            count += 1
            if -norm / dot < first_stop[0]:
                first_stop[0], first[0], first[1] = -norm / dot, start, k
            continue
        if p.nested:
            for i in range(start, k):
                inside = p.u[p.active[i]]
                if p.s[p.active[i]] > 0.0 and inside * (inside + p.d[i]) <= 0.0 and p.d[i] != 0.0:
                    p.e[i] = -inside
                    count += 1
                    if -inside / p.d[i] < first_stop[0]:
                        first_stop[0], first[0], first[1] = -inside / p.d[i], i, i + 1
    return count


cdef double newton_block_step(Blocks* p, double* L, int a, int* stopped) noexcept nogil:
    """One step; returns what it promised, negative where it failed. ``stopped`` says that something reached zero."""
    cdef int k, i, one = 1, size = p.rows * p.K
    cdef int[2] first
    cdef double promised = 0.0, t = 1.0, far = 1.0, fall, minus, was
    if p.rows and p.K == 1:
        if not direction_by_rows(p, a):
            return -1.0
    elif L == NULL:
        if not krylov_direction(p, a):
            return -1.0
    elif not direction(p, a, L):
        return -1.0
    for k in range(a):
        promised += p.g[k] * p.d[k]
    stopped[0] = stop_at_zero(p, a, &far, first)
    image_of(p, a, p.e)
    fall = change(p, a, p.e, 1.0)
    if fall > -1e-4 * promised and promised > 1e-15:
        if stopped[0]:      # as far as the first that reaches zero, and that one exactly: what a step leaves of it turns hard
            for k in range(a):
                p.e[k] = far * p.d[k]
            for k in range(first[0], first[1]):
                p.e[k] = -p.u[p.active[k]]
            image_of(p, a, p.e)
        else:
            far = 1.0
        for k in range(30):
            fall = change(p, a, p.e, t)
            if fall <= -1e-4 * t * far * promised:
                break
            t *= 0.5
        else:
            return -1.0
    for k in range(a):
        i = p.active[k]
        was = p.u[i]
        p.u[i] = 0.0 if t == 1.0 and p.e[k] == -was else was + t * p.e[k]
    minus = -t
    if p.rows:
        daxpy(&size, &minus, p.fit, &one, p.rest, &one)
        rows_read(p, 0, p.m)
    else:
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
    if not p.rows and p.K == 1 or p.nested or p.K > 1 and (a < KRYLOV_FROM or rounds > STUCK * (1 + a // 300)):
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


cdef double newton_cost(Blocks* p, int a) noexcept nogil:
    """About what a Newton step costs, in the arithmetic of an epoch of descent."""
    cdef double n = p.rows, cols = a // p.K
    if p.rows and p.K == 1:     # three times that: A, and with it an epoch, is mostly in the cache as well
        return 3.0 * (n / 4.0 + n * n / (12.0 * max(a, 1)))
    if p.rows:
        return 3.0 * cols / (4.0 * p.K) * (1.0 + 1.3 * cols / n)
    return a * <double> a / (3.0 * (p.m // p.K)) * (6.0 / p.K if p.K > 1 else 1.0)


cdef int descend_blocks(Blocks* p, double goal, double rr, int failed, double* gap, double* moved) noexcept nogil:
    """Epochs of descent, and the gap where they end: at the goal, or where a Newton step will be there first."""
    cdef int count, k, epoch, first = 0, since = 0, a = 0, least, most, little
    cdef double cost, seen = INFINITY      # the gap at the first look, after epoch `first`
    count = list_blocks(p)
    for k in range(count):
        a += p.start[p.listed[k] + 1] - p.start[p.listed[k]]
    cost = newton_cost(p, a)
    least = <int> clip(CRAWL * cost, 2.0, 60.0)
    most = <int> clip(CRAWL_ON * cost, 2.0, 200.0) if p.K == 1 or p.rows else least
    if failed:
        least = most = 100
    for epoch in range(1, most + 1):
        moved[0] = 0.0
        for k in range(count):
            moved[0] += update_block(p, p.listed[k])
        since += 1
        if p.rows and p.past != NULL:
            past_note(p, (epoch - 1) % PAST)
            if epoch % PAST == 0:
                jump_ahead(p)
        little = moved[0] <= LITTLE_GAIN * goal
        if moved[0] > 0.0 and epoch < most and (epoch < least - 1 and not little or p.rows and since < CHECKED):
            continue
        if p.rows:
            rows_read(p, 0, p.m)
        gap[0] = model_gap(p, rr)
        if gap[0] <= goal or moved[0] <= 0.0 or little and p.K > 1 and not p.rows or \
                epoch >= least and epoch + (epoch - first) * steps_left(gap[0], seen, goal) > most:
            break
        if seen == INFINITY:
            seen, first = gap[0], epoch
        since, count = 0, list_blocks(p)        # others may have to come in now
    return epoch


cdef int solve_blocks(Blocks* p, double goal, double rr, int max_iter) noexcept nogil:
    """Bring u to the minimum of the model, its gap to ``goal``; rounds of descent and Newton steps."""
    cdef int rounds = 0, steps, failed = 0
    cdef double moved = 0.0, gap = INFINITY
    if p.rows:
        memset(p.rest, 0, p.rows * p.K * sizeof(double))
        p.past = <double*> malloc(PAST * (<size_t> p.m + p.rows * p.K) * sizeof(double))
    while rounds < max_iter:
        rounds += descend_blocks(p, goal, rr, failed, &gap, &moved)
        if gap <= goal or (moved <= 1e-3 * goal and failed > 2):
            break
        steps = newton_blocks(p, goal, rounds)
        rounds += abs(steps)
        failed = failed + 1 if steps < 0 else 0
        if steps > 0 and model_gap(p, rr) <= goal:
            break
    if p.rows:
        free(p.past)
    return rounds
