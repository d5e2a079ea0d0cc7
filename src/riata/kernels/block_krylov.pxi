# The Newton direction of a Kronecker model without its mK × mK matrix: conjugate gradients. Included by blocks.pyx.
#
#     M = G_cc ⊗ I_K + D,   D = l1_g/‖u_g‖ (I − û û') + l2_g I on each block;   c active columns, all their outputs
#
# Preconditioned by two factors of c × c: (G_cc + l1/‖u‖ + l2) for every output, which is right across the blocks'
# directions û, and U'(G_cc ⊗ I)U + l2, U = (û_g), along them, where the penalty does not curve.

# Members from which this is cheaper than one factor of the whole.
cdef int KRYLOV_FROM = 300
cdef int TURNS = 200
cdef double CLOSE = 1e-4


cdef struct Krylov:
    int c            # active columns
    int nb           # active blocks
    int K
    double* G        # (c, c)
    double* L        # (c, c)
    double* R        # (nb, nb)
    double* hat      # û, (c K)
    double* pull     # l1/‖u‖ of each column
    double* ridge    # l2 of each column
    int* block       # block of each column
    double* y        # scratch (c K), twice, and (nb)
    double* t
    double* b


cdef int krylov_fill(Blocks* p, int a, Krylov* k) noexcept nogil:
    """Gather the matrices and factor the preconditioner; 0 where that fails. Fills p.g, too."""
    cdef int i, j, q, g = 0, at = 0, K = p.K, c = k.c, info = 0
    cdef double norm, x
    cdef char lower_part = b'L'
    k.nb = 0
    for j in range(c):
        i = p.active[j * K]
        while p.start[g + 1] <= i:
            g += 1
        if j == 0 or p.start[g] > p.active[(j - 1) * K]:
            k.nb += 1
        norm = length(p.u + p.start[g], p.start[g + 1] - p.start[g])
        k.block[j], k.pull[j], k.ridge[j] = k.nb - 1, p.l1[g] / norm, p.l2[g]
        for q in range(K):
            k.hat[j * K + q] = p.u[i + q] / norm
            p.g[j * K + q] = p.c[i + q] - (k.pull[j] + k.ridge[j]) * p.u[i + q]
        for q in range(c):
            k.G[<size_t> j * c + q] = p.G[<size_t> (i // K) * p.ld + p.active[q * K] // K]
    memcpy(k.L, k.G, <size_t> c * c * sizeof(double))
    memset(k.R, 0, <size_t> k.nb * k.nb * sizeof(double))
    for j in range(c):
        k.L[<size_t> j * c + j] = k.G[<size_t> j * c + j] * (1.0 + 1e-10) + k.pull[j] + k.ridge[j]
        for i in range(c):
            x = 0.0
            for q in range(K):
                x += k.hat[j * K + q] * k.hat[i * K + q]
            k.R[<size_t> k.block[j] * k.nb + k.block[i]] += x * k.G[<size_t> j * c + i]
    for j in range(c):
        if j == 0 or k.block[j] != k.block[j - 1]:
            at = k.block[j] * (k.nb + 1)
            k.R[at] = k.R[at] * (1.0 + 1e-8) + k.ridge[j]
    dpotrf(&lower_part, &c, k.L, &c, &info)
    if info != 0:
        return 0
    dpotrf(&lower_part, &k.nb, k.R, &k.nb, &info)
    return info == 0


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
    cdef int j, q, K = k.K, c = k.c, one = 1, info = 0
    cdef double unit = 1.0
    cdef char right = b'R', lower_part = b'L', no = b'N', turned = b'T'
    memcpy(out, x, <size_t> c * K * sizeof(double))
    dtrsm(&right, &lower_part, &turned, &no, &K, &c, &unit, k.L, &c, out, &K)
    dtrsm(&right, &lower_part, &no, &no, &K, &c, &unit, k.L, &c, out, &K)
    memset(k.b, 0, k.nb * sizeof(double))
    for j in range(c):
        for q in range(K):
            k.b[k.block[j]] += k.hat[j * K + q] * x[j * K + q]
    dpotrs(&lower_part, &k.nb, &one, k.R, &k.nb, k.b, &k.nb, &info)
    for j in range(c):
        for q in range(K):
            out[j * K + q] += k.hat[j * K + q] * k.b[k.block[j]]


cdef int krylov_direction(Blocks* p, int a) noexcept nogil:
    """d on the active members; 0 where it fails."""
    cdef Krylov k
    cdef int i, turn, one = 1, sound = 1
    cdef double rho, new, alpha, beta, first, curve, minus
    cdef double* hold
    cdef double* r
    cdef double* z
    cdef double* s
    k.K, k.c = p.K, a // p.K
    hold = <double*> malloc((3 * <size_t> k.c * k.c + 6 * <size_t> a + 4 * k.c + 16) * sizeof(double))
    if hold == NULL:
        return 0
    k.G, k.L, k.R = hold, hold + <size_t> k.c * k.c, hold + 2 * <size_t> k.c * k.c
    k.hat = hold + 3 * <size_t> k.c * k.c
    k.pull, k.ridge = k.hat + a, k.hat + a + k.c
    k.b = k.ridge + k.c
    k.block = <int*> (k.b + k.c)
    r = k.b + 2 * k.c
    z, s, k.y = r + a, r + 2 * a, r + 3 * a
    p.factors += 1
    if not krylov_fill(p, a, &k):
        free(hold)
        return 0
    memset(p.d, 0, a * sizeof(double))
    memcpy(r, p.g, a * sizeof(double))
    krylov_precondition(&k, r, z)
    memcpy(s, z, a * sizeof(double))
    rho = first = ddot(&a, r, &one, z, &one)
    for turn in range(TURNS):
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
