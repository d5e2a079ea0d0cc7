# The point of a lane under a loss that is not quadratic, and its quadratic model: a Gram matrix of some past Hessian.
# Included by gram.pyx.

cdef class NewtonModel(Members):
    """Coordinates W of one lane, with η on all rows, the gradient of the loss, and a Gram matrix of some past Hessian.

        minimise over (b, u)   f(o + b + σ Σ uⱼ ζⱼ)/σ² + Σ l1ⱼ|uⱼ| + ½ Σ l2ⱼ uⱼ²,     σ² = 2 (f(null) − f(saturated))

    so that the null model has ½, as in a Gaussian lane. The Hessian is taken again when steps with an old one shrink
    the gap too slowly; gradients are always fresh, so the solution does not depend on it. b is profiled out: every
    point has the best one.
    """

    cdef RowLoss loss
    cdef double[::1, :] Z            # gathered columns, without weights
    cdef double[::1] s, root, offset
    cdef readonly double[::1] eta    # linear predictor on all rows, held-out ones too
    cdef readonly double[::1] train  # (gradient / root) / σ: its correlations with ζ are the lane's
    cdef double[::1] r, h, frozen, kept, move, trial   # kept: η where the Hessian was taken
    cdef int n, centred              # centred: the Hessian is taken about weighted means
    cdef int fits_level              # whether the intercept is free
    cdef readonly double intercept, sigma, value, floor
    cdef double[::1, :] G
    cdef double[::1, :] A            # √frozen ∘ columns of W, about their weighted means where centred
    cdef double[::1, :] B            # what the Hessian has beside its diagonal, times the columns of W
    cdef int built                   # columns of these that are made
    cdef readonly int hessians       # taken so far
    cdef int stale                   # steps taken with the last one
    cdef double frozen_total         # Σ of the frozen curvatures
    cdef int taken                   # steps aimed in the last solve
    cdef double promised, back       # by the model's step: how much the objective falls, and b
    cdef double[::1] dual, ahead_of
    cdef double[::1] eta_was         # η at the λ before the last, and the intercept there
    cdef double intercept_was
    cdef readonly int steps          # Newton steps so far
    cdef RowLoss judge               # how the rows held out are scored: see `score_by`
    cdef double[::1] tested
    cdef double low, gain, own_gain

    def __init__(self, RowLoss loss, double[::1] s, double[::1] root, double[::1] offset, double intercept,
                 double floor, double sigma, int fits_level, int centred, scaling, base):
        cdef Py_ssize_t n = s.shape[0]
        self.loss, self.s, self.root, self.offset, self.n = loss, s, root, offset, <int> n
        self.intercept, self.floor, self.sigma = intercept, floor, sigma
        self.fits_level, self.centred = fits_level, centred
        self.eta, self.train, self.r, self.h = np.empty(n), np.zeros(n), np.empty(n), np.empty(n)
        self.frozen, self.kept, self.move, self.trial, self.dual, self.ahead_of, self.eta_was = np.zeros((7, n))
        self.intercept_was = 0.0
        self.built = self.hessians = self.stale = 0
        self.frozen_total = 0.0
        self.steps = self.taken = 0
        self.tested = None
        self.Z, self.G, self.A, self.B = np.empty((n, 0), order="F"), None, None, None
        Members.__init__(self, scaling, base)
        self.refresh_eta()

    # -- memory ----------------------------------------------------------------------------------------------
    cdef resize(self):
        cdef int k = self.built, room = self.room
        G, A = np.zeros((room, room), order="F"), np.zeros((self.n, room), order="F")
        B = np.zeros((max(self.loss.terms, 0), room), order="F")
        if k:
            G[:k, :k] = np.asarray(self.G)[:k, :k]
            A[:, :k], B[:, :k] = np.asarray(self.A)[:, :k], np.asarray(self.B)[:, :k]
        self.G, self.A, self.B = G, A, B

    cdef int admit(self, const Py_ssize_t* features, int count) noexcept nogil:
        return self.gather(features, count)

    cdef double level(self) noexcept nogil:
        cdef double level = self.intercept
        cdef int j
        for j in range(self.m):
            level += self.sigma * self.u[j] * self.shift[j]
        return level

    cdef double unexplained(self) noexcept nogil:
        return 2.0 * (self.value - self.floor) / (self.sigma * self.sigma)

    @property
    def factors(self):
        """Cholesky factors made from scratch."""
        return self.w.built

    def columns(self, double[::1, :] Z):
        """The gathered columns, wherever they are now."""
        self.Z = Z

    def begin(self, double[::1] u):
        """Start from these coefficients (m,) of the members."""
        cdef int i
        for i in range(self.m):
            self.u[i] = u[i]
        self.refresh_eta()

    def score_by(self, RowLoss judge, double[::1] tested, double low, double gain, double own_gain):
        """What `held_score` is: gain (f of ``judge`` at weights ``tested`` − low) − own_gain (f − floor)."""
        self.judge, self.tested, self.low, self.gain, self.own_gain = judge, tested, low, gain, own_gain

    cdef double held_score(self) noexcept nogil:
        cdef double score
        if self.tested is None:
            return NAN
        score = self.gain * (self.judge.value(&self.eta[0], &self.tested[0]) - self.low)
        score -= self.own_gain * (self.value - self.floor)
        return score if fabs(score) < INFINITY else NAN

    def value_with(self, const double[::1] weights):
        """The loss of the present η with other weights, of the rows held out for one."""
        return self.loss.value(&self.eta[0], &weights[0])

    # -- the point -------------------------------------------------------------------------------------------
    cdef void multiply(self, double* d, double* out) noexcept nogil:
        """out = σ Σ dⱼ ratioⱼ zⱼ on all rows."""
        cdef int j
        cdef double* x = self.spare + 3 * self.room
        memset(out, 0, self.n * sizeof(double))
        for j in range(self.m):
            x[j] = self.sigma * d[j] * self.ratio[j]
        if self.m:
            add_columns(self.n, self.m, &self.Z[0, 0], &self.at[0], x, out)

    cdef void refresh_eta(self) noexcept:
        """η from the coefficients, so that rounding does not pile up, and all that hangs on it."""
        cdef int i
        self.multiply(self.u, &self.eta[0])
        for i in range(self.n):
            self.eta[i] += self.offset[i] + self.intercept
        self.settle(0)
        self.show(&self.r[0])

    cdef void settle(self, int known) noexcept nogil:
        """Bring b to its best value at these coefficients; value, gradient and curvature there (``known``: they are here)."""
        settle_level(self.loss, self.n, self.fits_level, known, &self.intercept, &self.value, &self.eta[0], &self.s[0],
                     &self.r[0], &self.h[0])

    cdef void correlate(self) noexcept nogil:
        """c = −(gradient of the loss part) of every member."""
        cdef int j
        dot_columns(self.n, self.m, &self.Z[0, 0], &self.at[0], &self.r[0], self.c)
        for j in range(self.m):
            self.c[j] *= self.ratio[j] / self.sigma

    cdef void show(self, const double* v) noexcept nogil:
        """The dual point that the gap was taken at, where those who prove things about other columns look."""
        cdef int i
        for i in range(self.n):
            self.train[i] = v[i] / (self.root[i] * self.sigma) if self.s[i] > 0.0 else 0.0

    # -- the model -------------------------------------------------------------------------------------------
    cdef void weigh(self, int first) noexcept nogil:
        """Columns of A and of G from ``first`` on, with the frozen curvature."""
        cdef int i, j, one = 1, rows = self.n, new = self.m - first, m = self.m, ld = self.room
        cdef double total, mean, unit = 1.0, zero = 0.0, minus = -1.0
        cdef int terms = self.loss.terms
        cdef double* column
        cdef double* z
        cdef char turned = b'T', no = b'N', upper_part = b'U'
        if terms < 0:
            with gil:
                self.weigh_outside(first)
            return
        total = self.frozen_total
        for j in range(first, m):
            column, z = &self.A[0, j], &self.Z[0, self.at[j]]
            mean = weigh_column(rows, self.ratio[j], z, &self.frozen[0], column)
            if terms > 0:
                self.loss.averages(self.ratio[j], z, &self.B[0, j])
            elif self.centred and total > 0.0:
                mean = -mean / total
                daxpy(&rows, &mean, &self.frozen[0], &one, column, &one)
        if first == 0:
            dsyrk(&upper_part, &turned, &m, &rows, &unit, &self.A[0, 0], &rows, &zero, &self.G[0, 0], &ld)
        else:
            dgemm(&turned, &no, &m, &new, &rows, &unit, &self.A[0, 0], &rows, &self.A[0, first], &rows, &zero,
                  &self.G[0, first], &ld)
        if terms > 0 and first == 0:
            dsyrk(&upper_part, &turned, &m, &terms, &minus, &self.B[0, 0], &terms, &unit, &self.G[0, 0], &ld)
        elif terms > 0:
            dgemm(&turned, &no, &m, &new, &terms, &minus, &self.B[0, 0], &terms, &self.B[0, first], &terms, &unit,
                  &self.G[0, first], &ld)
        for j in range(first, m):
            for i in range(j):
                self.G[j, i] = self.G[i, j]
        self.built = m

    cdef void weigh_outside(self, int first):
        """Columns of G from ``first`` on, from the loss's exact Hessian at the frozen point."""
        at, m = np.asarray(self.at)[:self.m], self.m
        Z = np.asarray(self.Z)[:, at] * np.asarray(self.hold)[8 * self.room:8 * self.room + m]
        G = np.asarray(self.G)
        G[:m, first:m] = Z.T @ (<OutsideLoss> self.loss).times(self.kept, self.s, Z[:, first:])
        G[first:m, :m] = G[:m, first:m].T
        self.built = m

    cdef void model(self) noexcept nogil:
        """Take the Hessian here."""
        cdef int i
        cdef double top = steepest_row(self.n, &self.h[0], &self.s[0])
        self.frozen_total = 0.0
        for i in range(self.n):
            self.frozen[i] = sqrt(max(self.h[i], FLAT_ROW * top * self.s[i] if self.loss.terms <= 0 else 0.0))
            self.frozen_total += self.frozen[i] * self.frozen[i]
        self.loss.freeze()
        memcpy(&self.kept[0], &self.eta[0], self.n * sizeof(double))
        self.weigh(0)
        factor_clear(&self.w)
        self.stale = 0
        self.hessians += 1
