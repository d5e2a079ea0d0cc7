# One lane's way down the λ grid, compiled: it stops only for what it cannot do by itself. Included by blocks.pyx.

# What ``advance`` returns: the end of the grid; columns to read, all or ``columns``; a score of this λ.
DONE, PASS, READ, SCORE, ENTER = 0, 1, 2, 3, 4

cdef enum:
    BEGIN = 0
    SOLVE = 1
    JUDGE = 2
    RECORD = 3

# Beyond this share of open blocks a full pass costs less than reading them, and it feeds the span.
cdef double READ_SHARE = 0.4
# Blocks are taken in ahead where their foreseen length comes this close to its limit, in shares of the step in λ.
cdef double EAGER = 0.25
# A working set of at least SMALL blocks lets those go that are zero and further from entering than NEAR steps in λ,
# where no more than the share CROWDED of it would stay.
cdef int SMALL = 24
cdef double NEAR = 1.0, CROWDED = 0.8
# Newcomers at a time: at most as many as W has blocks, or this.
cdef int MOST = 32


cdef class BlockTrack:
    """Working set, proof that nothing outside it matters, and results of one lane.

    ``Z`` (n, p) holds all columns, or none: then the lane asks for what it wants to read and for whom it takes in.
    """

    cdef BlockSet set_
    cdef Proof proof
    cdef double[::1] limit, l1, l2, s, now, root, lams, test, seen
    cdef double[:, ::1] e
    cdef double[::1, :] Z
    cdef double[::1] ratio
    cdef double sigma, goal
    cdef int max_iter, use_span, whole, state, foreseen, keep, scored, nested, count, used, outside
    cdef Py_ssize_t[::1] found, blocks, features, outs
    cdef double[::1] values
    cdef char[::1] mask
    cdef readonly int k
    cdef readonly object c, gaps, square, rounds, length, loss, ends, B
    cdef double[:, ::1] c_, B_
    cdef double[::1] gaps_, square_, length_, loss_
    cdef Py_ssize_t[::1] rounds_, ends_

    def __init__(self, BlockSet set_, Proof proof, double[::1] limit, double[::1] l1, double[::1] l2, double[::1] s,
                 double[::1] root, double[::1] ratio, double sigma, int use_span):
        cdef Py_ssize_t g
        self.set_, self.proof, self.limit, self.l1, self.l2, self.s = set_, proof, limit, l1, l2, s
        self.root, self.ratio, self.sigma, self.use_span = root, ratio, sigma, use_span
        self.nested, self.whole, self.foreseen = s.shape[0] > 0, 0, 0
        self.c = np.zeros((set_.K, proof.p))
        self.c_, self.e, self.now = self.c, np.zeros((set_.K, set_.n)), np.zeros(s.shape[0])
        self.found, self.blocks = np.zeros(limit.shape[0], np.intp), np.zeros(limit.shape[0], np.intp)
        self.mask, self.seen = np.zeros(limit.shape[0], np.int8), np.zeros(limit.shape[0])
        self.features, self.outs, self.values = np.zeros(1024, np.intp), np.zeros(1024, np.intp), np.zeros(1024)
        self.outside = 0
        for g in range(limit.shape[0]):
            self.outside += limit[g] < INFINITY

    def all_columns(self, double[::1, :] Z):
        """Z is whole: nothing has to be asked for."""
        self.Z, self.whole = Z, 1
        self.set_.columns(Z)

    def grid(self, double[::1] lams, double goal, int max_iter, int keep, int scored, double[::1] test):
        """Start at the top of a decreasing grid; ``scored`` says to stop at every λ, ``test`` (n,) the weights at which
        the loss is recorded."""
        L = lams.shape[0]
        self.lams, self.goal, self.max_iter, self.keep, self.scored, self.test = lams, goal, max_iter, keep, scored, test
        self.gaps, self.square, self.length, self.loss = np.zeros(L), np.ones(L), np.zeros(L), np.full(L, np.nan)
        self.rounds, self.ends, self.B = np.zeros(L, np.intp), np.zeros(L, np.intp), np.zeros((L, self.set_.B.shape[0]))
        self.gaps_, self.square_, self.length_, self.loss_ = self.gaps, self.square, self.length, self.loss
        self.rounds_, self.ends_, self.B_ = self.rounds, self.ends, self.B
        self.k, self.used, self.state = 0, 0, BEGIN

    @property
    def asked(self):
        """Blocks that were found last."""
        return np.array(self.found[:self.count])

    @property
    def points(self):
        """(features, outputs, u) of the coefficients that are not zero, of all λ; ``ends`` says where each ends."""
        used = self.used
        return np.asarray(self.features)[:used], np.asarray(self.outs)[:used], np.asarray(self.values)[:used]

    # -- the way down ----------------------------------------------------------------------------------------
    def advance(self):
        """Go on until something is wanted."""
        cdef double lam
        while self.k < self.lams.shape[0]:
            lam = self.lams[self.k]
            if self.state == BEGIN:
                PyErr_CheckSignals()    # Ctrl-C
                self.state = SOLVE
                if self.k > 0:
                    self.shed()
                    if self.foreseen and self.outside:
                        with nogil:
                            self.expect(lam)
                        if self.admit():
                            return ENTER
            elif self.state == SOLVE:
                with nogil:
                    self.set_.solve_with(lam / self.sigma, lam, self.goal, self.max_iter)
                self.rounds_[self.k] += self.set_.rounds
                self.gaps_[self.k] = self.set_.gap
                self.state = RECORD
                if self.outside:
                    event = self.prove(lam)
                    if event:
                        return event
            elif self.state == JUDGE:
                with nogil:
                    self.judge(lam)
                self.state = SOLVE if self.count else RECORD
                if self.admit():
                    return ENTER
            else:
                self.record()
                self.state = BEGIN
                self.k += 1
                if self.scored:
                    return SCORE
        return DONE

    cdef prove(self, double lam):
        """Whether anything outside W matters: what has to be read for that, or READ and PASS where it is asked for."""
        cdef Py_ssize_t g
        cdef int known
        with nogil:
            self.scaled_residual()
        self.foreseen = self.use_span and self.proof.foresee(self.e)
        known = self.foreseen
        with nogil:
            for g in range(self.s.shape[0]):
                self.now[g] = lam / self.sigma * self.s[g]
            if known:
                self.count = self.proof.list_beyond(lam / self.sigma, 1.0, self.limit, self.now, self.found, self.seen)
                known = self.count <= READ_SHARE * self.limit.shape[0]
        if known and self.count == 0:
            return 0
        self.state = JUDGE
        if known and not self.whole:
            return READ
        if known:
            with nogil:
                self.read_open()
            return 0
        if not self.whole:
            return PASS
        with nogil:
            self.read_all()
        self.learn()
        return 0

    cdef void scaled_residual(self) noexcept nogil:
        cdef int i, k, n = self.set_.n
        for k in range(self.set_.K):
            for i in range(n):
                self.e[k, i] = self.set_.r[k * n + i] / self.root[i]

    def learn(self):
        """``c`` (K, p) holds exact correlations of all columns with the residual."""
        cdef Py_ssize_t g
        with nogil:
            self.scaled_residual()
        self.proof.learn(self.e, self.c_)
        self.count = 0
        for g in range(self.limit.shape[0]):
            if self.limit[g] < INFINITY:
                self.found[self.count] = g
                self.count += 1

    cdef void read_all(self) noexcept nogil:
        cdef int n = self.set_.n, p = <int> self.proof.p, K = self.set_.K, j, k
        cdef double one = 1.0, zero = 0.0
        cdef char turned = b'T', no = b'N'
        dgemm(&turned, &no, &p, &K, &n, &one, &self.Z[0, 0], &n, &self.set_.r[0], &n, &zero, &self.c_[0, 0], &p)
        for k in range(K):
            for j in range(p):
                self.c_[k, j] *= self.ratio[j] / self.sigma

    cdef void read_open(self) noexcept nogil:
        cdef int n = self.set_.n, K = self.set_.K, i, k, one = 1
        cdef Py_ssize_t g, a, j
        for i in range(self.count):
            g = self.found[i]
            if self.proof.by_entry:
                j, k = g // K, <int> (g % K)
                self.c_[k, j] = self.ratio[j] / self.sigma * ddot(&n, &self.Z[0, j], &one, &self.set_.r[k * n], &one)
                continue
            for a in range(self.proof.first[g], self.proof.first[g + 1]):
                j = self.proof.listed[a]
                for k in range(K):
                    self.c_[k, j] = self.ratio[j] / self.sigma * ddot(&n, &self.Z[0, j], &one, &self.set_.r[k * n], &one)

    cdef void judge(self, double lam) noexcept nogil:
        """Which of the blocks found pass their limits, by what was read."""
        cdef int i, count = 0
        cdef Py_ssize_t g
        cdef double size
        for i in range(self.count):
            g = self.found[i]
            size = self.proof.length_in(g, &self.c_[0, 0], self.now)
            if size > lam / self.sigma * self.limit[g]:
                self.found[count], self.seen[count] = g, size
                count += 1
        self.count = count

    cdef void expect(self, double lam) noexcept nogil:
        """Blocks that will probably pass their limits at a new λ."""
        cdef double at = max(lam - EAGER * (self.lams[self.k - 1] - lam), 0.5 * lam) / self.sigma
        cdef Py_ssize_t g
        for g in range(self.s.shape[0]):
            self.now[g] = lam / self.sigma * self.s[g]
        self.count = self.proof.list_beyond(at, 0.0, self.limit, self.now, self.found, self.seen)

    # -- the working set -------------------------------------------------------------------------------------
    cdef int admit(self):
        """Take the blocks found into W, the strongest of them; whether the caller has to gather them first."""
        cdef int most = max(MOST, self.set_.nb), i
        if self.count == 0:
            return 0
        if self.count > most:
            found, l1 = np.asarray(self.found)[:self.count], np.asarray(self.l1)
            with np.errstate(divide="ignore"):
                order = np.argsort(-np.asarray(self.seen)[:self.count] / l1[found], kind="stable")
            found[:most] = np.sort(found[order[:most]])
            self.count = most
        if not self.whole:
            return 1
        self.enter(None)
        return 0

    def enter(self, Py_ssize_t[::1] where):
        """Take the blocks found into W; ``where`` (p,) says where their columns stand, None: where they always do."""
        cdef int i, k, K = self.set_.K, new = 0, size
        cdef Py_ssize_t g, a, j
        cdef int fixed = where is None
        for i in range(self.count):
            g = self.found[i]
            new += 1 if self.proof.by_entry else K * (self.proof.first[g + 1] - self.proof.first[g])
        self.set_.make_room(self.set_.m + new, self.set_.nb + self.count)
        for i in range(self.count):
            g = self.found[i]
            size = 0
            if self.proof.by_entry:
                j, size = g // K, 1
                self.set_.add_member(j, g % K, j if fixed else where[j], self.ratio[j], 0.0)
            else:
                for a in range(self.proof.first[g], self.proof.first[g + 1]):
                    j = self.proof.listed[a]
                    for k in range(K):
                        self.set_.add_member(j, k, j if fixed else where[j], self.ratio[j],
                                             self.s[j] if self.nested else 0.0)
                        size += 1
            self.blocks[self.set_.nb] = g
            self.set_.close_block(size, self.l1[g], self.l2[g])
            self.limit[g] = INFINITY
        self.outside -= self.count
        self.set_.settle_blocks()
        self.count = 0

    cdef shed(self):
        """Let go of what is far from entering: a model's cost grows with the square of its members."""
        cdef int g, stay = 0, nb = self.set_.nb
        cdef double before = self.lams[self.k - 1], near
        cdef Blocks* p = &self.set_.p
        if nb < SMALL:
            return
        near = 1.0 - NEAR * (before - self.lams[self.k]) / before
        p.u, p.c = self.set_.u, self.set_.c
        for g in range(nb):
            self.mask[g] = (p.l1[g] <= 0.0 or length(p.u + p.start[g], p.start[g + 1] - p.start[g]) > 0.0
                            or soft_length(p, g, 1.0) > near * p.l1[g])
            stay += self.mask[g]
        if stay > CROWDED * nb:
            return
        stay = 0
        for g in range(nb):
            if self.mask[g]:
                self.blocks[stay] = self.blocks[g]
                stay += 1
            else:
                self.limit[self.blocks[g]] = self.l1[self.blocks[g]]
                self.outside += 1
        self.set_.shed(self.mask)

    # -- results ---------------------------------------------------------------------------------------------
    cdef record(self):
        cdef BlockSet w = self.set_
        cdef int i, k = self.k
        cdef Py_ssize_t room
        self.square_[k] = 1.0 - w.explained
        if self.test is not None:
            self.loss_[k] = w.loss.value(&w.eta[0], &self.test[0])
        if not self.keep:
            return
        if self.used + w.m > self.features.shape[0]:
            room = 2 * (self.used + w.m)
            self.features, self.outs = longer(self.features, room), longer(self.outs, room)
            self.values = longer(self.values, room)
        for i in range(w.m):
            if w.u[i] != 0.0:
                self.features[self.used], self.outs[self.used], self.values[self.used] = w.members[i], w.outs[i], w.u[i]
                self.length_[k] += fabs(w.u[i])
                self.used += 1
        self.ends_[k] = self.used
        self.B_[k, :] = w.B


cdef longer(x, Py_ssize_t room):
    """A copy with room for more."""
    old = np.asarray(x)
    new = np.empty(room, old.dtype)
    new[:len(old)] = old
    return new
