# The working set of one lane under a loss that is not quadratic: proximal Newton steps. Included by gram.pyx.

# Newton steps at one λ before it is given up.
cdef int STEPS = 200
# Members for which a Hessian costs one more Newton step.
cdef double DEAR = 50.0
# A solve that took more steps than this, and as many more as a Hessian costs, had too old a Hessian for the next one.
cdef double ENOUGH = 2.5
# The gap along a step is of second order in what is missing of the coefficients: a hundredth of the goal is one more
# digit of theirs, for a few per cent of the time. No further than FINE, where rounding begins.
cdef double CLOSE = 0.01
cdef double FINE = 1e-12


cdef class NewtonSet(NewtonModel):
    """Proximal Newton steps on the model, from λ to λ."""

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
        cdef double x, d, before, ahead, level = 0.0, total = 0.0, intercept = self.intercept
        cdef double* was = self.last
        cdef double* there = self.spare
        cdef double* less = self.spare + self.room
        self.take_up(&p, lam1, lam2)
        for j in range(self.m):
            x = self.u[j]
            d = clip(share * (x - was[j]), -0.5 * fabs(x), 0.5 * fabs(x)) if x != 0.0 and was[j] != 0.0 else 0.0
            there[j] = clip(x + d, self.lo[j], self.up[j]) if self.l1[j] < INFINITY else x
            moved = moved or there[j] != x
            # nearly all go on in full, and so does η: `less` are the others
            d = there[j] - x - share * (x - was[j])
            less[j] = d if fabs(d) > 1e-15 * fabs(x) else 0.0
            was[j] = x
        if moved:
            self.multiply(less, &self.move[0])
            for i in range(self.n):
                self.move[i] += share * (self.eta[i] - self.eta_was[i])
        ahead = share * (intercept - self.intercept_was)
        memcpy(&self.eta_was[0], &self.eta[0], self.n * sizeof(double))
        self.intercept_was = intercept
        if not moved:
            return
        before = self.objective()
        if self.fits_level:
            for i in range(self.n):
                level += self.h[i] * self.move[i]
                total += self.h[i]
            level = level / total if total > 0.0 else 0.0
        for i in range(self.n):
            self.eta[i] += self.move[i] - level
        memcpy(self.u, there, self.m * sizeof(double))      # a bound is met to the last bit
        self.intercept += ahead - level
        self.settle(0)
        if self.objective() <= before:
            return
        memcpy(self.u, was, self.m * sizeof(double))
        memcpy(&self.eta[0], &self.eta_was[0], self.n * sizeof(double))
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
        cdef double before = INFINITY, near = max(CLOSE * goal, min(goal, FINE))
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
            self.aim(&p, near, max_iter)
            self.taken += 1
            self.gap = self.moved_gap(&p)
            moved = self.gap < INFINITY
            if not moved:           # no dual point along the step: the gradient, scaled down
                self.gap = self.gap_here(&p)
            if self.rounds >= max_iter or (self.gap <= goal and not moved):
                break
            if self.stale > 0 and steps_left(self.gap, before, near) > 1.0 + m / DEAR:
                self.model()
                before = INFINITY
                continue
            before = self.gap
            done = self.newton_step(&p)
            if before <= near:
                break
            if done > 0:
                self.correlate()
            self.stale += done > 0
        else:       # out of steps: the last one was taken after the gap was
            if not moved:
                self.gap = self.gap_here(&p)
        self.show(&self.dual[0] if moved else &self.r[0])

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
        """Go towards the model's solution as far as the objective falls; negative where no step lowers it. Correlations are
        left as they were."""
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
        return 1

    cdef inline double dearer(self, int j, double x) noexcept nogil:
        """How much larger the penalty of coordinate j is at x."""
        return self.l1[j] * (fabs(x) - fabs(self.u[j])) + 0.5 * self.l2[j] * (x * x - self.u[j] * self.u[j])
