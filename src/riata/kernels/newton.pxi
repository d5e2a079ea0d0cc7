# The working set of one lane under a loss that is not quadratic: proximal Newton steps. Included by gram.pyx.

# Newton steps at one λ before it is given up, and halvings of one step.
cdef int STEPS = 200, HALVINGS = 40
# Share of the decrease that the quadratic model promises, below which a step is halved (Armijo).
cdef double ARMIJO = 1e-4
# The intercept is optimal where the gradient sums to this share of its absolute values.
cdef double LEVEL = 1e-13
# A Hessian is kept while a step with it shrinks the gap at least this much.
cdef double WORTH = 0.05
# Where the dual point is scaled by more than 1 − NEAR, a bound on its divergence takes the place of logarithms.
cdef double NEAR = 0.01


cdef class NewtonSet:
    """Coordinates W of one lane, with η on all rows, the gradient of the loss, and a Gram matrix of some past Hessian.

        minimise over (b, u)   f(o + b + σ Σ uⱼ ζⱼ)/σ² + Σ l1ⱼ|uⱼ| + ½ Σ l2ⱼ uⱼ²,     σ² = 2 (f(null) − f(saturated))

    so that the null model has ½, as in a Gaussian lane. The Hessian is taken again when steps with an old one shrink
    the gap too slowly; gradients are always fresh, so the solution does not depend on it. b is profiled out: every
    point has the best one.
    """

    cdef Space w
    cdef readonly int m              # members
    cdef int room                    # members there is memory for
    cdef RowLoss loss
    cdef double[::1, :] Z            # gathered columns, without weights
    cdef double[::1] s, root, offset
    cdef readonly double[::1] eta    # linear predictor on all rows, held-out ones too
    cdef readonly double[::1] train  # (gradient / root) / σ: its correlations with ζ are the lane's
    cdef double[::1] r, h, frozen, move, trial
    cdef int n, centred              # centred: the Hessian is taken about weighted means
    cdef int fits_level              # whether b is free
    cdef readonly double b, sigma, value, floor
    cdef double[::1, :] G
    cdef double[::1, :] B            # what the Hessian has beside its diagonal, times the columns of W
    cdef double[::1, :] A            # √frozen ∘ columns of W, about their weighted means where centred
    cdef int built                   # columns of A and G that are made
    cdef double[::1] hold
    cdef double* u
    cdef double* c
    cdef double* l1
    cdef double* l2
    cdef double* a
    cdef double* v
    cdef double* lo
    cdef double* up
    cdef double* ratio               # norm in the full data / norm here
    cdef double* shift               # mean here − mean in the full data, in norms here
    cdef double* goal_u
    cdef double* goal_c
    cdef double* known
    cdef Py_ssize_t[::1] members     # feature of each member
    cdef Py_ssize_t[::1] at          # where it stands among the gathered columns
    cdef double[::1] mean, norm, base_mean, base_norm, all_a, all_b, all_lo, all_up
    cdef readonly double gap         # of the last solve, in units where the null model has ½
    cdef readonly int rounds, hessians
    cdef int stale                   # steps taken with this Hessian

    def __cinit__(self):
        if space_make(&self.w, 32) < 0:
            raise MemoryError

    def __dealloc__(self):
        space_free(&self.w)

    def __init__(self, RowLoss loss, double[::1] s, double[::1] root, double[::1] offset, double b, double floor,
                 double sigma, int fits_level, int centred, scaling, base):
        cdef Py_ssize_t n = s.shape[0]
        self.loss, self.s, self.root, self.offset, self.n = loss, s, root, offset, <int> n
        self.b, self.floor, self.sigma, self.fits_level, self.centred = b, floor, sigma, fits_level, centred
        self.eta, self.train, self.r, self.h = np.empty(n), np.zeros(n), np.empty(n), np.empty(n)
        self.frozen, self.move, self.trial = np.empty(n), np.empty(n), np.empty(n)
        self.mean, self.norm, self.all_a, self.all_b = scaling.mean, scaling.norm, scaling.a, scaling.b
        self.all_lo, self.all_up = scaling.lo, scaling.up
        self.base_mean, self.base_norm = base.mean, base.norm
        self.m = self.room = self.built = self.hessians = 0
        self.Z = np.empty((n, 0), order="F")
        self.make_room(32)
        self.refresh_eta()

    # -- memory ----------------------------------------------------------------------------------------------
    cdef make_room(self, int size):
        cdef int old = self.room, room
        cdef double* h
        if size <= old:
            return
        room = max(old + (old // 2 if old < 512 else old // 8), size, 32)
        vectors, G, A = np.zeros((14, room)), np.zeros((room, room), order="F"), np.zeros((self.n, room), order="F")
        B = np.zeros((self.loss.terms, room), order="F")
        members, at = np.zeros(room, np.intp), np.zeros(room, np.intp)
        if old:
            vectors[:, :old] = np.asarray(self.hold).reshape(14, old)
            members[:old], at[:old] = self.members, self.at
            G[:self.built, :self.built] = np.asarray(self.G)[:self.built, :self.built]
            A[:, :self.built] = np.asarray(self.A)[:, :self.built]
            B[:, :self.built] = np.asarray(self.B)[:, :self.built]
        self.hold, self.G, self.A, self.B = vectors.reshape(-1), G, A, B
        self.members, self.at, self.room = members, at, room
        h = &self.hold[0]
        self.u, self.c, self.l1, self.l2 = h, h + room, h + 2 * room, h + 3 * room
        self.a, self.v, self.lo, self.up = h + 4 * room, h + 5 * room, h + 6 * room, h + 7 * room
        self.ratio, self.shift, self.goal_u = h + 8 * room, h + 9 * room, h + 10 * room
        self.goal_c, self.known = h + 11 * room, h + 12 * room

    @property
    def features(self):
        """The members, in the order they came."""
        return np.asarray(self.members)[:self.m]

    @property
    def coefficients(self):
        """u of the members: a view."""
        return np.asarray(self.hold)[:self.m]

    @property
    def level(self):
        """The linear predictor, less its offset, at this lane's own column means."""
        cdef double level = self.b
        cdef int j
        for j in range(self.m):
            level += self.sigma * self.u[j] * self.shift[j]
        return level

    @property
    def explained(self):
        """1 − (f − f(saturated)) / (f(null) − f(saturated))."""
        return 1.0 - 2.0 * (self.value - self.floor) / (self.sigma * self.sigma)

    @property
    def factors(self):
        """Cholesky factors made from scratch."""
        return self.w.built

    def columns(self, double[::1, :] Z):
        """The gathered columns, wherever they are now."""
        self.Z = Z

    def enlist(self, Py_ssize_t[::1] features, Py_ssize_t[::1] where):
        """Take features into W with coefficient 0; ``where`` says of every feature where it stands among those gathered."""
        cdef int i, new = <int> features.shape[0], k
        cdef Py_ssize_t j
        self.make_room(self.m + new)
        for i in range(new):
            j, k = features[i], self.m + i
            self.members[k] = j
            self.u[k] = self.c[k] = 0.0
            self.a[k], self.v[k], self.lo[k], self.up[k] = self.all_a[j], self.all_b[j], self.all_lo[j], self.all_up[j]
            self.ratio[k] = self.base_norm[j] / self.norm[j]
            self.shift[k] = (self.mean[j] - self.base_mean[j]) / self.norm[j]
        self.m += new
        for i in range(self.m):
            self.at[i] = where[self.members[i]]

    def begin(self, double[::1] u):
        """Start from these coefficients (m,) of the members."""
        cdef int i
        for i in range(self.m):
            self.u[i] = u[i]
        self.refresh_eta()

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
            self.eta[i] += self.offset[i] + self.b
        self.settle()

    cdef void settle(self) noexcept nogil:
        """Bring b to its best value at these coefficients; value, gradient and curvature there."""
        cdef int i, turn
        cdef double[3] sums
        cdef double delta
        for turn in range(50):
            self.value = self.loss.slopes(&self.eta[0], &self.s[0], &self.r[0], &self.h[0])
            if not self.fits_level:
                break
            three_sums(self.n, &self.r[0], &self.h[0], sums)
            if fabs(sums[0]) <= LEVEL * sums[1] or sums[2] <= 0.0:
                break
            delta = clip(sums[0] / sums[2], -2.0, 2.0)
            if fabs(delta) <= 1e-15 * (1.0 + fabs(self.b)):
                break
            self.b += delta
            for i in range(self.n):
                self.eta[i] += delta
        for i in range(self.n):
            self.train[i] = self.r[i] / (self.root[i] * self.sigma) if self.s[i] > 0.0 else 0.0

    cdef void correlate(self) noexcept nogil:
        """c = −(gradient of the loss part) of every member."""
        cdef int j, one = 1
        for j in range(self.m):
            self.c[j] = self.ratio[j] / self.sigma * ddot(&self.n, &self.Z[0, self.at[j]], &one, &self.r[0], &one)

    # -- the model -------------------------------------------------------------------------------------------
    cdef void weigh(self, int first) noexcept nogil:
        """Columns of A and of G from ``first`` on, with the frozen curvature."""
        cdef int i, j, one = 1, rows = self.n, new = self.m - first, m = self.m, ld = self.room
        cdef double total = 0.0, mean, unit = 1.0, zero = 0.0, minus = -1.0
        cdef int terms = self.loss.terms
        cdef double* column
        cdef double* z
        cdef char turned = b'T', no = b'N'
        for i in range(rows):
            total += self.frozen[i] * self.frozen[i]
        for j in range(first, m):
            column, z = &self.A[0, j], &self.Z[0, self.at[j]]
            mean = weigh_column(rows, self.ratio[j], z, &self.frozen[0], column)
            if terms > 0:
                self.loss.averages(self.ratio[j], z, &self.B[0, j])
            elif self.centred and total > 0.0:
                mean = -mean / total
                daxpy(&rows, &mean, &self.frozen[0], &one, column, &one)
        dgemm(&turned, &no, &m, &new, &rows, &unit, &self.A[0, 0], &rows, &self.A[0, first], &rows, &zero,
              &self.G[0, first], &ld)
        if terms > 0:
            dgemm(&turned, &no, &m, &new, &terms, &minus, &self.B[0, 0], &terms, &self.B[0, first], &terms, &unit,
                  &self.G[0, first], &ld)
        for j in range(first, m):
            for i in range(j):
                self.G[j, i] = self.G[i, j]
        self.built = m

    cdef void model(self) noexcept nogil:
        """Take the Hessian here."""
        cdef int i
        for i in range(self.n):
            self.frozen[i] = sqrt(self.h[i]) if self.h[i] > 0.0 else 0.0
        self.loss.freeze()
        self.weigh(0)
        factor_clear(&self.w)
        self.stale = 0
        self.hessians += 1

    # -- the gap ---------------------------------------------------------------------------------------------
    cdef double gap_here(self, Quadratic* p) noexcept nogil:
        """Duality gap on W: the gradient as it is (finite where h* is), or scaled down until it is feasible.

        Coordinates without penalty are projected off the dual point; what that costs is counted twice, as the loss is
        quadratic only to second order.
        """
        cdef int j
        cdef double plain = 0.0, scaled = 0.0, t = 1.0, edge, u, c, over, lost
        lost = 2.0 * project(p, &self.w, self.known)
        for j in range(p.m):
            u, c = p.u[j], self.known[j]
            if p.l1[j] == INFINITY or is_projected(p, j):
                continue
            plain += p.l1[j] * fabs(u) + 0.5 * p.l2[j] * u * u - u * c + conjugate(c, p.l1[j], p.l2[j], p.lo[j], p.up[j])
            edge = p.up[j] if c > 0.0 else -p.lo[j]
            if edge == INFINITY and p.l2[j] <= 0.0 and fabs(c) * t > p.l1[j]:
                t = p.l1[j] / fabs(c)
        if plain < INFINITY:
            return max(plain, 0.0) + lost
        for j in range(p.m):
            u, c = p.u[j], t * self.known[j]
            if p.l1[j] == INFINITY or is_projected(p, j):
                continue
            scaled += p.l1[j] * fabs(u) + 0.5 * p.l2[j] * u * u - u * c
            if p.l2[j] > 0.0 or fabs(c) > p.l1[j] * (1.0 + 1e-15):
                scaled += conjugate(c, p.l1[j], p.l2[j], p.lo[j], p.up[j])
        if self.loss.entropic and 1.0 - t < NEAR:
            over = (1.0 - t) * (1.0 - t) * chi_square(self.n, &self.r[0], &self.h[0])
        else:
            over = self.loss.apart(&self.eta[0], &self.s[0], t)
        scaled += over / (self.sigma * self.sigma)
        return max(scaled, 0.0) + lost

    # -- solving ---------------------------------------------------------------------------------------------
    def solve(self, double lam1, double lam2, double goal, int max_iter):
        """Bring (b, u) to the solution on W: (rounds, gap)."""
        if space_grow(&self.w, self.m) < 0:
            raise MemoryError
        with nogil:
            self.solve_at(lam1, lam2, goal, max_iter)
        return self.rounds, self.gap

    cdef void solve_at(self, double lam1, double lam2, double goal, int max_iter) noexcept nogil:
        cdef Quadratic p
        cdef int j, m = self.m, step, done = 0, careful = 0
        cdef double before = INFINITY
        self.rounds, self.gap = 0, 0.0
        if m == 0:
            return
        for j in range(m):
            self.l1[j] = lam1 * self.a[j]
            self.l2[j] = lam2 * self.v[j] if self.v[j] > 0.0 else 0.0
            if self.l2[j] == INFINITY:
                self.l1[j], self.l2[j] = INFINITY, 0.0
        p.m, p.ld, p.G, p.l1, p.l2, p.lo, p.up = m, self.room, &self.G[0, 0], self.l1, self.l2, self.lo, self.up
        if self.built == 0:
            self.model()
        elif self.built < m:
            self.weigh(self.built)
        self.correlate()
        for step in range(STEPS):
            p.u, p.c = self.u, self.c
            self.gap = self.gap_here(&p)
            if self.gap <= goal or self.rounds >= max_iter:
                break
            if done < 0 and self.stale == 0:
                # no step along the Hessian's own model: a careful one, unless it was one
                if careful or not self.loss.bound(&self.eta[0], &self.s[0], &self.h[0]):
                    break
                self.model()
                careful = 1
            else:
                careful = 0
            if self.stale > 0 and (done < 0 or self.gap > WORTH * before):
                self.model()
            before = self.gap
            done = self.newton_step(&p, goal, max_iter)
            if done > 0:
                self.stale += 1

    cdef int newton_step(self, Quadratic* p, double goal, int max_iter) noexcept nogil:
        """Solve the quadratic model, move towards its solution; negative where no step lowers the objective."""
        cdef int i, j, k, m = self.m, inner
        cdef double t = 1.0, promised = 0.0, old, new, size, unused = 0.0, d, delta, level, total
        cdef Base base
        memcpy(self.goal_u, self.u, m * sizeof(double))
        memcpy(self.goal_c, self.c, m * sizeof(double))
        p.u, p.c = self.goal_u, self.goal_c
        base.u, base.c, base.rr = self.u, self.c, 0.0
        for i in range(self.n):
            if self.frozen[i] > 0.0:
                base.rr += (self.r[i] / self.frozen[i] / self.sigma) ** 2
        inner = solve(p, &self.w, &base, 0.1 * goal, max_iter, &unused)
        self.rounds += abs(inner) + 1
        old = self.value / (self.sigma * self.sigma)
        for j in range(m):
            d = self.goal_u[j] - self.u[j]
            promised += d * self.c[j] - self.l1_change(j, 1.0) if self.l1[j] < INFINITY else 0.0
            self.goal_c[j] = d
        # b moves with the weighted mean of the change, as the model had it
        self.multiply(self.goal_c, &self.move[0])
        if self.fits_level:
            level = total = 0.0
            for i in range(self.n):
                level += self.frozen[i] * self.frozen[i] * self.move[i]
                total += self.frozen[i] * self.frozen[i]
            level = level / total if total > 0.0 else 0.0
        else:
            level = 0.0
        if promised <= 0.0:
            return -1
        memcpy(&self.trial[0], &self.eta[0], self.n * sizeof(double))
        for k in range(HALVINGS):
            for i in range(self.n):
                self.eta[i] = self.trial[i] + t * (self.move[i] - level)
            new = self.loss.value(&self.eta[0], &self.s[0]) / (self.sigma * self.sigma)
            size = 0.0
            for j in range(m):
                if self.l1[j] < INFINITY:
                    size += self.l1_change(j, t)
            delta = old - new - size
            if delta >= ARMIJO * t * promised or (k == 0 and fabs(delta) <= 1e-13 and promised <= 1e-12):
                break
            t *= 0.5
        else:
            memcpy(&self.eta[0], &self.trial[0], self.n * sizeof(double))
            return -1
        for j in range(m):
            self.u[j] = self.goal_u[j] if t == 1.0 else self.u[j] + t * self.goal_c[j]
        self.b -= t * level
        self.settle()
        self.correlate()
        return 1

    cdef inline double l1_change(self, int j, double t) noexcept nogil:
        """How much the penalty of coordinate j grows over the share t of the step."""
        cdef double x = self.u[j] + t * (self.goal_u[j] - self.u[j])
        return self.l1[j] * (fabs(x) - fabs(self.u[j])) + 0.5 * self.l2[j] * (x * x - self.u[j] * self.u[j])
