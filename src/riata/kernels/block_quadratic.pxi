# The quadratic model with a penalty on blocks: its memory, block updates and descent. Included by blocks.pyx.
#
#     minimise   ½ u'Gu − q'u + Σ_g [ l1_g ‖u_g‖ + ½ l2_g ‖u_g‖² + Σ_{i∈g} sᵢ |uᵢ| ],      c = q − Gu
#
# Members of a block lie side by side. With K > 1 the matrix is a Kronecker product G ⊗ I_K (least squares with several
# responses): G is then held on columns, member (column j, output k) is j·K + k, and nothing of size mK × mK is made.

cdef extern from "columns.h" nogil:
    void add_outer(long n, long K, const double* z, const double* x, double* out)
    void less_outer(long m, long K, const double* g, const double* d, double* c)


cdef struct Blocks:
    int m            # members
    int nb           # blocks
    int ld           # leading dimension of G
    int K            # outputs of a Kronecker product; 1 where G is held on members
    int nested       # whether any s is positive
    double* G
    int rows         # of A where the matrix is held as A'A (block_rows.pxi), else 0
    double* A        # (rows, m / K)
    double* rest     # (rows, K) −A (u − u₀)
    double* c0       # c where rest is 0
    double* fit      # A x of the last image
    double curve     # its square
    double* past     # where the last epochs ended: u and rest of each, or NULL
    double* u
    double* c
    int* start       # (nb + 1) first member of each block
    double* l1
    double* l2
    double* s
    double* eig      # eigenvectors and eigenvalues of the diagonal blocks, made when they are first needed
    size_t* at       # where those of a block are
    char* made       # whether they are there
    int* listed      # blocks that descent visits
    int* active      # members that a Newton step moves
    double* q        # scratch, (m) each
    double* v
    double* g
    double* d
    double* e
    double* image
    int factors      # Cholesky factors made
    int turns        # of conjugate gradients


