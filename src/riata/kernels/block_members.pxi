# The members of a working set with blocks and their memory. Included by blocks.pyx.

# Members, for each row, from which the matrix of the model is held as A'A (from 0.5 to 1.5 it makes no difference).
cdef double ROWS_FROM = 1.0


cdef class BlockMembers:
    """Members W of one lane, pairs (column, output) side by side in blocks, and the memory of all that goes with them."""

    cdef Blocks p
    cdef Outputs loss
    cdef readonly int m, nb, K, f
    cdef int n, kron, room, room_blocks, built, stale, per
    cdef readonly int by_rows        # whether the matrix is held as A'A (block_rows.pxi)
    cdef public double rows_from     # members, for each row, from which it is
    cdef double[::1, :] Z, Phi, G, A, Bp, E, Q
    cdef double[::1] rest, fit
    cdef double[::1] s, offset, S, frozen, move, trial, h, work, root, HPhi
    cdef readonly double[::1] eta, r, B
    cdef double[::1] hold, ghold, eighold
    cdef int[::1] ihold
    cdef char[::1] made
    cdef size_t[::1] at_eig
    cdef size_t eig_used
    cdef double* u
    cdef double* c
    cdef double* ratio
    cdef double* us
    cdef double* last                # u at the λ before the last
    cdef double* kept                # correlations before the model's descent
    cdef double lam, lam_before
    cdef double* goal_u
    cdef double* goal_c
    cdef double* ul1
    cdef double* ul2
    cdef Py_ssize_t[::1] members, outs, at
    cdef readonly double value, sigma, floor, gap
    cdef double rr, tight            # about ‖residual‖² of the model; what its goal is divided by
    cdef readonly int rounds, hessians

    def __init__(self, Outputs loss, double[::1] s, double[::1] offset, double[::1, :] Phi, double[::1] B,
                 double floor, double sigma, int kron, int nested):
        cdef int n = loss.n, K = loss.K
        self.loss, self.s, self.offset, self.Phi, self.n, self.K = loss, s, offset, Phi, n, K
        self.f, self.kron, self.floor, self.sigma = <int> Phi.shape[1], kron, floor, sigma
        self.B = B
        self.per = K if kron else 1
        self.eta, self.r, self.h = np.zeros(n * K), np.zeros(n * K), np.zeros(n * K)
        self.frozen, self.move, self.trial = np.zeros(n * K), np.zeros(n * K), np.zeros(n * K)
        self.S = np.zeros(max(1, (self.f * K) ** 2))
        self.root, self.HPhi = np.zeros(2 * n * K), np.zeros(max(1, n * self.f * K * K))
        self.work = np.zeros(max(1, 4 * self.f * K + (self.f * K) ** 2))
        self.Z = np.empty((n, 0), order="F")
        self.m = self.nb = self.room = self.room_blocks = self.built = self.hessians = self.stale = 0
        self.p.K, self.p.nested, self.p.factors = self.per, nested, 0
        self.p.turns = 0
        self.eig_used = 0
        self.p.rows = self.by_rows = 0
        self.rows_from = ROWS_FROM
        self.lam = self.lam_before = 0.0
        self.rest, self.fit, self.Q = np.zeros(n * K), np.zeros(n * K), None
        self.make_room(32, 32)

    # -- memory ----------------------------------------------------------------------------------------------
    cdef make_room(self, int size, int blocks):
        cdef int old = self.room, room, cols, wide
        if size > old:
            room = max(old + old // 2, size, 32)
            room += -room % self.per
            cols = room // self.per
            vectors, ints = np.zeros((14, room)), np.zeros(2 * room, np.intc)
            wide = 1 if self.by_rows else cols
            G = np.zeros((wide, wide), order="F")
            A = np.zeros((self.n, cols), order="F")
            E = np.zeros((max(1, self.f * self.K), cols), order="F")
            members, outs, at = np.zeros(room, np.intp), np.zeros(room, np.intp), np.zeros(room, np.intp)
            if old:
                vectors[:, :old] = np.asarray(self.hold).reshape(14, old)
                members[:old], outs[:old], at[:old] = self.members, self.outs, self.at
                if not self.by_rows:
                    G[:self.built, :self.built] = np.asarray(self.G)[:self.built, :self.built]
                A[:, :self.built] = np.asarray(self.A)[:, :self.built]
                E[:, :self.built] = np.asarray(self.E)[:, :self.built]
            if self.loss.kind == SOFTMAX:
                Bp = np.zeros((self.n, cols), order="F")
                if old:
                    Bp[:, :self.built] = np.asarray(self.Bp)[:, :self.built]
                self.Bp = Bp
            self.hold, self.G, self.A, self.E, self.ihold = vectors.reshape(-1), G, A, E, ints
            self.members, self.outs, self.at, self.room = members, outs, at, room
        if blocks > self.room_blocks:
            room = max(self.room_blocks + self.room_blocks // 2, blocks, 32)
            grown, starts = np.zeros((4, room)), np.zeros(2 * room + 1, np.intc)
            made, places = np.zeros(room, np.int8), np.zeros(room, np.uintp)
            if self.room_blocks:
                grown[:, :self.nb] = np.asarray(self.ghold).reshape(4, self.room_blocks)[:, :self.nb]
                starts[:self.nb + 1] = np.asarray(self.starts_)[:self.nb + 1]
                made[:self.nb], places[:self.nb] = np.asarray(self.made)[:self.nb], np.asarray(self.at_eig)[:self.nb]
            self.ghold, self.starts_, self.made, self.at_eig = grown.reshape(-1), starts, made, places
            self.room_blocks = room
        self.point()

    cdef int[::1] starts_

    cdef void point(self) noexcept:
        """Pointers into the memory, wherever it is now."""
        cdef double* h = &self.hold[0]
        cdef int room = self.room
        cdef Blocks* p = &self.p
        self.u, self.c, self.ratio, self.us = h, h + room, h + 2 * room, h + 3 * room
        self.goal_u, self.goal_c, p.s = h + 4 * room, h + 5 * room, h + 6 * room
        p.q, p.v, p.g, p.d, p.e = h + 7 * room, h + 8 * room, h + 9 * room, h + 10 * room, h + 11 * room
        self.last, self.kept = h + 12 * room, h + 13 * room
        p.active, p.ld, p.G = &self.ihold[0], room // self.per, &self.G[0, 0]
        p.image = self.goal_c
        p.A, p.rest, p.c0, p.fit = &self.A[0, 0], &self.rest[0], self.kept, &self.fit[0]
        h = &self.ghold[0]
        room = self.room_blocks
        p.l1, p.l2, self.ul1, self.ul2 = h, h + room, h + 2 * room, h + 3 * room
        p.start, p.listed, p.made, p.at = &self.starts_[0], &self.starts_[room + 1], &self.made[0], &self.at_eig[0]

    @property
    def explained(self):
        """1 − (F − F(saturated)) / (F(null) − F(saturated))."""
        return 1.0 - 2.0 * (self.value - self.floor) / (self.sigma * self.sigma)

    @property
    def factors(self):
        """Cholesky factors made."""
        return self.p.factors

    @property
    def turns(self):
        """Turns of conjugate gradients."""
        return self.p.turns

    def columns(self, double[::1, :] Z):
        """The gathered columns, wherever they are now."""
        self.Z = Z

    cdef void add_member(self, Py_ssize_t feature, Py_ssize_t out, Py_ssize_t at, double ratio, double s) noexcept:
        """One more member with coefficient 0 (there is room); ``at`` is where its column stands."""
        cdef int k = self.m
        self.members[k], self.outs[k], self.at[k] = feature, out, at
        self.u[k] = self.c[k] = self.last[k] = 0.0
        self.ratio[k], self.us[k] = ratio, s
        self.m += 1

    cdef void close_block(self, int size, double l1, double l2) noexcept:
        """The last ``size`` members are a block of these weights at λ = 1."""
        cdef int g = self.nb
        self.ul1[g], self.ul2[g] = l1, l2
        self.starts_[g + 1] = self.starts_[g] + size
        self.made[g] = 0
        self.at_eig[g] = self.eig_used
        self.eig_used += 2 if self.per == size and not self.p.nested else size * size + size
        self.nb += 1

    cdef settle_blocks(self):
        """After blocks were added."""
        cdef int g
        if self.eighold is None or self.eighold.shape[0] < <Py_ssize_t> self.eig_used:
            self.eighold = np.zeros(max(64, 2 * self.eig_used))
            for g in range(self.nb):
                self.made[g] = 0
        self.p.eig = &self.eighold[0]
        self.p.m, self.p.nb = self.m, self.nb
        if not self.by_rows and self.m // self.per > self.rows_from * self.n and self.per == self.K \
                and not self.p.nested and self.loss.kind != OUTSIDE:
            self.hold_rows()

    cdef hold_rows(self):
        """From now on the matrix is held as A'A."""
        self.by_rows, self.p.rows, self.built = 1, self.n, 0
        self.G, self.Q = np.zeros((1, 1), order="F"), np.zeros((self.n, max(1, self.f)), order="F")
        self.point()

    def shed(self, char[::1] keep):
        """Let blocks (n_blocks,) go that ``keep`` does not name: their coefficients are zero."""
        cdef int g, i, j, k, new = 0, nb = 0, first, b, cols, per = self.per, wide = self.nb
        kept = np.empty(self.m, np.intc)
        cdef int[::1] was = kept
        for g in range(wide):
            first, b = self.starts_[g], self.starts_[g + 1] - self.starts_[g]
            if not keep[g]:
                continue
            for i in range(first, first + b):
                was[new] = i
                new += 1
            self.ul1[nb], self.ul2[nb], self.made[nb], self.at_eig[nb] = self.ul1[g], self.ul2[g], self.made[g], self.at_eig[g]
            nb += 1
            self.starts_[nb] = new      # never ahead of what is still to be read
        for i in range(new):
            j = was[i]
            self.members[i], self.outs[i], self.at[i] = self.members[j], self.outs[j], self.at[j]
            self.u[i], self.c[i], self.ratio[i], self.us[i] = self.u[j], self.c[j], self.ratio[j], self.us[j]
            self.last[i] = self.last[j]
        cols = new // per
        if self.built * per < self.m:
            self.built = 0
        if self.built and self.loss.kind == SQUARE:
            for j in range(cols):
                k = was[j * per] // per
                for i in range(0 if self.by_rows else cols):
                    self.G[i, j] = self.G[was[i * per] // per, k]
                if k != j:
                    for i in range(self.n):
                        self.A[i, j] = self.A[i, k]
                    for i in range(self.f * self.K):
                        self.E[i, j] = self.E[i, k]
            self.built = cols
        else:
            self.built = 0
        self.m, self.nb = new, nb
        self.p.m, self.p.nb = new, nb
