# One lane's way down the λ grid, as far as it goes without help. Included by gram.pyx.

# What a lane stops for.
cdef enum:
    AT_END = 0       # every λ is solved
    TO_SOLVE = 1     # the inner solver is not compiled: solve at `lam1`, `lam2`, then say `solved`
    TO_PASS = 2      # wants the correlations of every column
    TO_READ = 3      # wants the correlations of `asked`
    TO_ENTER = 4     # `asked` violate optimality: take them into the working set
    TO_SCORE = 5     # solved at the present λ: say what the score of the rows held out is (`scored`)
DONE, SOLVE, PASS, READ, ENTER, SCORE = AT_END, TO_SOLVE, TO_PASS, TO_READ, TO_ENTER, TO_SCORE

# Rounds at one λ after which it is left as it is.
cdef int MOST_ROUNDS = 1000
# Newcomers at a time: as many as the working set has members, but at least these.
cdef int NEWCOMERS = 32
# Columns left open, in multiples of all, from which the coarse copy is asked about every column.
cdef double OFTEN = 1.0
# Beyond this share of a residual's length what the coarse copy taught has added up to too much: a pass.
cdef double WORN = 0.06

cdef extern from "proof.h" nogil:
    long open_columns(long p, const float* t0, const float* t1, const float* t2, const float* a, float off, float scale,
                      const float* edge, Py_ssize_t* open, long room)


