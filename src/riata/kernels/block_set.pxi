# The working set of one lane with blocks of coefficients: proximal Newton steps on K linear predictors. Included by
# blocks.pyx.

# Newton steps at one λ before it is given up, and halvings of one step.
cdef int STEPS = 200, HALVINGS = 40
# Share of the decrease that the quadratic model promises, below which a step is halved (Armijo).
cdef double ARMIJO = 1e-4
# A whole step that promises less than this is taken where the objective can hardly tell: gradients have more digits.
cdef double ROUNDED = 1e-7
# The free coefficients are optimal where the gradient sums to this share of its absolute values.
cdef double LEVEL = 1e-13
# Between steps this much is enough; the gap that ends a solve is taken where they are optimal.
cdef double LOOSE = 1e-6
# A Hessian is kept while a step with it shrinks the gap at least this much.
cdef double WORTH = 0.15
# The model is solved to this share of the present gap: its error is larger while the Hessian is not the newest.
cdef double INEXACT = 0.1
# Multiplications up to which newcomers are reason enough to take the Hessian again.
cdef double CHEAP = 3e6


cdef class BlockSet:
    """Members W of one lane: pairs (column, output), side by side in blocks.

        minimise over (B, u)   F(o + ΦB + σ Σ uₘ ζₘ)/σ² + Σ_g penalty_g(u_g),      σ² = 2 (F(null) − F(saturated))

    Φ (n, f) holds the intercept's ones and the columns without penalty: B is profiled out, every point has the best
    one. The Hessian is frozen while it serves; gradients are fresh, so that the solution does not depend on it.
    """

    cdef Blocks p
    cdef Outputs loss
    cdef readonly int m, nb, K, f
    cdef int n, kron, room, room_blocks, built, stale, per
    cdef double[::1, :] Z, Phi, G, A, Bp, E
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
        for name in ("eta", "r", "h", "frozen", "move", "trial"):
            pass
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
        self.lam = self.lam_before = 0.0
        self.make_room(32, 32)
        self.refresh_eta()

    # -- memory ----------------------------------------------------------------------------------------------
    cdef make_room(self, int size, int blocks):
        cdef int old = self.room, room, cols
        if size > old:
            room = max(old + old // 2, size, 32)
            room += -room % self.per
            cols = room // self.per
            vectors, ints = np.zeros((13, room)), np.zeros(2 * room, np.intc)
            G, A = np.zeros((cols, cols), order="F"), np.zeros((self.n, cols), order="F")
            E = np.zeros((max(1, self.f * self.K), cols), order="F")
            members, outs, at = np.zeros(room, np.intp), np.zeros(room, np.intp), np.zeros(room, np.intp)
            if old:
                vectors[:, :old] = np.asarray(self.hold).reshape(13, old)
                members[:old], outs[:old], at[:old] = self.members, self.outs, self.at
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
        self.last = h + 12 * room
        p.active, p.ld, p.G = &self.ihold[0], room // self.per, &self.G[0, 0]
        p.image = self.goal_c
        h = &self.ghold[0]
        room = self.room_blocks
        p.l1, p.l2, self.ul1, self.ul2 = h, h + room, h + 2 * room, h + 3 * room
        p.start, p.listed, p.made, p.at = &self.starts_[0], &self.starts_[room + 1], &self.made[0], &self.at_eig[0]

    @property
    def features(self):
        """Feature of each member."""
        return np.asarray(self.members)[:self.m]

    @property
    def outputs(self):
        """Output of each member."""
        return np.asarray(self.outs)[:self.m]

    @property
    def coefficients(self):
        """u of the members: a view."""
        return np.asarray(self.hold)[:self.m]

    @property
    def sizes(self):
        """(‖u_g‖ > 0, ‖soft(c_g, s)‖/l1_g) of every block at the λ solved last."""
        on, ratio = np.empty(self.nb, bool), np.empty(self.nb)
        cdef int g
        self.p.u, self.p.c = self.u, self.c
        for g in range(self.nb):
            on[g] = length(self.u + self.starts_[g], self.starts_[g + 1] - self.starts_[g]) > 0.0
            ratio[g] = soft_length(&self.p, g, 1.0) / self.p.l1[g] if self.p.l1[g] > 0.0 else INFINITY
        return on, ratio

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

    def enlist(self, Py_ssize_t[::1] sizes, Py_ssize_t[::1] features, Py_ssize_t[::1] outs, Py_ssize_t[::1] at,
               double[::1] ratio, double[::1] l1, double[::1] l2, double[::1] s):
        """Take blocks into W with coefficients 0: members in a row, weights at λ = 1; ``at`` is where columns stand."""
        cdef int i, k, b, new = <int> features.shape[0], g
        self.make_room(self.m + new, self.nb + <int> sizes.shape[0])
        for i in range(new):
            k = self.m + i
            self.members[k], self.outs[k], self.at[k] = features[i], outs[i], at[i]
            self.u[k] = self.c[k] = self.last[k] = 0.0
            self.ratio[k], self.us[k] = ratio[i], s[i]
        for i in range(sizes.shape[0]):
            g, b = self.nb + i, <int> sizes[i]
            self.ul1[g], self.ul2[g] = l1[i], l2[i]
            self.starts_[g + 1] = self.starts_[g] + b
            self.made[g] = 0
            self.at_eig[g] = self.eig_used
            if b > 1 and not (self.per == b and not self.p.nested):
                self.eig_used += b * b + b
        self.m += new
        self.nb += <int> sizes.shape[0]
        if self.eighold is None or self.eighold.shape[0] < <Py_ssize_t> self.eig_used:
            self.eighold = np.zeros(max(64, 2 * self.eig_used))
            for g in range(self.nb):
                self.made[g] = 0
        self.p.eig = &self.eighold[0]
        self.p.m, self.p.nb = self.m, self.nb

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
                for i in range(cols):
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

    def begin(self, double[::1] u):
        """Start from these coefficients (m,) of the members."""
        cdef int i
        for i in range(self.m):
            self.u[i] = u[i]
        self.refresh_eta()

    # -- the point -------------------------------------------------------------------------------------------
    cdef void multiply(self, double* d, double* out) noexcept nogil:
        """out = σ Σ dₘ ratioₘ zₘ on all rows and outputs."""
        cdef int j, one = 1
        cdef double x
        memset(out, 0, <size_t> self.n * self.K * sizeof(double))
        for j in range(self.m):
            if d[j] != 0.0:
                x = self.sigma * d[j] * self.ratio[j]
                daxpy(&self.n, &x, &self.Z[0, self.at[j]], &one, out + <size_t> self.outs[j] * self.n, &one)

    cdef void add_free(self, const double* B, double* out, double sign) noexcept nogil:
        """out += sign · ΦB."""
        cdef int i, k, one = 1
        cdef double x
        for k in range(self.K):
            for i in range(self.f):
                x = sign * B[k * self.f + i]
                if x != 0.0:
                    daxpy(&self.n, &x, &self.Phi[0, i], &one, out + <size_t> k * self.n, &one)

    cdef void refresh_eta(self) noexcept:
        """η from the coefficients, so that rounding does not pile up, and all that hangs on it."""
        cdef int i
        self.multiply(self.u, &self.eta[0])
        for i in range(self.n * self.K):
            self.eta[i] += self.offset[i]
        self.add_free(&self.B[0], &self.eta[0], 1.0)
        self.settle(LEVEL, 0)

    cdef int free_system(self, const double* h, double* S) noexcept nogil:
        """The Cholesky factor of Φ'HΦ (fK, fK); a direction that changes nothing is given weight. 0 where it fails."""
        cdef int a, b, k, l, i, j, q = self.f * self.K, info = 0, n = self.n, f = self.f
        cdef double x, trace
        cdef char lower_part = b'L'
        if self.loss.kind == OUTSIDE:
            with gil:
                self.free_outside(S)
        else:
            memset(S, 0, q * q * sizeof(double))
            for k in range(self.K):
                for l in range(k, self.K if self.loss.kind == SOFTMAX else k + 1):
                    for i in range(f):
                        for j in range(f):
                            x = self.free_entry(h, k, l, i, j)
                            S[(k * f + i) * q + l * f + j] = x
                            S[(l * f + j) * q + k * f + i] = x
        if self.loss.kind == SOFTMAX:
            for i in range(f):
                trace = 0.0
                for k in range(self.K):
                    trace += S[(k * f + i) * (q + 1)]
                for k in range(self.K):
                    for l in range(self.K):
                        S[(k * f + i) * q + l * f + i] += trace / (self.K * self.K)
        for i in range(q):
            S[i * (q + 1)] *= 1.0 + 1e-14
            if S[i * (q + 1)] <= 0.0:
                S[i * (q + 1)] = 1.0
        dpotrf(&lower_part, &q, S, &q, &info)
        return info == 0

    cdef double free_entry(self, const double* h, int k, int l, int i, int j) noexcept nogil:
        cdef int a, n = self.n
        cdef double x = 0.0
        cdef const double* hk = h + <size_t> k * n
        cdef const double* hl = h + <size_t> l * n
        cdef double* y = &self.Phi[0, i]
        cdef double* z = &self.Phi[0, j]
        if self.loss.kind != SOFTMAX:
            for a in range(n):
                x += hk[a] * y[a] * z[a]
        elif k == l:
            for a in range(n):
                x += self.s[a] * hk[a] * (1.0 - hk[a]) * y[a] * z[a]
        else:
            for a in range(n):
                x -= self.s[a] * hk[a] * hl[a] * y[a] * z[a]
        return x

    cdef free_outside(self, double* S):
        cdef int i, q = self.f * self.K
        V = np.einsum("nf,kl->nklf", self.Phi, np.eye(self.K)).reshape(self.n, self.K, q)
        H = np.einsum("nki,nkj->ij", V, self.loss.products(self.eta, self.s, V))
        flat = np.ascontiguousarray(H).reshape(-1)
        for i in range(q * q):
            S[i] = flat[i]

    cdef void settle(self, double level, int known) noexcept nogil:
        """Bring B to its best value at these coefficients; value and gradient there (``known``: they are there)."""
        cdef int i, k, turn, q = self.f * self.K, one = 1, info, n = self.n, settled
        cdef double size, total, top
        cdef double* S = &self.work[0]
        cdef double* g = S + q * q
        cdef char lower_part = b'L'
        for turn in range(50):
            if turn > 0 or not known:
                self.value = self.loss.slopes(&self.eta[0], &self.s[0], &self.r[0], &self.h[0])
            if q == 0:
                return
            settled = 1
            for k in range(self.K):
                for i in range(self.f):
                    total = ddot(&n, &self.Phi[0, i], &one, &self.r[k * n], &one)
                    size = dabs_dot(n, &self.Phi[0, i], &self.r[k * n])
                    g[k * self.f + i] = total
                    if fabs(total) > level * size:
                        settled = 0
            if settled or not self.free_system(&self.h[0], S):
                return
            dpotrs(&lower_part, &q, &one, S, &q, g, &q, &info)
            top = 0.0
            for i in range(q):
                if not fabs(g[i]) < INFINITY:
                    return
                top = max(top, fabs(g[i]) / (1.0 + fabs(self.B[i])))
            if top > 2.0 and self.loss.kind != SQUARE:
                for i in range(q):
                    g[i] *= 2.0 / top
            for i in range(q):
                self.B[i] += g[i]
            self.add_free(g, &self.eta[0], 1.0)
            if top <= 1e-16:
                return

    cdef void correlate(self) noexcept nogil:
        """c = −(gradient of the loss part) of every member."""
        cdef int j, one = 1
        for j in range(self.m):
            self.c[j] = self.ratio[j] / self.sigma * ddot(&self.n, &self.Z[0, self.at[j]], &one,
                                                          &self.r[self.outs[j] * self.n], &one)

    # -- the model -------------------------------------------------------------------------------------------
    cdef void weigh(self, int first) noexcept nogil:
        """Columns of G from ``first`` on, with the frozen curvature; B profiled out by a Schur complement."""
        cdef int i, j, a, q = self.f * self.K, one = 1, rows = self.n, cols = self.m // self.per, new = cols - first
        cdef int ld = self.p.ld, lde = max(1, q), g
        cdef double unit = 1.0, minus = -1.0, zero = 0.0, w
        cdef double* column
        cdef double* z
        cdef double* h
        cdef char turned = b'T', no = b'N', lower_part = b'L', left = b'L', upper_part = b'U'
        if self.loss.kind == OUTSIDE:
            with gil:
                self.weigh_outside(first)
        else:
            if first == 0:
                self.weights()
            for j in range(first, cols):
                a = j * self.per
                column, z, h = &self.A[0, j], &self.Z[0, self.at[a]], &self.root[self.outs[a] * rows]
                w = self.ratio[a]
                for i in range(rows):
                    column[i] = w * z[i] * h[i]
                if self.loss.kind == SOFTMAX:
                    h += rows * self.K
                    for i in range(rows):
                        self.Bp[i, j] = column[i] * h[i]
                if q:
                    self.cross(j, w, z, <int> self.outs[a])
            if self.loss.kind == SOFTMAX and first == 0:
                dsyrk(&upper_part, &turned, &cols, &rows, &minus, &self.Bp[0, 0], &rows, &zero, &self.G[0, 0], &ld)
                self.same_output(first)
            elif first == 0:
                dsyrk(&upper_part, &turned, &cols, &rows, &unit, &self.A[0, 0], &rows, &zero, &self.G[0, 0], &ld)
            elif self.loss.kind == SOFTMAX:
                dgemm(&turned, &no, &cols, &new, &rows, &minus, &self.Bp[0, 0], &rows, &self.Bp[0, first], &rows,
                      &zero, &self.G[0, first], &ld)
                self.same_output(first)
            else:
                dgemm(&turned, &no, &cols, &new, &rows, &unit, &self.A[0, 0], &rows, &self.A[0, first], &rows,
                      &zero, &self.G[0, first], &ld)
            if self.loss.kind == SQUARE and self.K > 1 and not self.kron:
                for j in range(first, cols):
                    for i in range(cols):
                        if self.outs[i] != self.outs[j]:
                            self.G[i, j] = 0.0
        if q and new > 0:
            dtrsm(&left, &lower_part, &no, &no, &q, &new, &unit, &self.S[0], &q, &self.E[0, first], &lde)
            dgemm(&turned, &no, &cols, &new, &q, &minus, &self.E[0, 0], &lde, &self.E[0, first], &lde, &unit,
                  &self.G[0, first], &ld)
        for j in range(first, cols):
            for i in range(j):
                self.G[j, i] = self.G[i, j]
        for g in range(self.nb):
            if self.starts_[g + 1] > first * self.per:
                self.made[g] = 0
        self.built = cols

    cdef void weights(self) noexcept nogil:
        """Roots of the frozen weights by row and output, and HΦ: vector (k, i) for members of output l at l·fK + k·f + i."""
        cdef int i, k, l, a, n = self.n, K = self.K, f = self.f, softmax = self.loss.kind == SOFTMAX
        cdef double* h = &self.frozen[0]
        cdef double* out
        for a in range(n * K):
            self.root[a] = sqrt(h[a])
        if softmax:
            for k in range(K):
                for a in range(n):
                    self.root[n * K + k * n + a] = self.root[k * n + a]
                    self.root[k * n + a] *= sqrt(self.s[a])
        for l in range(K):
            for k in range(K):
                if not softmax and k != l:
                    continue
                for i in range(f):
                    out = &self.HPhi[(<size_t> l * f * K + k * f + i) * n]
                    for a in range(n):
                        out[a] = self.Phi[a, i] * h[k * n + a]
                        if softmax:
                            out[a] *= self.s[a] * ((1.0 if k == l else 0.0) - h[l * n + a])

    cdef void cross(self, int j, double w, const double* z, int out) noexcept nogil:
        """Column j of E: Φ'H times the member, before the triangular solve."""
        cdef int i, k, n = self.n, one = 1, q = self.f * self.K
        for i in range(q):
            k = i // self.f
            if self.loss.kind == SOFTMAX or k == out:
                self.E[i, j] = w * ddot(&n, &self.HPhi[(<size_t> out * q + i) * n], &one, <double*> z, &one)
            else:
                self.E[i, j] = 0.0

    cdef void same_output(self, int first) noexcept nogil:
        """Add A'A where two members have the same output."""
        cdef int k, i, j, count, fresh, n = self.n, m = self.m
        cdef double unit = 1.0, zero = 0.0
        cdef char turned = b'T', no = b'N', upper_part = b'U'
        cdef double* P = <double*> malloc(<size_t> m * (n + m) * sizeof(double))
        cdef double* T = P + <size_t> m * n
        cdef int* which = self.p.active
        if P == NULL:
            return
        for k in range(self.K):
            count = fresh = 0
            for j in range(m):
                if self.outs[j] == k:
                    memcpy(P + <size_t> count * n, &self.A[0, j], n * sizeof(double))
                    which[count] = j
                    count += 1
                    fresh += j >= first
            i = count - fresh
            if fresh == 0:
                continue
            if i == 0:
                dsyrk(&upper_part, &turned, &count, &n, &unit, P, &n, &zero, T, &count)
                for j in range(count):
                    for i in range(j + 1):
                        self.G[which[i], which[j]] += T[<size_t> j * count + i]
                continue
            dgemm(&turned, &no, &count, &fresh, &n, &unit, P, &n, P + <size_t> i * n, &n, &zero, T, &count)
            for j in range(fresh):
                for i in range(count):
                    self.G[which[i], which[count - fresh + j]] += T[<size_t> j * count + i]
        free(P)

    cdef weigh_outside(self, int first):
        """The same for a loss that is asked in Python, at the point where the Hessian was taken."""
        m, outs = self.m, np.asarray(self.outs)
        Z = np.asarray(self.Z)[:, np.asarray(self.at)[:m]] * np.asarray(self.hold).reshape(13, -1)[2, :m]
        V = np.zeros((self.n, self.K, m - first))
        V[:, outs[first:m], np.arange(m - first)] = Z[:, first:]
        H = self.loss.products(self.frozen, self.s, V)
        for k in range(self.K):
            rows = np.flatnonzero(outs[:m] == k)
            np.asarray(self.G)[rows, first:m] = Z[:, rows].T @ H[:, k]
            np.asarray(self.E)[k * self.f:(k + 1) * self.f, first:m] = np.asarray(self.Phi).T @ H[:, k]

    cdef void model(self) noexcept nogil:
        """Take the Hessian here."""
        if self.loss.kind == OUTSIDE:
            memcpy(&self.frozen[0], &self.eta[0], <size_t> self.n * self.K * sizeof(double))
        else:
            memcpy(&self.frozen[0], &self.h[0], <size_t> self.n * self.K * sizeof(double))
        if self.f:
            self.free_system(&self.h[0], &self.S[0])
        self.weigh(0)
        self.stale = 0
        self.hessians += 1

    cdef void level(self, double* out) noexcept nogil:
        """How B moves with the change of η in ``move``, as the model has it: (f, K) ``out``."""
        cdef int i, k, a, n = self.n, q = self.f * self.K, one = 1, info
        cdef double x
        cdef char lower_part = b'L'
        if self.loss.kind == OUTSIDE:
            memset(out, 0, q * sizeof(double))
            return
        for k in range(self.K):
            for i in range(self.f):
                out[k * self.f + i] = 0.0
        for a in range(n):
            x = 0.0
            if self.loss.kind == SOFTMAX:
                for k in range(self.K):
                    x += self.frozen[k * n + a] * self.move[k * n + a]
            for k in range(self.K):
                for i in range(self.f):
                    out[k * self.f + i] += self.Phi[a, i] * self.r[k * n + a]
                    out[k * self.f + i] -= self.Phi[a, i] * self.frozen[k * n + a] * (
                        self.s[a] * (self.move[k * n + a] - x) if self.loss.kind == SOFTMAX else self.move[k * n + a])
        dpotrs(&lower_part, &q, &one, &self.S[0], &q, out, &q, &info)

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

    def solve(self, double lam1, double lam2, double goal, int max_iter):
        """Bring (B, u) to the solution on W: (rounds, gap)."""
        cdef int g, i
        for g in range(self.nb):
            self.p.l1[g], self.p.l2[g] = lam1 * self.ul1[g], lam2 * self.ul2[g]
        for i in range(self.m):
            self.p.s[i] = lam1 * self.us[i]
        with nogil:
            if lam1 + lam2 != self.lam:
                self.extrapolate(lam1 + lam2)
            self.solve_at(goal, max_iter)
        return self.rounds, self.gap

    cdef void extrapolate(self, double lam) noexcept nogil:
        """At a new λ, go on as u moved between the last two: the path is smooth while no block comes or goes."""
        cdef int g, j
        cdef double share, x
        if self.lam_before > self.lam > lam > 0.0:
            share = (self.lam - lam) / (self.lam_before - self.lam)
            for j in range(self.m):
                x = self.u[j]
                self.c[j] = 0.0
                if x != 0.0 and self.last[j] != 0.0:
                    self.c[j] = clip(share * (x - self.last[j]), -0.5 * fabs(x), 0.5 * fabs(x))
                self.last[j] = x
                self.u[j] = x + self.c[j]
            self.multiply(self.c, &self.move[0])
            for j in range(self.n * self.K):
                self.eta[j] += self.move[j]
            self.settle(LEVEL if self.loss.kind == SQUARE else LOOSE, 0)
        else:
            memcpy(self.last, self.u, self.m * sizeof(double))
        self.lam_before = self.lam
        self.lam = lam

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
            if self.gap <= goal and self.f and not square:
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
        cdef int i, j, k, g, m = self.m, size = self.n * self.K, q = self.f * self.K
        cdef Blocks* p = &self.p
        cdef double t = 1.0, promised = 0.0, old, new, grown, fall, inner
        cdef double* delta = &self.work[0] + q * q + q
        memcpy(self.goal_u, self.u, m * sizeof(double))
        p.u = self.goal_u
        inner = max(0.1 * goal, (1e-4 if self.loss.kind == SQUARE else INEXACT) * self.gap)
        if self.loss.kind == SQUARE:
            inner = 0.3 * goal
        self.rounds += 1 + solve_blocks(p, self.tight * inner, self.rr, max_iter)
        p.u = self.u
        self.correlate()
        old = self.value / (self.sigma * self.sigma)
        for j in range(m):
            promised += (self.goal_u[j] - self.u[j]) * self.c[j]
            self.goal_c[j] = self.goal_u[j] - self.u[j]
        for g in range(self.nb):
            promised -= penalty_of(p, g, self.goal_u) - penalty_of(p, g, self.u)
        if promised <= 0.0:
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


cdef inline double dabs_dot(int n, const double* x, const double* y) noexcept nogil:
    cdef int i
    cdef double total = 0.0
    for i in range(n):
        total += fabs(x[i] * y[i])
    return total
