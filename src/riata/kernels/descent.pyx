# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The quadratic L1 problem on short sparse columns, without a Gram matrix: descent finds signs, conjugate gradients finish.

    minimise over u   ½ ‖t − Zu‖² + Σ l1ⱼ|uⱼ| + ½ Σ l2ⱼ uⱼ²    subject to  loⱼ ≤ uⱼ ≤ upⱼ,  lo ≤ 0 ≤ up

Column j stands for z_j = h ∘ (x_j − mean_j 1)/norm_j of unit norm, where h holds the roots of the row weights, Σ h² = 1.
Stored are h ∘ x_j/norm_j, side by side and without rows of weight 0, and ν_j = mean_j/norm_j; ν_j h is never multiplied
out. Residuals that are orthogonal to h, as they are with an intercept, need no ν at all.
"""

from libc.math cimport fabs, INFINITY, sqrt
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset
from scipy.linalg.cython_blas cimport daxpy, ddot
from scipy.linalg.cython_lapack cimport dpotrf, dpotrs

import numpy as np

cdef double RIDGE = 1e-11
cdef double NO_RIDGE = 1e-13
# Descent before the first conjugate-gradient step at a λ, and after each.
cdef int FIRST_EPOCHS = 3, EPOCHS = 4, CG_STEPS = 100, ROUNDS = 400
# Conjugate gradients stop once the stationarity residual is this share of what it was, as signs change ...
cdef double LOOSE = 0.1
# ... or this many times the gap wanted, which it bounds from far above.
cdef double TIGHT = 5.0
# Entries of the copy that are kept between two λ.
cdef int KEPT_ENTRIES = 1 << 18
# Descent stops when no change squared is above this.
cdef double SMALL = 1e-28

ctypedef fused index_t:
    int
    long long

include "quadratic.pxi"
include "gap.pxi"


cdef class Descent:
    """Some columns, copied side by side, and the solver on them."""

    cdef Quadratic p
    cdef int n, m, centred
    cdef double[::1] target, root, hold, rows
    cdef double[::1] data
    cdef int[::1] indices, indptr
    cdef int[::1] ints
    cdef double* nu
    cdef double* e                # h ∘ residual, less κh while descent runs
    cdef double* v                # Zd
    cdef double* w
    cdef double* d
    cdef double* g
    cdef double* res
    cdef double* z
    cdef double* way
    cdef double* to
    cdef double* best
    cdef int* listed
    cdef int* A
    cdef double least_weight
    cdef public double unit       # what the objective has been divided by
    cdef readonly double spent    # entries of columns that conjugate gradients went over, twice a step
    cdef readonly double gap
    cdef readonly int epochs, steps

    def __init__(self, double[::1] target, double[::1] root, int centred, double least_weight):
        """``target`` = h ∘ y and ``root`` = h, in the row order of X."""
        self.target, self.root, self.n = target, root, <int> target.shape[0]
        self.centred, self.least_weight, self.unit = centred, least_weight, 1.0
        self.rows = np.empty(3 * self.n)
        self.e, self.v, self.w = &self.rows[0], &self.rows[self.n], &self.rows[2 * self.n]

    def take(self, const double[::1] data, const index_t[::1] indices, const index_t[::1] indptr, Py_ssize_t[::1] cols,
             double[::1] mean, double[::1] norm, Py_ssize_t total):
        """Copy the columns, whose entries are ``total`` in number."""
        cdef Py_ssize_t i, j
        cdef index_t t
        cdef int at = 0
        cdef double h
        self.make_room(<int> cols.shape[0], total)
        self.indptr[0] = 0
        with nogil:
            for i in range(self.m):
                j = cols[i]
                self.nu[i] = mean[j] / norm[j] if self.centred else 0.0
                for t in range(indptr[j], indptr[j + 1]):
                    h = self.root[indices[t]]
                    if h != 0.0:
                        self.data[at] = data[t] * h / norm[j]
                        self.indices[at] = <int> indices[t]
                        at += 1
                self.indptr[i + 1] = at

    cdef make_room(self, int m, Py_ssize_t total):
        """Memory for so many columns with so many entries."""
        self.m = m
        if self.indptr is None or self.indptr.shape[0] < m + 1:
            self.indptr, self.ints, self.hold = np.empty(2 * m + 1, np.intc), np.empty(4 * m, np.intc), np.empty(20 * m)
        if self.data is None or self.data.shape[0] < total:
            self.data, self.indices = np.empty(total + total // 4), np.empty(total + total // 4, np.intc)
        self.nu = &self.hold[0]

    cdef void hand_out(self) noexcept nogil:
        """Vectors of m numbers beside ``nu``."""
        cdef int m = self.m
        self.p.c, self.d, self.g = self.nu + m, self.nu + 2 * m, self.nu + 3 * m
        self.res, self.z, self.way, self.to = self.nu + 4 * m, self.nu + 5 * m, self.nu + 6 * m, self.nu + 7 * m
        self.best = self.nu + 8 * m  # two of them
        self.listed, self.A = &self.ints[0], &self.ints[m]

    def drop(self):
        """Give the copy back where it is large: every lane has one."""
        if self.data is not None and self.data.shape[0] > KEPT_ENTRIES:
            self.data = self.indices = None

    # -- products --------------------------------------------------------------------------------------------
    cdef inline double dot(self, int j, double* x) noexcept nogil:
        cdef int t, first = self.indptr[j], stop = self.indptr[j + 1]
        cdef double* data = &self.data[0]
        cdef int* indices = &self.indices[0]
        cdef double one = 0.0, two = 0.0
        for t in range(first, stop - 1, 2):     # two sums: additions need not wait for each other
            one += data[t] * x[indices[t]]
            two += data[t + 1] * x[indices[t + 1]]
        if (stop - first) & 1:
            one += data[stop - 1] * x[indices[stop - 1]]
        return one + two

    cdef inline void add(self, int j, double a, double* x) noexcept nogil:
        cdef int t, stop = self.indptr[j + 1]
        # local, or each entry written would make the compiler load them again
        cdef double* data = &self.data[0]
        cdef int* indices = &self.indices[0]
        for t in range(self.indptr[j], stop):
            x[indices[t]] += a * data[t]

    cdef void apply(self, int* which, int count, double* d, double* out) noexcept nogil:
        """out = Σ d_i z of the listed columns."""
        cdef int i
        cdef double mu = 0.0
        memset(out, 0, self.n * sizeof(double))
        for i in range(count):
            if d[i] != 0.0:
                self.add(which[i], d[i], out)
                mu += d[i] * self.nu[which[i]]
        self.shift(out, -mu)

    cdef inline void shift(self, double* x, double mu) noexcept nogil:
        cdef int i
        if mu != 0.0:
            for i in range(self.n):
                x[i] += mu * self.root[i]

    cdef void renew(self) noexcept nogil:
        """The residual and the correlations from the coefficients; with an intercept, that is refitted."""
        cdef int j
        memcpy(self.e, &self.target[0], self.n * sizeof(double))
        for j in range(self.m):
            if self.p.u[j] != 0.0:
                self.add(j, -self.p.u[j], self.e)
        self.correlate()

    cdef void correlate(self) noexcept nogil:
        cdef int j
        cdef double mu = 0.0
        if self.centred:
            for j in range(self.n):
                mu += self.root[j] * self.e[j]
            self.shift(self.e, -mu)
        for j in range(self.m):
            self.p.c[j] = self.dot(j, self.e)

    # -- moves -----------------------------------------------------------------------------------------------
    cdef void descend(self, int epochs) noexcept nogil:
        """Epochs over the support and the violators; the residual follows, the correlations do not."""
        cdef Quadratic* p = &self.p
        cdef int i, j, epoch, count = 0
        cdef double old, new, delta, top, kappa = 0.0
        for j in range(self.m):
            if p.u[j] != 0.0 or wants(p, j, 0.0) != 0:
                self.listed[count] = j
                count += 1
        for epoch in range(epochs):
            top = 0.0
            for i in range(count):
                j = self.listed[i]
                old = p.u[j]
                # z_j'(e + κh) with z_j'h = 0 for centred columns, stored without their means: x_j'e + κν_j
                new = soft(self.dot(j, self.e) + kappa * self.nu[j] + old, p.l1[j]) / (1.0 + p.l2[j])
                new = clip(new, p.lo[j], p.up[j])
                delta = new - old
                if delta != 0.0:
                    p.u[j] = new
                    self.add(j, -delta, self.e)
                    kappa += delta * self.nu[j]
                    top = max(top, delta * delta)
            self.epochs += 1
            if top <= SMALL:
                break

    cdef int conjugate_gradients(self, int* which, int count, double* g, double* l2, double small,
                                 int most) noexcept nogil:
        """d ≈ (Z'Z + l2)⁻¹ g on the listed columns and v = Zd; columns have unit norm. The number of steps."""
        cdef int i, step
        cdef double rz = 0.0, old, a, curve, mu, top
        cdef double* x
        memset(self.d, 0, count * sizeof(double))
        memset(self.v, 0, self.n * sizeof(double))
        for i in range(count):
            self.res[i] = g[i]
            self.way[i] = g[i] / (1.0 + l2[i])
            rz += g[i] * self.way[i]
        for step in range(most):
            top = 0.0
            for i in range(count):
                top = max(top, fabs(self.res[i]))
            if top <= small or rz <= 0.0:
                return step
            self.apply(which, count, self.way, self.w)
            curve = 0.0
            # w is orthogonal to h, so that x_j'w is z_j'w
            for i in range(count):
                self.z[i] = self.dot(which[i], self.w) + l2[i] * self.way[i]
                curve += self.way[i] * self.z[i]
            if curve <= 1e-300:
                return step
            a = rz / curve
            old, rz = rz, 0.0
            for i in range(count):
                self.d[i] += a * self.way[i]
                self.res[i] -= a * self.z[i]
                rz += self.res[i] * self.res[i] / (1.0 + l2[i])
            for i in range(self.n):
                self.v[i] += a * self.w[i]
            a = rz / old
            for i in range(count):
                self.way[i] = self.res[i] / (1.0 + l2[i]) + a * self.way[i]
        return most

    cdef double measure(self, double lam1) noexcept nogil:
        """The duality gap, from residual and correlations that are fresh."""
        cdef Quadratic* p = &self.p
        cdef int i, j, count = 0
        cdef double rr = 0.0, lost = 0.0
        for j in range(self.m):
            if is_projected(p, j):
                self.A[count] = j
                self.g[count] = p.c[j]
                self.best[count] = 0.0
                count += 1
        if count == 0:
            for i in range(self.n):
                rr += self.e[i] * self.e[i]
            return gap_at(p, p.c, rr, 0.0)
        # the dual point must be orthogonal to unpenalised columns: project what is left of them off
        self.conjugate_gradients(self.A, count, self.g, self.best, 1e-15, CG_STEPS)
        for i in range(self.n):
            lost += self.v[i] * self.v[i]
            self.w[i] = self.e[i] - self.v[i]
            rr += self.w[i] * self.w[i]
        for j in range(self.m):
            self.to[j] = self.dot(j, self.w)
        # columns outside were proven for e, and have unit norm: |z'v| ≤ ‖v‖ is what scaling must make up for
        return gap_at(p, self.to, rr, 0.0) + 0.5 * lost + (sqrt(lost) / (lam1 * self.least_weight)
                                                          if lost > 0.0 and lam1 > 0.0 else 0.0)

    cdef inline double land(self, int j, double x) noexcept nogil:
        """Where a coordinate may land inside its orthant and its box."""
        if self.p.l1[j] > 0.0 and x * self.p.u[j] < 0.0:
            return 0.0
        return clip(x, self.p.lo[j], self.p.up[j])

    cdef int newton(self, double goal, double[::1] price) noexcept nogil:
        """One sign step on the support inside its bounds; 0 when steps cost more than a factor and did not end."""
        cdef Quadratic* p = &self.p
        cdef int i, j, a = 0, stops = 0, most, done
        cdef double small = 0.0, top = 0.0, work = 0.0, first = 1.0, s, gd = 0.0, curve = 0.0, fall, best, t, l1 = 0.0
        cdef double limit
        cdef double* l2 = self.best + self.m
        for j in range(self.m):
            if is_free(p, j):
                self.A[a] = j
                s = 1.0 if p.u[j] > 0.0 else -1.0
                self.g[a] = p.c[j] - p.l2[j] * p.u[j] - p.l1[j] * s
                l2[a] = p.l2[j]
                top = max(top, fabs(self.g[a]))
                l1 = max(l1, p.l1[j])
                work += 2.0 * (self.indptr[j + 1] - self.indptr[j])
                a += 1
        if a == 0:
            return 1
        # a stationarity residual of ε·l1 leaves a gap of at most about ε
        small = max(TIGHT * goal * self.unit * (l1 if l1 > 0.0 else 1.0), LOOSE * top)
        most = CG_STEPS
        limit = price[1] * a * a * a / 3.0 + 0.5 * price[2] * work + price[3] * (work + price[0] * a * a)
        if limit < INFINITY:
            most = <int> min(1.0 * CG_STEPS, 1.0 + max(limit - self.spent, 0.0) / work)
        done = self.conjugate_gradients(self.A, a, self.g, l2, small, most)
        self.steps += done
        self.spent += work * done
        for i in range(a):
            j = self.A[i]
            t = self.land(j, p.u[j] + self.d[i])
            gd += self.g[i] * self.d[i]
            curve += l2[i] * self.d[i] * self.d[i]
            if t != p.u[j] + self.d[i]:
                stops += 1
                first = min(first, (t - p.u[j]) / self.d[i])
        first = max(first, 0.0)
        if stops == 0:
            for i in range(a):
                p.u[self.A[i]] += self.d[i]
            self.follow(self.v, 1.0)
            return done < most or most == CG_STEPS
        for i in range(self.n):
            curve += self.v[i] * self.v[i]
        best = first * gd - 0.5 * first * first * curve
        # the best of t = 1, ½, ¼ … down to the first stop, projected onto orthant and box
        t, fall, stops = 1.0, 0.0, 0
        while t > first:
            s = self.try_step(a, t, l2)
            if s <= fall and fall > 0.0:
                break
            if s > fall:
                fall, stops = s, 1
                memcpy(self.best, self.to, a * sizeof(double))
            t *= 0.5
        if stops and fall >= best:
            for i in range(a):
                p.u[self.A[i]] = self.best[i]
        elif best > 0.0:
            for i in range(a):
                j = self.A[i]
                t = self.land(j, p.u[j] + self.d[i])
                if t != p.u[j] + self.d[i] and (t - p.u[j]) / self.d[i] <= first:
                    p.u[j] = t
                else:
                    p.u[j] += first * self.d[i]
        self.renew()
        return done < most or most == CG_STEPS

    cdef double try_step(self, int a, double t, double* l2) noexcept nogil:
        """How far the objective falls at u + t d projected, which is left in ``to``."""
        cdef int i, j
        cdef double fall = 0.0, x
        for i in range(a):
            j = self.A[i]
            self.to[i] = self.land(j, self.p.u[j] + t * self.d[i])
            x = self.to[i] - self.p.u[j]
            self.z[i] = x
            fall += self.g[i] * x - 0.5 * l2[i] * x * x
        self.apply(self.A, a, self.z, self.w)
        for i in range(self.n):
            fall -= 0.5 * self.w[i] * self.w[i]
        return fall

    cdef void follow(self, double* v, double t) noexcept nogil:
        """The residual after a move with image v."""
        cdef int i
        for i in range(self.n):
            self.e[i] -= t * v[i]
        self.correlate()

    def solve(self, double[::1] u, double[::1] l1, double[::1] l2, double[::1] lo, double[::1] up, double lam1,
              double goal, int max_iter, double[::1] price):
        """Bring u to the solution on these columns; false where conjugate gradients cost more than a factor.

        ``goal`` bounds the gap, found in ``gap``. ``price`` is counted in entries of columns: of an entry of a factor's
        triangle, of a flop of making it, of its Gram matrix by entry; and the steps that a λ takes with it.
        """
        cdef Quadratic* p = &self.p
        cdef int m = self.m, turn, going = 1
        p.m, p.ld, p.G = m, m, NULL
        p.u, p.l1, p.l2, p.lo, p.up = &u[0], &l1[0], &l2[0], &lo[0], &up[0]
        self.hand_out()
        self.spent, self.epochs, self.steps, self.gap = 0.0, 0, 0, INFINITY
        with nogil:
            self.renew()
            for turn in range(ROUNDS):
                self.descend(EPOCHS if turn else FIRST_EPOCHS)
                self.renew()
                self.gap = self.measure(lam1)
                if self.gap <= goal or self.epochs > max_iter or not going:
                    break
                going = self.newton(goal, price)
        return self.gap <= goal or self.epochs > max_iter or going


include "weigh.pxi"
