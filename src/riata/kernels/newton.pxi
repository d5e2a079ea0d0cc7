# The working set of one lane under a loss that is not quadratic: proximal Newton steps. Included by gram.pyx.

# Newton steps at one λ before it is given up.
cdef int STEPS = 200
# Members for which a Hessian costs one more Newton step.
cdef double DEAR = 32.0
# A solve that took more steps than this, and as many more as a Hessian costs, had too old a Hessian for the next one.
cdef double ENOUGH = 2.5
# Rows without curvature get this share of the largest in the model, else it would have no minimum where their gradient
# pulls in a direction that no other row holds (Huber's loss far out).
cdef double FLAT_ROW = 1e-6


cdef class NewtonSet(Members):
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
        self.frozen, self.kept, self.move, self.trial, self.dual, self.ahead_of = np.zeros((6, n))
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
        cdef int j, one = 1
        cdef double x
        memset(out, 0, self.n * sizeof(double))
        for j in range(self.m):
            if d[j] != 0.0:
                x = self.sigma * d[j] * self.ratio[j]
                daxpy(&self.n, &x, &self.Z[0, self.at[j]], &one, out, &one)

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
        cdef int j, one = 1
        for j in range(self.m):
            self.c[j] = self.ratio[j] / self.sigma * ddot(&self.n, &self.Z[0, self.at[j]], &one, &self.r[0], &one)

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
        cdef double top = 0.0
        self.frozen_total = 0.0
        for i in range(self.n):
            if self.h[i] > top * self.s[i]:
                top = self.h[i] / self.s[i]
        for i in range(self.n):
            self.frozen[i] = sqrt(max(self.h[i], FLAT_ROW * top * self.s[i] if self.loss.terms <= 0 else 0.0))
            self.frozen_total += self.frozen[i] * self.frozen[i]
        self.loss.freeze()
        memcpy(&self.kept[0], &self.eta[0], self.n * sizeof(double))
        self.weigh(0)
        factor_clear(&self.w)
        self.stale = 0
        self.hessians += 1

    # -- the gap ---------------------------------------------------------------------------------------------
    cdef double gap_here(self, Quadratic* p) noexcept nogil:
        """Duality gap on W by the gradient; coordinates without penalty are projected off the dual point."""
        cdef double lost, gap
        cdef double* out = self.spare + 3 * self.room
        p.u, p.c = self.u, self.c
        lost = project(p, &self.w, out)
        gap = fenchel_gap(p, out, self.loss, &self.eta[0], &self.s[0], &self.r[0], &self.h[0], self.sigma, lost)
        p.u, p.c = self.spare, self.spare + self.room
        return gap

    # -- ahead -----------------------------------------------------------------------------------------------
    cdef void foresee(self, double share, double lam1, double lam2) noexcept nogil:
        """Go on as u moved between the last two λ, if that is better: the path is smooth while no member comes or goes."""
        cdef Quadratic p
        cdef int i, j, moved = 0
        cdef double x, d, before, level = 0.0, total = 0.0, intercept = self.intercept
        cdef double* was = self.last
        cdef double* there = self.spare
        cdef double* move = self.spare + self.room
        if self.m == 0:
            return
        self.take_up(&p, lam1, lam2)
        for j in range(self.m):
            x = self.u[j]
            d = clip(share * (x - was[j]), -0.5 * fabs(x), 0.5 * fabs(x)) if x != 0.0 and was[j] != 0.0 else 0.0
            there[j] = clip(x + d, self.lo[j], self.up[j]) if self.l1[j] < INFINITY else x
            move[j] = there[j] - x
            moved = moved or move[j] != 0.0
            was[j] = x
        if not moved:
            return
        before = self.objective()
        memcpy(&self.trial[0], &self.eta[0], self.n * sizeof(double))
        self.multiply(move, &self.move[0])
        if self.fits_level:
            for i in range(self.n):
                level += self.h[i] * self.move[i]
                total += self.h[i]
            level = level / total if total > 0.0 else 0.0
        for i in range(self.n):
            self.eta[i] += self.move[i] - level
        memcpy(self.u, there, self.m * sizeof(double))      # a bound is met to the last bit
        self.intercept -= level
        self.settle(0)
        if self.objective() <= before:
            return
        memcpy(self.u, was, self.m * sizeof(double))
        memcpy(&self.eta[0], &self.trial[0], self.n * sizeof(double))
        self.intercept = intercept
        self.settle(0)

    cdef double objective(self) noexcept nogil:
        cdef int j
        cdef double total = self.value / (self.sigma * self.sigma)
        for j in range(self.m):
            if self.l1[j] < INFINITY:
                total += self.l1[j] * fabs(self.u[j]) + 0.5 * self.l2[j] * self.u[j] * self.u[j]
        return total

    # -- solving ---------------------------------------------------------------------------------------------
    cdef void solve_at(self, double lam1, double lam2, double goal, int max_iter) noexcept nogil:
        """Newton steps until a dual point proves the gap; the last of them is taken after its proof, for free digits."""
        cdef Quadratic p
        cdef int m = self.m, step, done = 0, moved = 0
        cdef double before = INFINITY
        self.rounds, self.gap = 0, 0.0
        if m == 0:
            return
        self.take_up(&p, lam1, lam2)
        p.ld, p.G = self.room, &self.G[0, 0]
        if self.built == 0 or (self.stale > 0 and self.taken > ENOUGH + m / DEAR):
            self.model()
        elif self.built < m:
            self.weigh(self.built)
        self.correlate()
        self.taken = 0
        for step in range(STEPS):
            if done < 0:
                if self.stale == 0:
                    break
                self.model()
                done = 0
            self.aim(&p, goal, max_iter)
            self.taken += 1
            self.gap = self.moved_gap(&p)
            moved = self.gap < INFINITY
            if not moved:           # no dual point along the step: the gradient, scaled down
                self.gap = self.gap_here(&p)
            if self.rounds >= max_iter or (self.gap <= goal and not moved):
                break
            if self.stale > 0 and steps_left(self.gap, before, goal) > 1.0 + m / DEAR:
                self.model()
                before = INFINITY
                continue
            before = self.gap
            done = self.newton_step(&p)
            if before <= goal:
                break
            self.stale += done > 0
        self.show(&self.dual[0] if moved else &self.r[0])

    cdef void show(self, const double* v) noexcept nogil:
        """The dual point that the gap was taken at, where those who prove things about other columns look."""
        cdef int i
        for i in range(self.n):
            self.train[i] = v[i] / (self.root[i] * self.sigma) if self.s[i] > 0.0 else 0.0

    cdef void aim(self, Quadratic* p, double goal, int max_iter) noexcept nogil:
        """Solve the quadratic model: where it ends is in `spare`, the way there in η in `move` less `shift_back`."""
        cdef int i, j, m = self.m, inner
        cdef double unused = 0.0, d
        cdef Base base
        cdef double* goal_u = self.spare
        cdef double* goal_c = self.spare + self.room
        cdef double* way = self.spare + 2 * self.room
        memcpy(goal_u, self.u, m * sizeof(double))
        memcpy(goal_c, self.c, m * sizeof(double))
        p.u, p.c = goal_u, goal_c
        base.u, base.c, base.rr = self.u, self.c, 0.0
        if m > POLISH_MAX:      # below, the model is solved exactly, and asks for no gap
            for i in range(self.n):
                if self.frozen[i] > 0.0:
                    base.rr += (self.r[i] / self.frozen[i] / self.sigma) ** 2
        inner = solve(p, &self.w, &base, 0.1 * goal, max_iter, &unused)
        self.rounds += abs(inner) + 1
        self.steps += 1
        self.promised = 0.0
        for j in range(m):
            d = goal_u[j] - self.u[j]
            self.promised += d * self.c[j] - self.dearer(j, goal_u[j]) if self.l1[j] < INFINITY else 0.0
            way[j] = d
        # b moves with the weighted mean of the change, as the model had it
        self.multiply(way, &self.move[0])
        self.back = 0.0
        if self.fits_level:
            for i in range(self.n):
                self.back += self.frozen[i] * self.frozen[i] * self.move[i]
            self.back = self.back / self.frozen_total if self.frozen_total > 0.0 else 0.0

    cdef double moved_gap(self, Quadratic* p) noexcept nogil:
        """The gap where η is, by the dual point to which the model's step leads: second order in the step, where the
        gradient scaled down is of first. Infinite where there is none, and where bounds are finite: certificates from
        scratch do not know this point there, and what is stored must not be below them."""
        cdef int j
        cdef double t = 1.0, total = 0.0, energy = 0.0, u, c, edge, apart
        cdef double square = self.sigma * self.sigma
        cdef double* goal_c = self.spare + self.room
        cdef double* way = self.spare + 2 * self.room
        for j in range(self.m):
            if self.l1[j] == INFINITY:
                continue
            if 0.0 < self.up[j] < INFINITY or 0.0 > self.lo[j] > -INFINITY:
                return INFINITY
            energy += way[j] * (self.c[j] - goal_c[j])
            edge = self.up[j] if goal_c[j] > 0.0 else -self.lo[j]
            if edge == INFINITY and self.l2[j] <= 0.0 and fabs(goal_c[j]) * t > self.l1[j]:
                if self.l1[j] == 0.0:       # without a penalty: orthogonal but for rounding, or no dual point
                    if fabs(goal_c[j]) > 1e-12:
                        return INFINITY
                    continue
                t = self.l1[j] / fabs(goal_c[j])
        if t < 1.0 - NEAR:
            return INFINITY
        if self.loss.terms > 0:
            for j in range(self.n):
                self.ahead_of[j] = self.kept[j] - self.eta[j]
        apart = self.loss.moved(&self.r[0], &self.h[0], &self.frozen[0], &self.move[0], self.back, t, square * energy,
                                self.value - self.floor, &self.ahead_of[0], &self.dual[0])
        if not apart < INFINITY:
            return INFINITY
        for j in range(self.m):
            if self.l1[j] == INFINITY:
                continue
            u, c = self.u[j], t * goal_c[j]
            if self.l1[j] == 0.0 and self.l2[j] <= 0.0 and (self.up[j] if c > 0.0 else -self.lo[j]) == INFINITY:
                total += fabs(u * c)
                continue
            total += self.l1[j] * fabs(u) + 0.5 * self.l2[j] * u * u - u * c
            total += conjugate(c, self.l1[j] * (1.0 + 1e-15), self.l2[j], self.lo[j], self.up[j])
        return max(total, 0.0) + apart / square

    cdef int newton_step(self, Quadratic* p) noexcept nogil:
        """Go towards the model's solution as far as the objective falls; negative where no step lowers it."""
        cdef int i, j, k, m = self.m
        cdef double t = 1.0, old = self.value / (self.sigma * self.sigma), new, size, fall
        cdef double* goal_u = self.spare
        cdef double* way = self.spare + 2 * self.room
        if self.promised <= 0.0:
            return -1
        memcpy(&self.trial[0], &self.eta[0], self.n * sizeof(double))
        for k in range(HALVINGS):
            for i in range(self.n):
                self.eta[i] = self.trial[i] + t * (self.move[i] - self.back)
            new = self.loss.slopes(&self.eta[0], &self.s[0], &self.r[0], &self.h[0]) / (self.sigma * self.sigma)
            size = 0.0
            for j in range(m):
                if self.l1[j] < INFINITY:
                    size += self.dearer(j, self.u[j] + t * way[j])
            fall = old - new - size
            if fall >= ARMIJO * t * self.promised or (k == 0 and fabs(fall) <= 1e-13 and self.promised <= 1e-12):
                break
            t *= 0.5
        else:
            memcpy(&self.eta[0], &self.trial[0], self.n * sizeof(double))
            self.settle(0)
            return -1
        for j in range(m):
            self.u[j] = goal_u[j] if t == 1.0 else self.u[j] + t * way[j]
        self.intercept -= t * self.back
        self.value = new * self.sigma * self.sigma
        self.settle(1)
        self.correlate()
        return 1

    cdef inline double dearer(self, int j, double x) noexcept nogil:
        """How much larger the penalty of coordinate j is at x."""
        return self.l1[j] * (fabs(x) - fabs(self.u[j])) + 0.5 * self.l2[j] * (x * x - self.u[j] * self.u[j])
