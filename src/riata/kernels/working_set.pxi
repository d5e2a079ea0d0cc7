# The working set of one lane with its Gram matrix. Included by gram.pyx.

# A re-solve with fresh gradients stops paying once it no longer halves the gap.
cdef int REFINEMENTS = 6
# Multiplications up to which a lane makes its newcomers' inner products without help: beyond, products over all lanes'
# newcomers pay.
cdef double MULTIPLIED = 2e5


cdef class WorkingSet(Members):
    """Coordinates W of one lane: Gram matrix, coefficients, correlations and residual, kept in step.

    The Gram matrix grows by blocks of inner products over all rows less those of the rows held out; gradients are taken
    afresh from the residual, so that rounding in the Gram matrix slows convergence but never moves the solution.
    """

    cdef readonly Residual e
    cdef double[::1, :] G
    cdef double share
    cdef int dropped                 # factors made in workspaces that were given back

    def __init__(self, Residual e, scaling, base, double share):
        self.e, self.share, self.G = e, share, None
        Members.__init__(self, scaling, base)
        self.restore()

    # -- memory ----------------------------------------------------------------------------------------------
    cdef resize(self):
        if self.G is not None:
            G = np.zeros((self.room, self.room), order="F")
            G[:self.m, :self.m] = np.asarray(self.G)[:self.m, :self.m]
            self.G = G

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
        with nogil:
            self.multiply(first)

    cdef void multiply(self, int first) noexcept nogil:
        cdef int i, r, m = self.m, n = <int> self.e.target.shape[0], one = 1
        cdef int head = <int> self.e.first, tail = n - <int> self.e.last
        cdef double g
        cdef double* z
        cdef double* y
        if tail == n:
            head, tail = 0, n
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

    cdef int admit(self, const Py_ssize_t* features, int count) noexcept nogil:
        cdef int first = self.m, m = self.m + count
        if 1.0 * m * count * self.e.target.shape[0] > MULTIPLIED or not self.gather(features, count):
            return 0
        self.multiply(first)
        self.e.correlate(first, m, self.at, self.ratio, self.c)
        return 1

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
    cdef void solve_at(self, double lam1, double lam2, double goal, int max_iter) noexcept nogil:
        """Solve, take the residual afresh, measure correlations and gap; again while a gap above goal still halves.

        The workspace must have room for every member.
        """
        cdef Quadratic p
        cdef Base base
        cdef double before, unused = 0.0
        cdef int turn, done, m = self.m
        self.rounds, self.gap = 0, 0.0
        if m == 0:
            return
        self.take_up(&p, lam1, lam2)
        p.ld, p.G, p.u, p.c = self.room, &self.G[0, 0], self.u, self.c
        base.u, base.c = self.spare, self.spare + self.room
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

    cdef double unexplained(self) noexcept nogil:
        return self.e.square
