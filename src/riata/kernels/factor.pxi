# A Cholesky factor of G_AA + l2 that follows the support: built, appended to, rotated down. Included by gram.pyx.

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


cdef int append_block(Quadratic* p, Space* w, int* fresh, int count) noexcept nogil:
    """Take many coordinates into the factor with one triangular solve for all: L is read once. 0 where it is singular.

    [L 0; X' M] with L X = G_AB and M M' = G_BB + l2 - X'X.
    """
    cdef int i, k, j, a = w.a, ld = w.cap, info = 0, sound = 1
    cdef double one = 1.0, minus = -1.0, diagonal
    cdef char left = b'L', lower_part = b'L', no = b'N', turned = b'T'
    cdef double* X = <double*> malloc((<size_t> a + count) * count * sizeof(double))
    if X == NULL:
        return 0
    cdef double* M = X + <size_t> a * count
    for k in range(count):
        j = fresh[k]
        for i in range(a):
            X[<size_t> k * a + i] = p.G[<size_t> j * p.ld + w.order[i]]
        for i in range(k, count):
            M[k * count + i] = p.G[<size_t> j * p.ld + fresh[i]]
        M[k * count + k] += p.l2[j]
    dtrsm(&left, &lower_part, &no, &no, &a, &count, &one, w.L, &ld, X, &a)
    dsyrk(&lower_part, &turned, &count, &a, &minus, X, &a, &one, M, &count)
    dpotrf(&lower_part, &count, M, &count, &info)
    for k in range(count):
        diagonal = p.G[<size_t> fresh[k] * p.ld + fresh[k]] + p.l2[fresh[k]]
        sound = sound and info == 0 and M[k * count + k] * M[k * count + k] > FLAT * diagonal
    if sound:
        for i in range(a):
            for k in range(count):
                w.L[<size_t> i * ld + a + k] = X[<size_t> k * a + i]
        for k in range(count):
            memcpy(w.L + <size_t> (a + k) * ld + a + k, M + k * count + k, (count - k) * sizeof(double))
            w.order[a + k] = fresh[k]
            w.place[fresh[k]] = a + k
            w.ridge[a + k] = p.l2[fresh[k]]
        w.a = a + count
        w.updated = 1
    free(X)
    return sound


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
    w.built += 1
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
    work += 1.0 * fresh * count * count * (0.25 if fresh > 1 else 1.0)
    # an update runs at the speed of memory, a new factor at that of the cache: some 4 times faster
    if stale or 4.0 * work > 1.0 / 3.0 * count * count * count:
        if stale or gone or fresh:
            factor_build(p, w, w.listed, count, 1)
        return
    for i in range(w.a - 1, -1, -1):
        j = w.order[i]
        if w.enter[j] == 0 and not is_free(p, j):
            factor_remove(w, i)
    fresh = 0
    for i in range(count):
        if w.place[w.listed[i]] < 0:
            w.listed[fresh] = w.listed[i]
            fresh += 1
    if w.a < BLOCK_FROM or fresh < 4 or not append_block(p, w, w.listed, fresh):
        for i in range(fresh):
            factor_append(p, w, w.listed[i])


cdef void factor_solve(Space* w, double* x) noexcept nogil:
    """x ← (G_AA + l2)⁻¹ x. Two triangular solves: with one right-hand side twice as fast as LAPACK's dpotrs."""
    cdef int a = w.a, one = 1, ld = w.cap, i, k
    cdef char lower_part = b'L', plain = b'N', turned = b'T'
    cdef const double* column
    cdef double value
    cdef double[FEW] over
    if a <= FEW:
        for i in range(a):          # side by side, and not one after the other below
            over[i] = 1.0 / w.L[<size_t> i * ld + i]
        for i in range(a):
            column = w.L + <size_t> i * ld
            value = x[i] * over[i]
            x[i] = value
            for k in range(i + 1, a):
                x[k] -= column[k] * value
        for i in range(a - 1, -1, -1):
            value = x[i] * over[i]
            x[i] = value
            for k in range(i):
                x[k] -= w.L[<size_t> k * ld + i] * value
        return
    dtrsv(&lower_part, &plain, &plain, &a, w.L, &ld, x, &one)
    dtrsv(&lower_part, &turned, &plain, &a, w.L, &ld, x, &one)
