# The quadratic model as a product A'A, for working sets with more members than there are rows: their Gram matrix would be
# larger than the data, and of no higher rank. Included by blocks.pyx.
#
#     c = c₀ − A'A(u − u₀) = c₀ + A'rest,      rest = −A(u − u₀)
#
# Descent reads `rest` and moves it, block by block, and Anderson's extrapolation quickens it. Newton's direction comes from
# a matrix of the size of the rows (Woodbury):
#
#     (A'A + D)⁻¹ = D⁻¹ − D⁻¹A'(I + AD⁻¹A')⁻¹AD⁻¹,      D = l1_g/‖u_g‖ (I − ûû') + l2_g I + ε ûû'  on each block
#
# Along û the penalty does not curve, and ε lets D be inverted; refinement takes it out of the direction again. With K outputs
# `rest` is (rows, K), and the direction that of block_krylov.pxi.

# ε, for columns of unit norm, and steps of refinement.
cdef double LITTLE_CURVE = 1e-6
cdef int REFINED = 2


cdef void rows_read(Blocks* p, int first, int b) noexcept nogil:
    """c of the members first … first + b, whole columns."""
    cdef int j, n = p.rows, K = p.K
    if K == 1:
        dot_columns(n, b, p.A + <size_t> first * n, NULL, p.rest, p.c + first)
    else:
        for j in range(first // K, (first + b) // K):
            dot_columns(n, K, p.rest, NULL, p.A + <size_t> j * n, p.c + j * K)
    for j in range(first, first + b):
        p.c[j] += p.c0[j]


cdef void rows_add(Blocks* p, int first, int b, const double* x, double* out) noexcept nogil:
    """out (rows, K) += A x for members first … first + b, whole columns."""
    cdef int j, n = p.rows, K = p.K
    if K == 1:
        add_columns(n, b, p.A + <size_t> first * n, NULL, x, out)
        return
    for j in range(b // K):
        add_outer(n, K, p.A + <size_t> (first // K + j) * n, x + j * K, out)


cdef void rows_move(Blocks* p, int first, int b, const double* delta) noexcept nogil:
    """`rest` for a change of members first … first + b."""
    cdef int j
    for j in range(b):
        p.q[j] = -delta[j]
    rows_add(p, first, b, p.q, p.rest)


cdef double rows_image(Blocks* p, int a, const double* x, double* out) noexcept nogil:
    """out = A x for x on the active members (whole blocks); ‖out‖²."""
    cdef int k = 0, first, b, size = p.rows * p.K
    memset(out, 0, size * sizeof(double))
    while k < a:
        first = b = k
        while b < a and p.active[b] - p.active[first] == b - first:
            b += 1
        rows_add(p, p.active[first], b - first, x + first, out)
        k = b
    return dot_of(size, out, out)


cdef double column_dot(Blocks* p, int i, int j) noexcept nogil:
    return dot_of(p.rows, p.A + <size_t> i * p.rows, p.A + <size_t> j * p.rows)


cdef int rows_gram(Blocks* p, int c, double* G) noexcept nogil:
    """G (c, c) = inner products of the active columns; 0 where memory ran out."""
    cdef int i, j, n = p.rows
    cdef double unit = 1.0, zero = 0.0
    cdef char upper_part = b'U', turned = b'T'
    cdef double* A = <double*> malloc(<size_t> n * c * sizeof(double))
    if A == NULL:
        return 0
    for j in range(c):
        memcpy(A + <size_t> j * n, p.A + <size_t> (p.active[j * p.K] // p.K) * n, n * sizeof(double))
    dsyrk(&upper_part, &turned, &c, &n, &unit, A, &n, &zero, G, &c)
    free(A)
    for j in range(c):
        for i in range(j):
            G[<size_t> i * c + j] = G[<size_t> j * c + i]
    return 1


cdef double dot_of(int n, const double* x, const double* y) noexcept nogil:
    cdef int one = 1
    return ddot(&n, <double*> x, &one, <double*> y, &one)


cdef struct Woodbury:
    int a            # active members
    int nb           # their blocks
    int* first       # (nb + 1) where each block begins among them
    double* hat      # û (a)
    double* across   # D⁻½ across û, along it, and what D has across (nb)
    double* along
    double* curve
    double* ridge    # l2
    double* across_d # what d has across û (a)
    double* Y        # A D⁻½ (n, a)
    double* L        # (n, n) factor of I + YY'
    double* t        # scratch (n)


cdef int direction_by_rows(Blocks* p, int a) noexcept nogil:
    """d on the active members; 0 where memory or LAPACK fails. Fills p.g, too."""
    cdef Woodbury w
    cdef int n = p.rows, k, turn
    cdef size_t size = <size_t> n * (a + n + 1) + 8 * <size_t> a + 8
    cdef double* x
    cdef double* left
    w.a, w.nb = a, 0
    w.Y = <double*> malloc(size * sizeof(double) + (a + 1) * sizeof(int))
    if w.Y == NULL:
        return 0
    w.L = w.Y + <size_t> n * a
    w.t = w.L + <size_t> n * n
    w.hat = w.t + n
    w.across, w.along, w.curve = w.hat + a, w.hat + 2 * a, w.hat + 3 * a
    w.ridge, x, left = w.hat + 4 * a, w.hat + 5 * a, w.hat + 6 * a
    w.across_d = w.hat + 7 * a
    w.first = <int*> (w.hat + 8 * a)
    p.factors += 1
    woodbury_fill(p, &w)
    if not woodbury_factor(n, &w):
        free(w.Y)
        return 0
    memcpy(left, p.g, a * sizeof(double))
    memset(p.d, 0, a * sizeof(double))
    for turn in range(1 + REFINED):
        woodbury_divide(n, &w, left, x)
        for k in range(a):
            p.d[k] += x[k]
        if turn < REFINED:
            woodbury_left(p, &w, left)
    free(w.Y)
    for k in range(a):
        if not fabs(p.d[k]) < INFINITY:
            return 0
    return 1


cdef void woodbury_fill(Blocks* p, Woodbury* w) noexcept nogil:
    """The right-hand side, D and AD⁻½."""
    cdef int k = 0, i, j, g = 0, n = p.rows, b
    cdef double norm, tilt
    cdef double* y
    cdef const double* A
    while k < w.a:
        while p.start[g + 1] <= p.active[k]:
            g += 1
        b = p.start[g + 1] - p.start[g]
        norm = length(p.u + p.start[g], b)
        w.first[w.nb] = k
        w.curve[w.nb], w.ridge[w.nb] = p.l1[g] / norm, p.l2[g]
        w.across[w.nb] = 1.0 / sqrt(w.curve[w.nb] + p.l2[g]) if w.curve[w.nb] + p.l2[g] > LITTLE_CURVE \
            else 1.0 / sqrt(LITTLE_CURVE)
        w.along[w.nb] = 1.0 / sqrt(p.l2[g] + LITTLE_CURVE)
        for i in range(b):
            w.hat[k + i] = p.u[p.start[g] + i] / norm
            p.g[k + i] = p.c[p.start[g] + i] - (w.curve[w.nb] + p.l2[g]) * p.u[p.start[g] + i]
        A = p.A + <size_t> p.start[g] * n
        memset(w.t, 0, n * sizeof(double))
        add_columns(n, b, A, NULL, w.hat + k, w.t)
        for j in range(b):
            y, tilt = w.Y + <size_t> (k + j) * n, (w.along[w.nb] - w.across[w.nb]) * w.hat[k + j]
            for i in range(n):
                y[i] = w.across[w.nb] * A[<size_t> j * n + i] + tilt * w.t[i]
        w.nb += 1
        k += b
    w.first[w.nb] = w.a


cdef int woodbury_factor(int n, Woodbury* w) noexcept nogil:
    cdef int i, info = 0
    cdef double unit = 1.0, zero = 0.0
    cdef char lower_part = b'L', no = b'N'
    dsyrk(&lower_part, &no, &n, &w.a, &unit, w.Y, &n, &zero, w.L, &n)
    for i in range(n):
        w.L[<size_t> i * (n + 1)] += 1.0
    dpotrf(&lower_part, &n, w.L, &n, &info)
    return info == 0


cdef void root_times(Woodbury* w, const double* x, double* out) noexcept nogil:
    """out = D⁻½ x."""
    cdef int g, k
    cdef double dot
    for g in range(w.nb):
        dot = 0.0
        for k in range(w.first[g], w.first[g + 1]):
            dot += w.hat[k] * x[k]
        dot *= w.along[g] - w.across[g]
        for k in range(w.first[g], w.first[g + 1]):
            out[k] = w.across[g] * x[k] + dot * w.hat[k]


cdef void woodbury_divide(int n, Woodbury* w, double* x, double* out) noexcept nogil:
    """out = (A'A + D)⁻¹ x; x is lost."""
    cdef int k, one = 1, info = 0
    cdef char lower_part = b'L'
    root_times(w, x, out)
    memset(w.t, 0, n * sizeof(double))
    add_columns(n, w.a, w.Y, NULL, out, w.t)
    dpotrs(&lower_part, &n, &one, w.L, &n, w.t, &n, &info)
    dot_columns(n, w.a, w.Y, NULL, w.t, x)
    for k in range(w.a):
        x[k] = out[k] - x[k]
    root_times(w, x, out)


cdef void woodbury_left(Blocks* p, Woodbury* w, double* out) noexcept nogil:
    """out = g − (A'A + D) d with D as it is, without ε."""
    cdef int g, k, first, turn
    cdef double dot
    rows_image(p, w.a, p.d, w.t)
    for g in range(w.nb):
        first = p.active[w.first[g]]
        dot_columns(p.rows, w.first[g + 1] - w.first[g], p.A + <size_t> first * p.rows, NULL, w.t, out + w.first[g])
        for k in range(w.first[g], w.first[g + 1]):
            w.across_d[k] = p.d[k]
        for turn in range(2):       # a curve is as large as a block is small: rounding along û must not be multiplied by it
            dot = 0.0
            for k in range(w.first[g], w.first[g + 1]):
                dot += w.hat[k] * w.across_d[k]
            for k in range(w.first[g], w.first[g + 1]):
                w.across_d[k] -= dot * w.hat[k]
        for k in range(w.first[g], w.first[g + 1]):
            out[k] = p.g[k] - out[k] - w.curve[g] * w.across_d[k] - w.ridge[g] * p.d[k]


# -- extrapolation of descent ----------------------------------------------------------------------------------
# Epochs that are combined (Anderson acceleration; for descent: Bertrand & Massias, AISTATS 2021).
cdef enum:
    PAST = 6


cdef void past_note(Blocks* p, int k) noexcept nogil:
    """Remember where the k-th epoch ended."""
    cdef double* here = p.past + <size_t> k * (p.m + p.rows * p.K)
    memcpy(here, p.u, p.m * sizeof(double))
    memcpy(here + p.m, p.rest, p.rows * p.K * sizeof(double))


cdef double rows_objective(Blocks* p) noexcept nogil:
    """The model's value where u is, but for a constant."""
    cdef int g
    cdef double total = 0.5 * dot_of(p.rows * p.K, p.rest, p.rest) - dot_of(p.m, p.c0, p.u)
    for g in range(p.nb):
        total += penalty_of(p, g, p.u)
    return total


cdef void jump_ahead(Blocks* p) noexcept nogil:
    """Go to the combination of the last epochs that would have moved least, where the model is lower there."""
    cdef int i, j, k = PAST - 1, one = 1, info = 0, size = p.m + p.rows * p.K
    cdef double[PAST * PAST] M
    cdef double[PAST] w
    cdef double total = 0.0, trace = 0.0, before
    cdef char lower_part = b'L'
    cdef double* now = p.past + <size_t> k * size
    cdef double* x
    for i in range(k):      # steps take the places of the points before them
        x = p.past + <size_t> i * size
        for j in range(size):
            x[j] = x[size + j] - x[j]
    for i in range(k):
        for j in range(i, k):
            M[i * k + j] = dot_of(p.m, p.past + <size_t> i * size, p.past + <size_t> j * size)
        trace += M[i * (k + 1)]
        w[i] = 1.0
    if not trace > 0.0:
        return
    for i in range(k):
        M[i * (k + 1)] += 1e-12 * trace
    dposv(&lower_part, &k, &one, M, &k, w, &k, &info)
    for i in range(k):
        total += w[i]
    if info != 0 or total == 0.0:
        return
    before = rows_objective(p)
    # Σ wᵢ xᵢ₊₁ with Σ wᵢ = 1, written as steps back from the last point
    trace = 0.0
    for i in range(k - 1):
        trace += w[i] / total
        w[i] = -trace
    for i in range(k - 1):
        x = p.past + <size_t> (i + 1) * size
        for j in range(p.m):
            p.u[j] += w[i] * x[j]
        for j in range(size - p.m):
            p.rest[j] += w[i] * x[p.m + j]
    if rows_objective(p) < before:
        return
    memcpy(p.u, now, p.m * sizeof(double))
    memcpy(p.rest, now + p.m, (size - p.m) * sizeof(double))
