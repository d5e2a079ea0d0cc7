# The Newton direction of a Kronecker model without its mK × mK matrix. Included by blocks.pyx.
#
#     M = G_cc ⊗ I_K + D,   D = l1_g/‖u_g‖ (I − û û') + l2_g I on each block;   c active columns, all their outputs
#
# The penalty curves alike for all outputs but along û: M = A − U P U' with A = (G_cc + P + l2) ⊗ I_K, P = l1/‖u‖ and
# U = (û_g). By Woodbury's identity
#
#     M⁻¹ = A⁻¹ + A⁻¹U P½ S⁻¹ P½U'A⁻¹,     S = I − P½ U'A⁻¹U P½,     (U'A⁻¹U)_gh = Σ_{j∈g, i∈h} (A⁻¹)_ji û_j'û_i
#
# so that two factors of c × c give the direction that one of cK × cK would. Where P is far above G the difference in S
# loses digits; a few turns of conjugate gradients, for which this is the preconditioner, bring them back.

# Members from which this is cheaper than one factor of the whole.
cdef int KRYLOV_FROM = 40
cdef int TURNS = 200
# Added to the diagonal of S, whose eigenvalues are between 0 and 1.
cdef double[2] LIFTS = [1e-13, 1e-8]
cdef double CLOSE = 1e-4


cdef struct Krylov:
    int c            # active columns
    int nb           # active blocks
    int K
    double* G        # (c, c)
    double* L        # (c, c) factor of A
    double* S        # (nb, nb) factor of S
    double* hat      # û, (c K)
    double* pull     # l1/‖u‖ of each column
    double* ridge    # l2 of each column
    double* root     # its root, of each block
    int* block       # block of each column
    double* y        # scratch (c K), and (nb)
    double* b


