# What the next support along a path will be, from the slopes of the last two solutions. Included by gram.pyx.

cdef void foretell(Quadratic* p, Space* w, double* before, double* was, double ratio) noexcept nogil:
    """Mark what will enter, and let go what will leave, if c and u keep their slopes since ``before`` and ``was``.

    ``ratio`` is that of the coming step in lambda to the last one.
    """
    cdef int j, count = 0, one = 1
    cdef double c
    for j in range(p.m):
        w.enter[j] = 0
        if p.u[j] == 0.0:
            c = p.c[j] + ratio * (p.c[j] - before[j])
            if c > p.l1[j] * FORETOLD and p.up[j] > 0.0:
                w.enter[j] = 1
            elif c < -p.l1[j] * FORETOLD and p.lo[j] < 0.0:
                w.enter[j] = -1
            count += w.enter[j] != 0
    w.hinted = w.a > 0 and count <= 8 + w.a // 4
    if not w.hinted:
        return
    for j in range(p.m):
        c = p.u[j]
        if c != 0.0 and p.l1[j] > 0.0 and c * (c + ratio * (c - was[j])) < 0.0:
            p.u[j] = 0.0
            daxpy(&p.m, &c, p.G + <size_t> j * p.ld, &one, p.c, &one)
            w.moves += 1
