# What every working set of a lane has: its members, their coefficients, thresholds and bounds. Included by gram.pyx.

cdef class Members:
    """Coordinates W of one lane, in the order they came; W only grows along a path."""

    cdef Space w
    cdef readonly int m              # members
    cdef int room                    # members there is memory for
    cdef double[::1] hold            # the vectors below, one after the other, `room` each
    cdef double* u                   # coefficients
    cdef double* c                   # correlations
    cdef double* l1                  # thresholds and ridge at the present λ
    cdef double* l2
    cdef double* a                   # the same at λ = 1
    cdef double* b
    cdef double* lo
    cdef double* up
    cdef double* ratio               # norm in the full data / norm here
    cdef double* shift               # mean here − mean in the full data, in norms here
    cdef double* spare               # four vectors of scratch
    cdef double* last                # coefficients at the λ before the last
    cdef Py_ssize_t[::1] members     # feature of each member
    cdef Py_ssize_t[::1] at          # where it stands among the gathered columns
    cdef double[::1] mean, norm, base_mean, base_norm, all_a, all_b, all_lo, all_up
    cdef readonly double gap         # of the last solve, in units where the null model has ½
    cdef readonly int rounds         # of the last solve
    cdef Store store                 # where newcomers are gathered without help, or None
    cdef int turn, taken             # columns added to the store since all lanes last stood still

    def __cinit__(self):
        if space_make(&self.w, 32) < 0:
            raise MemoryError

    def __dealloc__(self):
        space_free(&self.w)

    def __init__(self, scaling, base):
        self.m = self.room = 0
        self.store, self.turn, self.taken = None, 0, 0
        self.mean, self.norm, self.all_a, self.all_b = scaling.mean, scaling.norm, scaling.a, scaling.b
        self.all_lo, self.all_up = scaling.lo, scaling.up
        self.base_mean, self.base_norm = base.mean, base.norm
        self.make_room(32)

    cdef make_room(self, int size):
        """Memory for that many members, and some more, so that copying stays cheap and little lies idle."""
        cdef int old = self.room, n
        cdef double* h
        if size <= old:
            return
        n = max(old + (old // 2 if old < 512 else old // 8), size, 32)
        vectors, members, at = np.zeros((15, n)), np.zeros(n, np.intp), np.zeros(n, np.intp)
        if old:
            vectors[:, :old] = np.asarray(self.hold).reshape(15, old)
            members[:old], at[:old] = self.members, self.at
        self.hold, self.members, self.at, self.room = vectors.reshape(-1), members, at, n
        h = &self.hold[0]
        self.u, self.c, self.l1, self.l2 = h, h + n, h + 2 * n, h + 3 * n
        self.a, self.b, self.lo, self.up = h + 4 * n, h + 5 * n, h + 6 * n, h + 7 * n
        self.ratio, self.shift, self.spare, self.last = h + 8 * n, h + 9 * n, h + 10 * n, h + 14 * n
        self.resize()

    cdef resize(self):
        """Matrices of the members for the new `room`."""

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

    def enlist(self, Py_ssize_t[::1] features):
        """Take features into W with coefficient 0."""
        cdef int i
        self.make_room(self.m + <int> features.shape[0])
        for i in range(features.shape[0]):
            self.join(features[i])

    cdef void join(self, Py_ssize_t j) noexcept nogil:
        """Take one in; there is room."""
        cdef int k = self.m
        self.members[k] = j
        self.u[k] = self.c[k] = self.last[k] = 0.0
        self.a[k], self.b[k], self.lo[k], self.up[k] = self.all_a[j], self.all_b[j], self.all_lo[j], self.all_up[j]
        self.ratio[k] = self.base_norm[j] / self.norm[j]
        self.shift[k] = (self.mean[j] - self.base_mean[j]) / self.norm[j]
        self.m += 1

    cdef int admit(self, const Py_ssize_t* features, int count) noexcept nogil:
        """Take these in without help; 0 where help is wanted."""
        return 0

    def gather_in(self, Store store):
        """Newcomers may be gathered here, without help."""
        self.store = store

    cdef int gather(self, const Py_ssize_t* features, int count) noexcept nogil:
        """Gather these and take them in with coefficient 0; 0 where there is no room, or no store."""
        cdef int k, fresh, m = self.m + count
        if self.store is None or m > self.room or m > self.w.cap:
            return 0
        if self.turn != self.store.turn:
            self.turn, self.taken = self.store.turn, 0
        fresh = self.store.missing(features, count)
        if self.taken + fresh > self.store.quota:
            return 0
        self.taken += fresh
        for k in range(count):
            self.at[self.m] = self.store.place(features[k])
            self.join(features[k])
        return 1

    def place(self, Py_ssize_t[::1] where):
        """Where the members stand among the gathered columns; ``where`` has an entry for every feature."""
        cdef int i
        for i in range(self.m):
            self.at[i] = where[self.members[i]]

    cdef void take_up(self, Quadratic* p, double lam1, double lam2) noexcept nogil:
        """Thresholds and ridge at a λ, into ``p`` as well."""
        cdef int j
        for j in range(self.m):
            self.l1[j] = lam1 * self.a[j]
            self.l2[j] = lam2 * self.b[j] if self.b[j] > 0.0 else 0.0
            if self.l2[j] == INFINITY:
                self.l1[j], self.l2[j] = INFINITY, 0.0
        p.m, p.l1, p.l2, p.lo, p.up = self.m, self.l1, self.l2, self.lo, self.up

    # -- solving ---------------------------------------------------------------------------------------------
    def solve(self, double lam1, double lam2, double goal, int max_iter):
        """Bring u to the solution on W: (rounds, gap)."""
        if space_grow(&self.w, self.m) < 0:
            raise MemoryError
        with nogil:
            self.solve_at(lam1, lam2, goal, max_iter)
        return self.rounds, self.gap

    cdef void solve_at(self, double lam1, double lam2, double goal, int max_iter) noexcept nogil:
        """The same; the workspace must have room for every member."""

    cdef void foresee(self, double share, double lam1, double lam2) noexcept nogil:
        """Before a λ is solved, go to where its solution will probably be; it is ``share`` steps of the last one away."""

    cdef double held_score(self) noexcept nogil:
        """The score of the rows held out, where it is known here; else NaN."""
        return NAN

    cdef double unexplained(self) noexcept nogil:
        """The share of the null model's deviance that is left."""
        return 1.0

    cdef double level(self) noexcept nogil:
        """The linear predictor, less its offset, at this lane's own column means; 0 where that is known beforehand."""
        return 0.0