cdef int krylov_fill(Blocks* p, int a, Krylov* k, double* inverse, double ridge) noexcept nogil:
    """Gather the matrices and factor them; 0 where that fails. Fills p.g, too. ``inverse`` is room for c × c.

    The ``ridge``, relative to the diagonal, is in G itself: along dependent columns M has no curvature, and a
    preconditioner alone that has some would cost turns.
    """
    cdef int i, j, q, g = 0, K = p.K, c = k.c, info = 0
    cdef double norm
    cdef char lower_part = b'L'
    k.nb = 0
    if p.rows and not rows_gram(p, c, k.G):
        return 0
    for j in range(c):
        i = p.active[j * K]
        while p.start[g + 1] <= i:
            g += 1
        if j == 0 or p.start[g] > p.active[(j - 1) * K]:
            k.nb += 1
        norm = length(p.u + p.start[g], p.start[g + 1] - p.start[g])
        k.block[j], k.pull[j], k.ridge[j] = k.nb - 1, p.l1[g] / norm, p.l2[g]
        k.root[k.nb - 1] = sqrt(k.pull[j])
        for q in range(K):
            k.hat[j * K + q] = p.u[i + q] / norm
            p.g[j * K + q] = p.c[i + q] - (k.pull[j] + k.ridge[j]) * p.u[i + q]
        for q in range(0 if p.rows else c):
            k.G[<size_t> j * c + q] = p.G[<size_t> (i // K) * p.ld + p.active[q * K] // K]
    for j in range(c):
        k.G[<size_t> j * (c + 1)] *= 1.0 + ridge
    memcpy(k.L, k.G, <size_t> c * c * sizeof(double))
    for j in range(c):
        k.L[<size_t> j * (c + 1)] += k.pull[j] + k.ridge[j]
    dpotrf(&lower_part, &c, k.L, &c, &info)
    if info != 0:
        return 0
    for q in range(2):
        memcpy(inverse, k.L, <size_t> c * c * sizeof(double))
        dpotri(&lower_part, &c, inverse, &c, &info)
        if info != 0:
            return 0
        krylov_small(k, inverse, LIFTS[q])
        dpotrf(&lower_part, &k.nb, k.S, &k.nb, &info)
        if info == 0:
            return 1
    return 0


cdef void krylov_small(Krylov* k, const double* inverse, double more) noexcept nogil:
    """S + ``more``, its lower part, from the lower part of the inverse of A."""
    cdef int i, j, q, K = k.K, c = k.c, nb = k.nb
    cdef double x
    memset(k.S, 0, <size_t> nb * nb * sizeof(double))
    for j in range(c):
        for i in range(j, c):
            x = 0.0
            for q in range(K):
                x += k.hat[j * K + q] * k.hat[i * K + q]
            x *= inverse[<size_t> j * c + i]
            if i > j and k.block[i] == k.block[j]:
                x *= 2.0
            k.S[<size_t> k.block[j] * nb + k.block[i]] -= x
    for j in range(nb):
        for i in range(j, nb):
            k.S[<size_t> j * nb + i] *= k.root[j] * k.root[i]
        k.S[<size_t> j * (nb + 1)] += 1.0 + more


cdef void krylov_times(Krylov* k, double* x, double* out) noexcept nogil:
    """out = M x."""
    cdef int j, q, K = k.K, c = k.c
    cdef double one = 1.0, zero = 0.0
    cdef char right = b'R', lower_part = b'L'
    dsymm(&right, &lower_part, &K, &c, &one, k.G, &c, x, &K, &zero, out, &K)
    memset(k.b, 0, k.nb * sizeof(double))
    for j in range(c):
        for q in range(K):
            k.b[k.block[j]] += k.hat[j * K + q] * x[j * K + q]
    for j in range(c):
        for q in range(K):
            out[j * K + q] += (k.pull[j] + k.ridge[j]) * x[j * K + q] - k.pull[j] * k.hat[j * K + q] * k.b[k.block[j]]


cdef void krylov_precondition(Krylov* k, const double* x, double* out) noexcept nogil:
    """out = M⁻¹x but for rounding: A⁻¹(x + U P½ S⁻¹ P½U'A⁻¹x)."""
    cdef int j, q, K = k.K, one = 1, info = 0
    cdef char lower_part = b'L'
    memcpy(out, x, <size_t> k.c * K * sizeof(double))
    krylov_divide(k, out)
    memset(k.b, 0, k.nb * sizeof(double))
    for j in range(k.c):
        for q in range(K):
            k.b[k.block[j]] += k.hat[j * K + q] * out[j * K + q]
    for j in range(k.nb):
        k.b[j] *= k.root[j]
    dpotrs(&lower_part, &k.nb, &one, k.S, &k.nb, k.b, &k.nb, &info)
    for j in range(k.nb):
        k.b[j] *= k.root[j]
    for j in range(k.c):
        for q in range(K):
            out[j * K + q] = x[j * K + q] + k.hat[j * K + q] * k.b[k.block[j]]
    krylov_divide(k, out)


cdef void krylov_divide(Krylov* k, double* x) noexcept nogil:
    """x becomes A⁻¹x."""
    cdef double unit = 1.0
    cdef char right = b'R', lower_part = b'L', no = b'N', turned = b'T'
    dtrsm(&right, &lower_part, &turned, &no, &k.K, &k.c, &unit, k.L, &k.c, x, &k.K)
    dtrsm(&right, &lower_part, &no, &no, &k.K, &k.c, &unit, k.L, &k.c, x, &k.K)


cdef int krylov_direction(Blocks* p, int a) noexcept nogil:
    """d on the active members; 0 where it fails."""
    cdef Krylov k
    cdef int i, turn = 0, one = 1, sound
    cdef double rho, new, alpha, beta, first, curve, minus
    cdef double* hold
    cdef double* r
    cdef double* z
    cdef double* s
    k.K, k.c = p.K, a // p.K
    hold = <double*> malloc((4 * <size_t> k.c * k.c + 6 * <size_t> a + 5 * k.c + 16) * sizeof(double))
    if hold == NULL:
        return 0
    k.G, k.L, k.S = hold, hold + <size_t> k.c * k.c, hold + 2 * <size_t> k.c * k.c
    k.hat = hold + 4 * <size_t> k.c * k.c
    k.pull, k.ridge, k.root = k.hat + a, k.hat + a + k.c, k.hat + a + 2 * k.c
    k.b = k.root + k.c
    k.block = <int*> (k.b + k.c)
    r = k.b + 2 * k.c
    z, s, k.y = r + a, r + 2 * a, r + 3 * a
    p.factors += 1
    if not krylov_fill(p, a, &k, hold + 3 * <size_t> k.c * k.c, RIDGES[1]):
        free(hold)
        return 0
    memset(p.d, 0, a * sizeof(double))
    memcpy(r, p.g, a * sizeof(double))
    krylov_precondition(&k, r, z)
    memcpy(s, z, a * sizeof(double))
    rho = first = ddot(&a, r, &one, z, &one)
    sound = first > 0.0
    for turn in range(TURNS if sound else 0):
        if rho <= CLOSE * CLOSE * first:
            break
        krylov_times(&k, s, k.y)
        curve = ddot(&a, s, &one, k.y, &one)
        if not curve > 0.0:
            sound = turn > 0
            break
        alpha = rho / curve
        minus = -alpha
        daxpy(&a, &alpha, s, &one, p.d, &one)
        daxpy(&a, &minus, k.y, &one, r, &one)
        krylov_precondition(&k, r, z)
        new = ddot(&a, r, &one, z, &one)
        beta = new / rho
        rho = new
        for i in range(a):
            s[i] = z[i] + beta * s[i]
    p.turns += turn
    free(hold)
    return sound
