# The working set of one lane with its Gram matrix. Included by gram.pyx.

# A re-solve with fresh gradients stops paying once it no longer halves the gap.
cdef int REFINEMENTS = 6


cdef class WorkingSet:
    """Coordinates W of one lane: Gram matrix, coefficients, correlations and residual, kept in step.

    W only grows along a path. The Gram matrix grows by blocks of inner products over all rows less those of the rows
    held out; gradients are taken afresh from the residual, so that rounding in the Gram matrix slows convergence but
    never moves the solution.
    """

    cdef Space w
    cdef readonly int m              # members
    cdef int room                    # members there is memory for
    cdef readonly Residual e
    cdef double[::1, :] G
    cdef double[::1] hold            # u, c, l1, l2, a, b, lo, up, ratio, shift, and twice `room` of scratch
    cdef double* u
    cdef double* c
    cdef double* l1
    cdef double* l2
    cdef double* a
    cdef double* b
    cdef double* lo
    cdef double* up
    cdef double* ratio               # norm in the full data / norm here
    cdef double* shift               # mean here − mean in the full data, in norms here
    cdef double* known
    cdef Py_ssize_t[::1] members     # feature of each member
    cdef Py_ssize_t[::1] at          # where it stands among the gathered columns
    cdef double[::1] mean, norm, base_mean, base_norm, all_a, all_b, all_lo, all_up
    cdef double share
    cdef readonly double gap         # of the last solve, in units where the null model has ½
    cdef readonly int rounds         # of the last solve
    cdef int dropped                 # factors made in workspaces that were given back

    def __cinit__(self):
        if space_make(&self.w, 32) < 0:
            raise MemoryError

    def __dealloc__(self):
        space_free(&self.w)

    def __init__(self, Residual e, scaling, base, double share):
        self.e, self.share, self.m, self.room = e, share, 0, 0
        self.G = None
        self.mean, self.norm, self.all_a, self.all_b = scaling.mean, scaling.norm, scaling.a, scaling.b
        self.all_lo, self.all_up = scaling.lo, scaling.up
        self.base_mean, self.base_norm = base.mean, base.norm
        self.make_room(32)

    # -- memory ----------------------------------------------------------------------------------------------
    cdef void point(self) noexcept:
        cdef double* h = &self.hold[0]
        cdef int n = self.room
        self.u, self.c, self.l1, self.l2 = h, h + n, h + 2 * n, h + 3 * n
        self.a, self.b, self.lo, self.up = h + 4 * n, h + 5 * n, h + 6 * n, h + 7 * n
        self.ratio, self.shift, self.known = h + 8 * n, h + 9 * n, h + 10 * n

    cdef make_room(self, int size):
        """Memory for that many members, and some more, so that copying stays cheap and little lies idle."""
        cdef int old = self.room, room
        if size <= old:
            return
        room = max(old + (old // 2 if old < 512 else old // 8), size, 32)
        vectors, G = np.zeros((12, room)), np.zeros((room, room), order="F")
        members, at = np.zeros(room, np.intp), np.zeros(room, np.intp)
        if old:
            vectors[:, :old] = np.asarray(self.hold).reshape(12, old)
            members[:old], at[:old] = self.members, self.at
            if self.G is not None:
                G[:self.m, :self.m] = np.asarray(self.G)[:self.m, :self.m]
        self.hold, self.G, self.members, self.at, self.room = vectors.reshape(-1), G, members, at, room
        self.point()

    @property
    def features(self):
        """The members, in the order they came."""
        return np.asarray(self.members)[:self.m]

    @property
    def coefficients(self):
        """u of the members: a view."""
        return np.asarray(self.hold)[:self.m]

    @property
    def ratios(self):
        """Norm in the full data / norm here, of the members: a view."""
        return np.asarray(self.hold)[8 * self.room:8 * self.room + self.m]

    @property
    def at_work(self):
        """Whether the Gram matrix is here."""
        return self.G is not None

    @property
    def factors(self):
        """Factors made from scratch."""
        return self.dropped + self.w.built

    def release(self):
        """Give the Gram matrix and its factor back; ``restore`` and ``fill`` make them again."""
        self.G = None
        self.dropped += self.w.built
        space_free(&self.w)
        if space_make(&self.w, 1) < 0:
            raise MemoryError

    def restore(self):
        """Memory for the Gram matrix, zeroed."""
        self.G = np.zeros((self.room, self.room), order="F")

    # -- growing ---------------------------------------------------------------------------------------------
    def enlist(self, Py_ssize_t[::1] features):
        """Take features into W with coefficient 0; their Gram block is to be filled in."""
        cdef int i, new = <int> features.shape[0], k
        cdef Py_ssize_t j
        self.make_room(self.m + new)
        for i in range(new):
            j, k = features[i], self.m + i
            self.members[k] = j
            self.u[k] = self.c[k] = 0.0
            self.a[k], self.b[k], self.lo[k], self.up[k] = self.all_a[j], self.all_b[j], self.all_lo[j], self.all_up[j]
            self.ratio[k] = self.base_norm[j] / self.norm[j]
            self.shift[k] = (self.mean[j] - self.base_mean[j]) / self.norm[j]
        self.m += new

    def place(self, Py_ssize_t[::1] where):
        """Where the members stand among the gathered columns; ``where`` has an entry for every feature."""
        cdef int i
        for i in range(self.m):
            self.at[i] = where[self.members[i]]

    def fill(self, int first, double[:, :] total, Py_ssize_t[::1] total_columns, held, Py_ssize_t[::1] held_columns):
        """Gram block of the members from ``first`` on, one for each of the columns named.

        ``total`` (n_gathered, …) holds inner products of all gathered columns over all rows, ``held`` the same over
        the rows held out, or None where none are; both on the scale of the full data.
        """
        cdef double[:, :] less
        cdef int i, r, new = <int> total_columns.shape[0], col
        cdef Py_ssize_t t, h
        cdef double g
        cdef int all_rows = held is None
        less = total if all_rows else held
        with nogil:
            for i in range(new):
                col, t = first + i, total_columns[i]
                h = t if all_rows else held_columns[i]
                for r in range(self.m):
                    g = total[self.at[r], t]
                    if not all_rows:
                        g = (g - less[self.at[r], h]) / self.share * self.ratio[r] * self.ratio[col] \
                            - self.shift[r] * self.shift[col]
                    self.G[r, col] = g
                    self.G[col, r] = g
            for i in range(new):
                self.G[first + i, first + i] = 1.0

    def multiply_out(self, int first):
        """Gram block of the members from ``first`` on: inner products over the training rows, one at a time."""
        cdef int i, r, m = self.m, n = <int> self.e.target.shape[0], one = 1
        cdef int head = <int> self.e.first, tail = n - <int> self.e.last
        cdef double g
        cdef double* z
        cdef double* y
        if tail == n:
            head, tail = 0, n
        with nogil:
            for i in range(first, m):
                z = &self.e.Z[0, self.at[i]]
                for r in range(i):
                    y = &self.e.Z[0, self.at[r]]
                    g = ddot(&tail, z + n - tail, &one, y + n - tail, &one)
                    if head > 0:
                        g += ddot(&head, z, &one, y, &one)
                    g = g / self.share * self.ratio[r] * self.ratio[i] - self.shift[r] * self.shift[i]
                    self.G[r, i] = g
                    self.G[i, r] = g
                self.G[i, i] = 1.0

    def put(self, int first, block):
        """The same from a block that is on this lane's scale already."""
        G, m = np.asarray(self.G), self.m
        stop = first + block.shape[1]
        G[:m, first:stop] = block
        G[first:stop, :m] = block.T
        G[range(first, stop), range(first, stop)] = 1.0

    def measure(self, int first):
        """Correlations of the members from ``first`` on with the residual."""
        self.e.correlate(first, self.m, self.at, self.ratio, self.c)

    def begin(self, double[::1] u):
        """Start from these coefficients (m,) of the members."""
        cdef int i
        for i in range(self.m):
            self.u[i] = u[i]
        self.e.renew(self.m, self.u, self.at, self.ratio)
        self.e.correlate(0, self.m, self.at, self.ratio, self.c)

    # -- solving ---------------------------------------------------------------------------------------------
    def solve(self, double lam1, double lam2, double goal, int max_iter):
        """Bring u to the solution on W: (rounds, gap)."""
        if space_grow(&self.w, self.m) < 0:
            raise MemoryError
        with nogil:
            self.solve_at(lam1, lam2, goal, max_iter)
        return self.rounds, self.gap

    cdef void solve_at(self, double lam1, double lam2, double goal, int max_iter) noexcept nogil:
        """Solve, take the residual afresh, measure correlations and gap; again while a gap above goal still halves.

        The workspace must have room for every member.
        """
        cdef Quadratic p
        cdef Base base
        cdef double before, unused = 0.0
        cdef int turn, done, j, m = self.m
        self.rounds, self.gap = 0, 0.0
        if m == 0:
            return
        for j in range(m):
            self.l1[j] = lam1 * self.a[j]
            self.l2[j] = lam2 * self.b[j] if self.b[j] > 0.0 else 0.0
            if self.l2[j] == INFINITY:
                self.l1[j], self.l2[j] = INFINITY, 0.0
        p.m, p.ld, p.G, p.u, p.c = m, self.room, &self.G[0, 0], self.u, self.c
        p.l1, p.l2, p.lo, p.up = self.l1, self.l2, self.lo, self.up
        base.u, base.c = self.known, self.known + self.room
        self.gap = INFINITY
        for turn in range(REFINEMENTS):
            memcpy(base.u, p.u, m * sizeof(double))
            memcpy(base.c, p.c, m * sizeof(double))
            base.rr = self.e.square
            done = solve(&p, &self.w, &base, goal, max_iter, &unused)
            self.rounds += abs(done)
            self.e.renew(m, p.u, self.at, self.ratio)
            self.e.correlate(0, m, self.at, self.ratio, p.c)
            before = self.gap
            self.gap = gap_of(&p, &self.w, self.e.square)
            if self.gap <= goal or done < 0 or self.gap > 0.5 * before:
                break
