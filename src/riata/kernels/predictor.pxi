# One lane's linear predictor under a loss that is not quadratic, whatever moves it. Included by gram.pyx.

# Halvings of one step.
cdef int HALVINGS = 40
# Share of the decrease that the quadratic model promises, below which a step is halved (Armijo).
cdef double ARMIJO = 1e-4
# The intercept is optimal where the gradient sums to this share of its absolute values.
cdef double LEVEL = 1e-13
# Where the dual point is scaled by more than 1 − NEAR, a bound on its divergence takes the place of logarithms.
cdef double NEAR = 0.01


cdef class Predictor:
    """η on all rows, with the loss there, its gradient and its curvature; the intercept has its best value.

        f(o + b + σ Σ uⱼ ζⱼ)/σ²,     σ² = 2 (f(null) − f(saturated))
    """

    cdef RowLoss loss
    cdef double[::1] s, offset, trial
    cdef readonly double[::1] eta    # linear predictor on all rows, held-out ones too
    cdef readonly double[::1] r, h   # −∇f and the diagonal of its Hessian
    cdef int n, fits_level
    cdef readonly double intercept, sigma, value, floor
    cdef readonly double steepest    # the largest curvature of a row, for each unit of its weight

    def __init__(self, RowLoss loss, double[::1] s, double[::1] offset, double intercept, double floor, double sigma,
                 int fits_level):
        self.loss, self.s, self.offset, self.n = loss, s, offset, <int> s.shape[0]
        self.intercept, self.floor, self.sigma, self.fits_level = intercept, floor, sigma, fits_level
        self.eta, self.r, self.h, self.trial = np.empty((4, self.n))
        self.place(np.zeros(self.n), 0.0)

    @property
    def unexplained(self):
        """The share of the null model's deviance that is left."""
        return 2.0 * (self.value - self.floor) / (self.sigma * self.sigma)

    def value_with(self, const double[::1] weights):
        """The loss of the present η with other weights, of the rows held out for one."""
        return self.loss.value(&self.eta[0], &weights[0])

    def place(self, double[::1] parts, double more):
        """η from what the features add up to, ``parts`` + ``more``; the intercept starts from where it is."""
        cdef int i
        for i in range(self.n):
            self.eta[i] = parts[i] + more + self.offset[i] + self.intercept
        self.settle()

    def curvature(self, double[::1] out, double least):
        """√(h/Σh), where rows with less curvature have this share of the largest; returns Σh."""
        cdef int i
        cdef double top = steepest_row(self.n, &self.h[0], &self.s[0]), total = 0.0
        self.steepest = top
        for i in range(self.n):
            out[i] = max(self.h[i], least * top * self.s[i])
            total += out[i]
        if total > 0.0:
            for i in range(self.n):
                out[i] = sqrt(out[i] / total)
        return total

    cdef void settle(self) noexcept nogil:
        settle_level(self.loss, self.n, self.fits_level, 0, &self.intercept, &self.value, &self.eta[0], &self.s[0],
                     &self.r[0], &self.h[0])

    def step(self, double[::1] move, double more, double[::1] u, double[::1] d, double[::1] l1, double[::1] l2,
             double promised):
        """Go t (``move`` + ``more``) with t = 1, ½, ¼ …, the first that lowers f/σ² + penalty enough; 0 where none does.

        ``d`` is what the coefficients u move by where t = 1, and ``promised`` what the model says that this brings.
        """
        cdef int i, j, k, m = <int> u.shape[0]
        cdef double t = 1.0, old = self.value, new, size, x, fall
        memcpy(&self.trial[0], &self.eta[0], self.n * sizeof(double))
        for k in range(HALVINGS):
            for i in range(self.n):
                self.eta[i] = self.trial[i] + t * (move[i] + more)
            new = self.loss.value(&self.eta[0], &self.s[0])
            size = 0.0
            for j in range(m):
                if d[j] != 0.0:
                    x = u[j] + t * d[j]
                    size += l1[j] * (fabs(x) - fabs(u[j])) + 0.5 * l2[j] * (x * x - u[j] * u[j])
            fall = (old - new) / (self.sigma * self.sigma) - size
            if fall >= ARMIJO * t * promised or (k == 0 and fabs(fall) <= 1e-13 and promised <= 1e-12):
                self.intercept += t * more
                self.settle()
                return t
            t *= 0.5
        memcpy(&self.eta[0], &self.trial[0], self.n * sizeof(double))
        return 0.0

    def gap(self, double[::1] u, double[::1] c, double[::1] projected, double[::1] l1, double[::1] l2,
            double[::1] lo, double[::1] up, double lost):
        """The duality gap from the correlations c, which projecting off unpenalised columns made ``projected``."""
        cdef Quadratic p
        p.m, p.u, p.c, p.l1, p.l2, p.lo, p.up = <int> u.shape[0], &u[0], &c[0], &l1[0], &l2[0], &lo[0], &up[0]
        return fenchel_gap(&p, &projected[0], self.loss, &self.eta[0], &self.s[0], &self.r[0], &self.h[0], self.sigma,
                           lost)