cdef inline double entry(Blocks* p, int i, int j) noexcept nogil:
    """One entry of the matrix on members."""
    if p.rows:
        return column_dot(p, i // p.K, j // p.K) if i % p.K == j % p.K else 0.0
    if p.K == 1:
        return p.G[<size_t> j * p.ld + i]
    return p.G[<size_t> (j // p.K) * p.ld + i // p.K] if i % p.K == j % p.K else 0.0


cdef inline double length(const double* x, int b) noexcept nogil:
    cdef int i
    cdef double total = 0.0
    if b == 1:
        return fabs(x[0])
    for i in range(b):
        total += x[i] * x[i]
    return sqrt(total)


cdef inline double soft(double x, double s) noexcept nogil:
    return x - s if x > s else (x + s if x < -s else 0.0)


cdef double soft_length(Blocks* p, int g, double t) noexcept nogil:
    """‖soft(t c_g, s_g)‖, what the norm's own weight must hold down."""
    cdef int i
    cdef double x, total = 0.0
    if not p.nested:
        return t * length(p.c + p.start[g], p.start[g + 1] - p.start[g])
    for i in range(p.start[g], p.start[g + 1]):
        x = soft(t * p.c[i], p.s[i])
        total += x * x
    return sqrt(total)


cdef double feasible(Blocks* p, int g) noexcept nogil:
    """The largest t ≤ 1 for which t c_g is in the dual ball of block g."""
    cdef double size = soft_length(p, g, 1.0), low = 0.0, high = 1.0, t
    cdef int k
    if size <= p.l1[g]:
        return 1.0
    if not p.nested:
        return p.l1[g] / size
    for k in range(60):
        t = 0.5 * (low + high)
        if soft_length(p, g, t) <= p.l1[g]:
            low = t
        else:
            high = t
    return low


cdef double penalty_of(Blocks* p, int g, const double* x) noexcept nogil:
    """The penalty of block g at x, which is indexed like u."""
    cdef int i
    cdef double norm = length(x + p.start[g], p.start[g + 1] - p.start[g])
    cdef double total = p.l1[g] * norm + 0.5 * p.l2[g] * norm * norm
    if p.nested:
        for i in range(p.start[g], p.start[g + 1]):
            total += p.s[i] * fabs(x[i])
    return total


cdef double dual_part(Blocks* p, double* scale) noexcept nogil:
    """Σ h(u) + h*(t c) − t c'u for the largest feasible t (in ``scale``): the penalty's part of the gap."""
    cdef int g, i
    cdef double t = 1.0, total = 0.0, over
    for g in range(p.nb):
        if p.l2[g] <= 0.0:
            t = min(t, feasible(p, g))
    for g in range(p.nb):
        total += penalty_of(p, g, p.u)
        for i in range(p.start[g], p.start[g + 1]):
            total -= t * p.c[i] * p.u[i]
        if p.l2[g] > 0.0:
            over = soft_length(p, g, t) - p.l1[g]
            if over > 0.0:
                total += 0.5 * over * over / p.l2[g]
    scale[0] = t
    return total


cdef double model_gap(Blocks* p, double rr) noexcept nogil:
    """About the duality gap of the model; ``rr`` stands for the squared norm of its residual."""
    cdef double t = 1.0, total = dual_part(p, &t)
    total += 0.5 * (1.0 - t) * (1.0 - t) * rr
    return total if total > 0.0 else 0.0


# -- one block -----------------------------------------------------------------------------------------------
cdef int decompose(Blocks* p, int g) noexcept nogil:
    """Eigenvectors (b, b) and eigenvalues (b,) of the diagonal block; 0 where LAPACK fails."""
    cdef int i, j, s0 = p.start[g], b = p.start[g + 1] - s0, info = 0, size = 34 * b
    cdef double* Q = p.eig + p.at[g]
    cdef double* work
    cdef char vectors = b'V', lower_part = b'L'
    if b == p.K:
        Q[0], Q[1], p.made[g] = 1.0, entry(p, s0, s0), 1
        return 1
    for j in range(b):
        for i in range(b):
            Q[j * b + i] = entry(p, s0 + i, s0 + j)
    work = <double*> malloc(size * sizeof(double))
    if work == NULL:
        return 0
    dsyev(&vectors, &lower_part, &b, Q, &b, Q + b * b, work, &size, &info)
    free(work)
    p.made[g] = info == 0
    return info == 0


cdef double radius(const double* q, const double* eig, int b, double l1, double l2) noexcept nogil:
    """ν = ‖u‖ with (Λ + l2 + l1/ν) u = q, where ‖q‖ > l1: the root of Σ (qᵢ / ((Λᵢ + l2)ν + l1))² = 1.

    The left side to the power −½ is concave in ν, so Newton's method from below never passes the root.
    """
    cdef int i, turn
    cdef double top = max(eig[b - 1], 0.0) + l2, nu, h, slope, x, den, curve
    nu = (length(q, b) - l1) / top
    for turn in range(60):
        h = slope = 0.0
        for i in range(b):
            curve = max(eig[i], 0.0) + l2
            den = curve * nu + l1
            x = q[i] / den
            h += x * x
            slope += x * x * curve / den
        x = (sqrt(h) - 1.0) * h / slope
        nu += x
        if x <= 1e-15 * nu:
            break
    return nu


cdef void aim_by_eigenvalues(Blocks* p, int g, double* out) noexcept nogil:
    """The exact minimiser over block g, all else fixed."""
    cdef int i, j, s0 = p.start[g], b = p.start[g + 1] - s0
    cdef double* Q = p.eig + p.at[g]
    cdef double* values = Q + b * b
    cdef double nu, x
    for j in range(b):
        x = 0.0
        for i in range(b):
            x += Q[j * b + i] * (p.c[s0 + i] + max(values[j], 0.0) * p.u[s0 + i])
        p.q[j] = x
    memset(out, 0, b * sizeof(double))
    if length(p.q, b) <= p.l1[g] or values[b - 1] + p.l2[g] <= 0.0:
        return
    nu = radius(p.q, values, b, p.l1[g], p.l2[g])
    for j in range(b):
        x = p.q[j] * nu / ((max(values[j], 0.0) + p.l2[g]) * nu + p.l1[g])
        for i in range(b):
            out[i] += Q[j * b + i] * x


cdef void aim_nested(Blocks* p, int g, double* out) noexcept nogil:
    """A few proximal gradient steps on block g: with a norm and absolute values there is no closed form."""
    cdef int i, j, turn, s0 = p.start[g], b = p.start[g + 1] - s0
    cdef double top = max((p.eig + p.at[g] + b * b)[b - 1], 0.0), norm, shrink, moved, x
    cdef double* slope = p.q
    for i in range(b):
        out[i] = p.u[s0 + i]
        slope[i] = p.c[s0 + i]
    if top <= 0.0:
        return
    for turn in range(20):
        for i in range(b):
            p.v[i] = soft(out[i] + slope[i] / top, p.s[s0 + i] / top)
        norm = length(p.v, b)
        shrink = 0.0 if norm <= p.l1[g] / top else (1.0 - p.l1[g] / (top * norm)) / (1.0 + p.l2[g] / top)
        moved = 0.0
        for i in range(b):
            x = shrink * p.v[i] - out[i]
            p.v[i] = x
            out[i] += x
            moved = max(moved, fabs(x))
        for j in range(b):
            if p.v[j] != 0.0:
                for i in range(b):
                    slope[i] -= entry(p, s0 + i, s0 + j) * p.v[j]
        if moved <= 1e-3 * length(out, b):
            break


cdef void shift_block(Blocks* p, int s0, int b, double* delta) noexcept nogil:
    """c −= G delta for a change of members s0 … s0 + b."""
    cdef int i, one = 1, cols, K = p.K
    cdef double x
    if p.rows:
        rows_move(p, s0, b, delta)
        return
    if K == 1:
        for i in range(b):
            if delta[i] != 0.0:
                x = -delta[i]
                daxpy(&p.m, &x, p.G + <size_t> (s0 + i) * p.ld, &one, p.c, &one)
        return
    cols = p.m // K
    for i in range(b // K):
        less_outer(cols, K, p.G + <size_t> (s0 // K + i) * p.ld, delta + i * K, p.c)


cdef double update_block(Blocks* p, int g) noexcept nogil:
    """Minimise over one block; returns about how much the objective fell."""
    cdef int i, s0 = p.start[g], b = p.start[g + 1] - s0
    cdef double h, new, norm, shrink, moved = 0.0, fall = 0.0
    cdef double* u = p.u + s0
    cdef double* c = p.c + s0
    cdef double* delta = p.d
    if p.rows:
        rows_read(p, s0, b)
        if not p.made[g] and not decompose(p, g):
            return 0.0
    if b == 1:
        h = (p.eig + p.at[g])[1] if p.rows else p.G[<size_t> s0 * p.ld + s0]
        if h + p.l2[g] <= 0.0:
            return 0.0
        new = soft(c[0] + h * u[0], p.l1[g] + (p.s[s0] if p.nested else 0.0)) / (h + p.l2[g])
        delta[0] = new - u[0]
        if delta[0] == 0.0:
            return 0.0
        u[0] = new
        shift_block(p, s0, 1, delta)
        return delta[0] * delta[0] * (h + p.l2[g])
    if p.K == b and not p.nested:
        h = (p.eig + p.at[g])[1] if p.rows else p.G[<size_t> (s0 // b) * p.ld + s0 // b]
        if h + p.l2[g] <= 0.0:
            return 0.0
        for i in range(b):
            p.e[i] = c[i] + h * u[i]
        norm = length(p.e, b)
        shrink = 0.0 if norm <= p.l1[g] else (1.0 - p.l1[g] / norm) / (h + p.l2[g])
        for i in range(b):
            p.e[i] *= shrink
    else:
        if length(u, b) == 0.0 and soft_length(p, g, 1.0) <= p.l1[g]:
            return 0.0
        if not p.made[g] and not decompose(p, g):
            return 0.0
        h = (p.eig + p.at[g] + b * b)[b - 1]
        if p.nested:
            aim_nested(p, g, p.e)
        else:
            aim_by_eigenvalues(p, g, p.e)
    for i in range(b):
        delta[i] = p.e[i] - u[i]
        moved = max(moved, fabs(delta[i]))
        fall += delta[i] * delta[i]
        u[i] = p.e[i]
    if moved == 0.0:
        return 0.0
    shift_block(p, s0, b, delta)
    return fall * (h + p.l2[g])