cdef class Track:
    """Solve at one λ after the other, prove each time that nothing outside the working set matters, record results.

    The proof is the span bound (see span.pxi). Of the columns that it leaves open the coarse copy settles most, where
    there is one, and teaches the span now and then; the rest is read, here where `reads` has the matrix, else by the
    caller.
    """

    cdef readonly Members set        # or None
    cdef readonly double[::1] train, full
    cdef double[::1] root
    cdef Py_ssize_t first, last      # rows held out
    cdef double share, sigma
    # the grid
    cdef readonly double[::1] lams
    cdef readonly int k
    cdef double goal
    cdef int max_iter, is_solved, is_passed, is_scored, tries
    # the proof
    cdef readonly Span span
    cdef double top
    cdef float[::1] edge             # thresholds at λ = 1 over `top`; infinite for what needs no proof
    cdef readonly double[::1] unit   # the same in full precision, on the scale of σ
    cdef double[::1] lo, up, norm
    cdef int bounded, use_span       # without the span every λ takes a pass
    cdef readonly int left           # columns that need proof
    cdef Py_ssize_t[::1] open_       # room for columns without proof, then for violators among them
    cdef double[::1] correlation
    cdef int count
    cdef readonly Reads reads
    cdef float[::1] seen             # correlations that `expect` last found in the table, or None
    cdef int most                    # columns that are worth reading singly between two passes
    cdef double since                # columns read since the span last learnt
    cdef double looked               # columns left open since the span was last extended
    cdef double worn                 # how far off the newest row of its table may be
    # results
    cdef readonly double[::1] gaps, square, loss, length, levels
    cdef readonly int[::1] rounds
    cdef int measure                 # 0 none, 1 squares, 2 absolute values, 3 what `scored` says, 4 what members say
    cdef int keep                    # whether coefficients are recorded
    cdef readonly Py_ssize_t[::1] ends
    cdef int* where
    cdef double* value
    cdef Py_ssize_t stored, capacity

    def __init__(self, Members set, double[::1] train, double[::1] full, double[::1] root, held, double share,
                 scaling, double[::1] unit, int most, int use_span):
        cdef Py_ssize_t j, p = unit.shape[0]
        self.set, self.train, self.full, self.root, self.share = set, train, full, root, share
        self.first, self.last = (held.start, held.stop) if held is not None else (0, 0)
        self.sigma = scaling.y_norm if scaling.y_norm > 0 else 1.0
        self.lo, self.up, self.norm, self.bounded = scaling.lo, scaling.up, scaling.norm, scaling.bounded
        self.unit, self.use_span = unit, use_span
        self.most, self.open_, self.correlation = most, np.empty(p + 8, np.intp), np.empty(p)
        self.edge = np.empty(p, np.float32)
        self.top, self.left = 0.0, 0
        for j in range(p):
            if unit[j] < INFINITY:
                self.left += 1
                if unit[j] > self.top:
                    self.top = unit[j]
        if self.top == 0.0:
            self.top = 1.0
        for j in range(p):
            self.edge[j] = <float> (unit[j] / self.top)
        self.seen, self.since, self.looked, self.worn = None, 0.0, 0.0, 0.0
        self.span, self.reads = Span(train.shape[0], p), Reads(root, self.norm, share)
        self.grid(np.zeros(0), 0.0, 0, 0, 0)

    def __dealloc__(self):
        free(self.where)
        free(self.value)

    # -- what the caller provides ----------------------------------------------------------------------------
    def grid(self, double[::1] lams, double goal, int max_iter, int measure, int keep):
        """Start at the top of a decreasing grid; ``measure`` says what is taken of the rows held out."""
        cdef int L = <int> lams.shape[0]
        self.lams, self.goal, self.max_iter, self.measure, self.keep = lams, goal, max_iter, measure, keep
        self.k, self.is_solved, self.is_passed, self.is_scored, self.tries, self.stored = 0, 0, 0, 0, 0, 0
        self.gaps, self.square, self.length, self.levels = np.zeros((4, L))
        self.loss, self.rounds, self.ends = np.zeros(L), np.zeros(L, np.int32), np.zeros(L, np.intp)

    def learn(self, double[::1] c):
        """Take the correlations of every column with the residual as it is: they serve later proofs."""
        self.since = self.looked = self.worn = 0.0
        if self.use_span and self.span.add(self.train, c) < 0:
            raise MemoryError

    def compare(self, double[::1] c):
        """With these correlations of every column: violators are `asked` and `found`, unless they enter without help."""
        cdef Py_ssize_t j
        cdef double lam = self.lams[self.k] / self.sigma
        self.count = 0
        for j in range(c.shape[0]):
            if fabs(c[j]) > lam * self.unit[j] and (self.up[j] > 0.0 if c[j] > 0.0 else self.lo[j] < 0.0):
                self.open_[self.count] = j
                self.correlation[self.count] = c[j]
                self.count += 1
        if self.count > 0 and self.admit():
            self.count = 0
            return False
        return True

    def expect(self, double lam, double ratio):
        """Find what will probably violate optimality at lam: `asked`; false where nothing is known yet.

        The correlations that the span tells are moved on by ``ratio`` times their step since the last call.
        """
        cdef Py_ssize_t j, p = self.unit.shape[0]
        cdef float[KEPT] a
        cdef float c, ahead, most = <float> ratio
        cdef int k, first = self.seen is None
        self.count = 0
        if self.span.size == 0:
            return False
        if first:
            self.seen = np.empty(p, np.float32)
        with nogil:
            self.span.project(self.train, a)
            for j in range(p):
                c = 0.0
                for k in range(self.span.size):
                    c += a[k] * self.span.table[k, j]
                ahead = c if first else c + most * (c - self.seen[j])
                self.seen[j] = c
                if fabsf(ahead) > lam / self.sigma * self.unit[j] and self.count < self.most and (
                        self.up[j] > 0.0 if ahead > 0.0 else self.lo[j] < 0.0):
                    self.open_[self.count] = j
                    self.count += 1
        return True

    def enter(self, Py_ssize_t[::1] features):
        """These are in the working set now; the present λ is to be solved again."""
        cdef Py_ssize_t i
        for i in range(features.shape[0]):
            self.leave(features[i])

    cdef void leave(self, Py_ssize_t j) noexcept nogil:
        """This one needs no proof any more."""
        self.unit[j], self.edge[j] = INFINITY, <float> INFINITY
        self.left -= 1
        self.is_solved = 0

    cdef int admit(self) noexcept nogil:
        """Take the violators into the working set without help; 0 where help is wanted."""
        cdef int i
        if self.set is None or self.count > max(NEWCOMERS, self.set.m) \
                or not self.set.admit(&self.open_[0], self.count):
            return 0
        for i in range(self.count):
            self.leave(self.open_[i])
        return 1

    def solved(self, int rounds, double gap, double square, double length, double level):
        """What an inner solver that is not compiled reached at the present λ; ``length`` is |u|_1, ``level`` as members say."""
        self.is_solved, self.levels[self.k] = 1, level
        self.rounds[self.k] += rounds
        self.gaps[self.k], self.square[self.k], self.length[self.k] = gap, square, length

    def passed(self):
        """Nothing outside the working set violates optimality: record the solution, go to the next λ."""
        self.is_passed = 1

    def scored(self, double score):
        """The score of the rows held out at the present λ."""
        self.loss[self.k], self.is_scored = score, 1

    @property
    def asked(self):
        """Columns to read (READ), or violators (ENTER)."""
        return np.array(self.open_[:self.count])

    @property
    def found(self):
        """Correlations of the violators."""
        return np.array(self.correlation[:self.count])

    @property
    def points(self):
        """(places in the working set, values) of every coefficient recorded; λ k's end at ends[k]."""
        where, value = np.empty(self.stored, np.intc), np.empty(self.stored)
        cdef int[::1] w = where
        cdef double[::1] v = value
        cdef Py_ssize_t i
        for i in range(self.stored):
            w[i], v[i] = self.where[i], self.value[i]
        return where, value

    # -- the walk --------------------------------------------------------------------------------------------
    def advance(self):
        """Go on until help is wanted: DONE, SOLVE, PASS, READ or ENTER."""
        cdef int event
        if self.set is not None and space_grow(&self.set.w, self.set.m) < 0:
            raise MemoryError
        with nogil:
            event = self.walk()
        if event < 0:
            raise MemoryError
        return event

    cdef int walk(self) noexcept nogil:
        cdef int event
        cdef double lam
        while self.k < self.lams.shape[0]:
            if not self.is_solved:
                if self.set is None:
                    return TO_SOLVE
                lam = self.lams[self.k]
                if self.tries == 0 and self.k > 0:
                    self.set.foresee(self.stride(), lam / self.sigma, lam)
                self.set.solve_at(lam / self.sigma, lam, self.goal, self.max_iter)
                self.rounds[self.k] += self.set.rounds
                self.gaps[self.k], self.square[self.k] = self.set.gap, self.set.unexplained()
                self.is_solved = 1
            if not self.is_passed:
                self.tries += 1
                event = self.prove() if self.tries <= MOST_ROUNDS else AT_END
                if event == TO_ENTER and self.admit():
                    continue
                if event != AT_END:
                    return event
                self.is_passed = 1
            if self.measure == 4 and not self.is_scored:
                self.loss[self.k] = self.set.held_score()
                self.is_scored = self.loss[self.k] == self.loss[self.k]
            if self.measure >= 3 and not self.is_scored:
                return TO_SCORE
            if self.finish() < 0:
                return -1
        return AT_END

    cdef double stride(self) noexcept nogil:
        """The step to the present λ in steps before; 0 where there is none."""
        cdef double now, before
        if self.k < 2:
            return 0.0
        now, before = self.lams[self.k - 1] - self.lams[self.k], self.lams[self.k - 2] - self.lams[self.k - 1]
        return now / before if now > 0.0 and before > 0.0 else 0.0

    cdef int prove(self) noexcept nogil:
        """AT_END where every column outside the working set is proven inactive, else what is wanted."""
        cdef double lam = self.lams[self.k] / self.sigma
        self.count = 0
        if self.left == 0:
            return AT_END
        if self.span.size == 0:
            return TO_PASS
        if not self.suspects(lam):
            return TO_PASS
        if self.reads.coarse is not None and self.count > 0:
            self.looked += self.count
            if self.looked > OFTEN * self.edge.shape[0]:
                self.survey(lam)
        if self.count > 0 and (self.reads.coarse is not None or self.reads.exact()):
            self.reads.weigh(self.train)
        if self.count > 0 and self.reads.coarse is not None:
            self.count = <int> self.reads.sieve(lam, self.unit, &self.open_[0], self.count)
        if self.count == 0:
            return AT_END
        self.since += self.count
        if self.since > self.most or self.worn > WORN:
            return TO_PASS
        if not self.reads.exact():
            return TO_READ
        self.judge(lam)
        return TO_ENTER if self.count > 0 else AT_END

    cdef void survey(self, double lam) noexcept nogil:
        """Teach the span the residual as it is, from the coarse copy, and look again which columns are open."""
        cdef double error
        self.looked = 0.0
        if self.span.length <= SHORT:
            return
        error = self.reads.survey(self.span.rest, self.span.length, self.edge)
        if error < WORN:
            self.worn = self.span.extend(&self.reads.fresh[0], error)
            self.suspects(lam)
        else:
            self.worn = INFINITY    # some column is beyond its reach

    cdef int suspects(self, double lam) noexcept nogil:
        """Columns that the span bound leaves open, into `open_`; 0 where there are too many."""
        cdef long t, kept = 0, p = self.edge.shape[0], room = self.most if self.reads.coarse is None else p
        cdef float[KEPT] a
        cdef float off = self.span.project(self.train, a), c
        # λ·threshold in single precision, on the safe side of its rounding
        cdef float scale = <float> (lam * self.top * (1.0 - 4e-7))
        cdef Py_ssize_t j
        cdef long count = open_columns(p, &self.span.table[0, 0], &self.span.table[1, 0],
                                       &self.span.table[2, 0], a, off, scale, &self.edge[0],
                                       &self.open_[0], room)
        if self.bounded and count > 0:
            for t in range(count):
                j = self.open_[t]
                c = a[0] * self.span.table[0, j] + a[1] * self.span.table[1, j] + a[2] * self.span.table[2, j]
                self.open_[kept] = j
                kept += self.may(j, c, off, scale * self.edge[j])
            count = kept
        self.count = <int> max(count, 0)
        return count >= 0

    cdef inline int may(self, Py_ssize_t j, float c, float off, float edge) noexcept nogil:
        """Whether the bounds let coefficient j move the way its correlation would push it."""
        return (c + off > edge and self.up[j] > 0.0) or (off - c > edge and self.lo[j] < 0.0)

    cdef void judge(self, double lam) noexcept nogil:
        """Read the open columns; violators stay in `open_`, with their correlations."""
        cdef Py_ssize_t j
        cdef int t, kept = 0
        cdef double c, edge
        for t in range(self.count):
            j = self.open_[t]
            c, edge = self.reads.column(j), lam * self.unit[j]
            if fabs(c) > edge and (self.up[j] > 0.0 if c > 0.0 else self.lo[j] < 0.0):
                self.open_[kept] = j
                self.correlation[kept] = c
                kept += 1
        self.count = kept

    # -- results ---------------------------------------------------------------------------------------------
    cdef int finish(self) noexcept nogil:
        """Record the solution at this λ and go to the next; negative where memory ran out."""
        cdef int k = self.k, j
        cdef double total = 0.0
        if self.measure == 1 or self.measure == 2:
            self.loss[k] = self.held_loss()
        if self.set is not None:
            for j in range(self.set.m):
                total += fabs(self.set.u[j])
            self.length[k], self.levels[k] = total, self.set.level()
            if self.keep and self.store() < 0:
                return -1
        self.ends[k] = self.stored
        self.k += 1
        self.is_solved = self.is_passed = self.is_scored = self.tries = 0
        return 0

    cdef double held_loss(self) noexcept nogil:
        """Weighted mean loss on the rows held out."""
        cdef Py_ssize_t i
        cdef double weight = 0.0, total = 0.0
        for i in range(self.first, self.last):
            weight += self.root[i] * self.root[i]
            total += self.full[i] * self.full[i] if self.measure == 1 else self.root[i] * fabs(self.full[i])
        if weight == 0.0:
            return NAN
        return total / weight * (self.sigma * self.sigma if self.measure == 1 else self.sigma)

    cdef int store(self) noexcept nogil:
        """Keep the coefficients that are not zero."""
        cdef int j
        cdef Py_ssize_t need = self.stored + self.set.m, room
        cdef void* grown
        if need > self.capacity:
            room = max(2 * self.capacity, need, 1024)
            grown = realloc(self.where, room * sizeof(int))
            if grown == NULL:
                return -1
            self.where = <int*> grown
            grown = realloc(self.value, room * sizeof(double))
            if grown == NULL:
                return -1
            self.value, self.capacity = <double*> grown, room
        for j in range(self.set.m):
            if self.set.u[j] != 0.0:
                self.where[self.stored] = j
                self.value[self.stored] = self.set.u[j]
                self.stored += 1
        return 0