cdef void settle_level(RowLoss loss, int n, int fits, int known, double* intercept, double* value, double* eta,
                       double* s, double* r, double* h) noexcept nogil:
    """Bring b to its best value at these coefficients; value, gradient and curvature there (``known``: they are here)."""
    cdef int i, turn
    cdef double[3] sums
    cdef double delta, moved
    for turn in range(50):
        if not known:
            value[0] = loss.slopes(eta, s, r, h)
        known = 0
        if not fits:
            break
        three_sums(n, r, h, sums)
        if fabs(sums[0]) <= LEVEL * sums[1] or sums[2] <= 0.0:
            break
        delta = loss.best_shift(sums)
        if fabs(delta) <= 1e-15 * (1.0 + fabs(intercept[0])):
            break
        intercept[0] += delta
        for i in range(n):
            eta[i] += delta
        moved = loss.shift(delta, value[0], sums, s, r, h)
        if moved == moved:
            value[0], known = moved, 1


cdef double fenchel_gap(Quadratic* p, double* spare, RowLoss loss, double* eta, double* s, double* r, double* h,
                        double sigma, double lost) noexcept nogil:
    """Duality gap on W: the gradient as it is (finite where h* is), or scaled down until it is feasible.

    ``spare`` are the correlations after coordinates without penalty were projected off the dual point; what that
    costs, ``lost``, is counted twice, as the loss is quadratic only to second order.
    """
    cdef int j
    cdef double plain = 0.0, scaled = 0.0, t = 1.0, edge, u, c, over = INFINITY
    lost *= 2.0
    for j in range(p.m):
        u, c = p.u[j], spare[j]
        if p.l1[j] == INFINITY or is_projected(p, j):
            continue
        plain += p.l1[j] * fabs(u) + 0.5 * p.l2[j] * u * u - u * c + conjugate(c, p.l1[j], p.l2[j], p.lo[j], p.up[j])
        edge = p.up[j] if c > 0.0 else -p.lo[j]
        if edge == INFINITY and p.l2[j] <= 0.0 and fabs(c) * t > p.l1[j]:
            t = p.l1[j] / fabs(c)
    if plain < INFINITY:
        return max(plain, 0.0) + lost
    for j in range(p.m):
        u, c = p.u[j], t * spare[j]
        if p.l1[j] == INFINITY or is_projected(p, j):
            continue
        scaled += p.l1[j] * fabs(u) + 0.5 * p.l2[j] * u * u - u * c
        if p.l2[j] > 0.0 or fabs(c) > p.l1[j] * (1.0 + 1e-15):
            scaled += conjugate(c, p.l1[j], p.l2[j], p.lo[j], p.up[j])
    if 1.0 - t < NEAR:
        over = (1.0 - t) * (1.0 - t) * loss.chi(s, r, h) if t < 1.0 else 0.0
    if over == INFINITY:
        over = loss.apart(eta, s, t)
    scaled += over / (sigma * sigma)
    return max(scaled, 0.0) + lost
