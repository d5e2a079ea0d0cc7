# The working set of one lane with blocks of coefficients: proximal Newton steps on K linear predictors. Included by
# blocks.pyx.

# Newton steps at one λ before it is given up, and halvings of one step.
cdef int STEPS = 200, HALVINGS = 40
# Share of the decrease that the quadratic model promises, below which a step is halved (Armijo).
cdef double ARMIJO = 1e-4
# A whole step that promises less than this is taken where the objective can hardly tell: gradients have more digits.
cdef double ROUNDED = 1e-7
# A Hessian is kept while a step with it shrinks the gap at least this much.
cdef double WORTH = 0.15
# The model is solved to this share of the present gap: its error is larger while the Hessian is not the newest.
cdef double INEXACT = 0.1
# Multiplications up to which newcomers are reason enough to take the Hessian again.
cdef double CHEAP = 3e6


cdef class BlockSet(BlockModel):
    """Members W of one lane: pairs (column, output), side by side in blocks.

        minimise over (B, u)   F(o + ΦB + σ Σ uₘ ζₘ)/σ² + Σ_g penalty_g(u_g),      σ² = 2 (F(null) − F(saturated))

    Φ (n, f) holds the intercept's ones and the columns without penalty: B is profiled out, every point has the best
    one. The Hessian is frozen while it serves; gradients are fresh, so that the solution does not depend on it.
    """

    def __init__(self, Outputs loss, double[::1] s, double[::1] offset, double[::1, :] Phi, double[::1] B,
                 double floor, double sigma, int kron, int nested):
        BlockMembers.__init__(self, loss, s, offset, Phi, B, floor, sigma, kron, nested)
        self.refresh_eta()

    # -- solving ---------------------------------------------------------------------------------------------
    cdef double gap_here(self) noexcept nogil:
        """Duality gap on W: the gradient, scaled down until it is feasible."""
        cdef Blocks* p = &self.p
        cdef double t = 1.0, total, apart
        p.u, p.c = self.u, self.c
        total = dual_part(p, &t)
        self.rr = 1.0
        if t < 1.0:
            apart = self.loss.apart(&self.eta[0], &self.s[0], &self.h[0], t) / (self.sigma * self.sigma)
            total += apart
            self.rr = max(1.0, 2.0 * apart / ((1.0 - t) * (1.0 - t)))
        return total if total > 0.0 else 0.0

    cdef void solve_with(self, double lam1, double lam2, double goal, int max_iter) noexcept nogil:
        """Bring (B, u) to the solution on W; ``rounds`` and ``gap`` say how."""
        cdef int g, i
        for g in range(self.nb):
            self.p.l1[g], self.p.l2[g] = lam1 * self.ul1[g], lam2 * self.ul2[g]
        for i in range(self.m):
            self.p.s[i] = lam1 * self.us[i]
        if lam1 + lam2 != self.lam:
            self.extrapolate(lam1 + lam2)
        self.solve_at(goal, max_iter)

    cdef double objective(self) noexcept nogil:
        cdef int g
        cdef double total = self.value / (self.sigma * self.sigma)
        for g in range(self.nb):
            total += penalty_of(&self.p, g, self.u)
        return total

    cdef void extrapolate(self, double lam) noexcept nogil:
        """At a new λ, go on as u moved between the last two: the path is smooth while no block comes or goes."""
        cdef int j, q = self.f * self.K, size = self.n * self.K
        cdef double share, x, before
        cdef double* B = &self.work[0] + q * q + 2 * q
        if not self.lam_before > self.lam > lam > 0.0:
            memcpy(self.last, self.u, self.m * sizeof(double))
            self.lam_before, self.lam = self.lam, lam
            return
        share = (self.lam - lam) / (self.lam_before - self.lam)
        before = self.objective()
        memcpy(&self.trial[0], &self.eta[0], size * sizeof(double))
        for j in range(q):
            B[j] = self.B[j]
        for j in range(self.m):
            x = self.u[j]
            self.c[j] = 0.0
            if x != 0.0 and self.last[j] != 0.0:
                self.c[j] = clip(share * (x - self.last[j]), -0.5 * fabs(x), 0.5 * fabs(x))
            self.last[j] = x
            self.u[j] = x + self.c[j]
        self.multiply(self.c, &self.move[0])
        for j in range(size):
            self.eta[j] += self.move[j]
        self.settle(LEVEL if self.loss.kind == SQUARE else LOOSE, 0)
        self.lam_before, self.lam = self.lam, lam
        if self.objective() <= before:
            return
        memcpy(self.u, self.last, self.m * sizeof(double))
        memcpy(&self.eta[0], &self.trial[0], size * sizeof(double))
        for j in range(q):
            self.B[j] = B[j]
        self.settle(LEVEL if self.loss.kind == SQUARE else LOOSE, 0)

    cdef void solve_at(self, double goal, int max_iter) noexcept nogil:
        cdef int step, done = 0, square = self.loss.kind == SQUARE, cols = self.m // self.per
        cdef double before = INFINITY
        self.rounds, self.gap, self.tight = 0, 0.0, 1.0
        if self.m == 0:
            return
        if self.built == 0 or (self.built < cols and self.stale > 0 and not square
                               and <double> self.n * cols * cols <= CHEAP):
            self.model()
        elif self.built < cols:
            self.weigh(self.built)
        self.correlate()
        for step in range(STEPS):
            self.gap = self.gap_here()
            if (self.gap <= goal or done < 0) and self.f and not square:
                # also where no step helps: B is but loosely settled between steps, and that alone can be the gap
                self.settle(LEVEL, 1)
                self.correlate()
                self.gap = self.gap_here()
                before = INFINITY
            if self.gap <= goal or self.rounds >= max_iter or (done < 0 and self.tight < 1e-5):
                break
            if done < 0 and (self.stale == 0 or square):
                self.tight *= 0.01      # the model's gap was an estimate
            if square and step > 4 and self.gap > 0.5 * before:
                break
            if not square and self.stale > 0 and (done < 0 or self.gap > WORTH * before):
                self.model()
            before = self.gap
            done = self.newton_step(goal, max_iter)
            if done > 0 and not square:
                self.stale += 1

    cdef int newton_step(self, double goal, int max_iter) noexcept nogil:
        """Solve the quadratic model, move towards its solution; negative where no step lowers the objective."""
        cdef int i, j, k, g, m = self.m, size = self.n * self.K, q = self.f * self.K, moved = 0
        cdef Blocks* p = &self.p
        cdef double t = 1.0, promised = 0.0, old, new, grown, fall, inner
        cdef double* delta = &self.work[0] + q * q + q
        memcpy(self.goal_u, self.u, m * sizeof(double))
        memcpy(self.kept, self.c, m * sizeof(double))       # the model's descent works on c
        p.u = self.goal_u
        inner = max(0.1 * goal, (1e-4 if self.loss.kind == SQUARE else INEXACT) * self.gap)
        if self.loss.kind == SQUARE:
            inner = 0.3 * goal
        self.rounds += 1 + solve_blocks(p, self.tight * inner, self.rr, max_iter)
        p.u = self.u
        memcpy(self.c, self.kept, m * sizeof(double))
        old = self.value / (self.sigma * self.sigma)
        for j in range(m):
            promised += (self.goal_u[j] - self.u[j]) * self.c[j]
            self.goal_c[j] = self.goal_u[j] - self.u[j]
        for g in range(self.nb):
            promised -= penalty_of(p, g, self.goal_u) - penalty_of(p, g, self.u)
        for j in range(m):
            moved = moved or self.goal_c[j] != 0.0
        if not moved or promised < -1e-13:      # nearer to the end it is rounding
            return -1
        self.multiply(self.goal_c, &self.move[0])
        if q:
            self.level(delta)
            self.add_free(delta, &self.move[0], 1.0)
        memcpy(&self.trial[0], &self.eta[0], size * sizeof(double))
        for k in range(HALVINGS):
            for i in range(size):
                self.eta[i] = self.trial[i] + t * self.move[i]
            if self.loss.kind == SQUARE:
                break
            new = self.loss.slopes(&self.eta[0], &self.s[0], &self.r[0], &self.h[0]) / (self.sigma * self.sigma)
            for j in range(m):
                p.g[j] = self.u[j] + t * self.goal_c[j]
            grown = 0.0
            for g in range(self.nb):
                grown += penalty_of(p, g, p.g) - penalty_of(p, g, self.u)
            fall = old - new - grown
            if fall >= ARMIJO * t * promised or (k == 0 and promised <= ROUNDED and fall >= -1e-12 * (1.0 + fabs(old))):
                break
            t *= 0.5
        else:
            memcpy(&self.eta[0], &self.trial[0], size * sizeof(double))
            self.value = self.loss.slopes(&self.eta[0], &self.s[0], &self.r[0], &self.h[0])
            return -1
        if self.loss.kind != SQUARE:
            self.value = new * self.sigma * self.sigma
        for j in range(m):
            self.u[j] = self.goal_u[j] if t == 1.0 else self.u[j] + t * self.goal_c[j]
        for i in range(q):
            self.B[i] += t * delta[i]
        self.settle(LEVEL if self.loss.kind == SQUARE else LOOSE, self.loss.kind != SQUARE)
        self.correlate()
        return 1
