# The point of a working set with blocks, the best free coefficients there, and its quadratic model. Included by
# blocks.pyx.

# The free coefficients are optimal where the gradient sums to this share of its absolute values.
cdef double LEVEL = 1e-13
# Between steps this much is enough; the gap that ends a solve is taken where they are optimal.
cdef double LOOSE = 1e-6


cdef class BlockModel(BlockMembers):
    """η, gradient and value where u is; the Hessian of some past point as a matrix on the members."""

    def begin(self, double[::1] u):
        """Start from these coefficients (m,) of the members."""
        cdef int i
        for i in range(self.m):
            self.u[i] = u[i]
        self.refresh_eta()

    def value_with(self, double[::1] s):
        """The loss where u is, rows weighted by s (n,)."""
        return self.loss.value(&self.eta[0], &s[0])

    # -- the point -------------------------------------------------------------------------------------------
    cdef void multiply(self, double* d, double* out) noexcept nogil:
        """out = σ Σ dₘ ratioₘ zₘ on all rows and outputs."""
        cdef int j, one = 1
        cdef double x
        memset(out, 0, <size_t> self.n * self.K * sizeof(double))
        if self.K == 1 and self.m:
            for j in range(self.m):
                self.p.q[j] = self.sigma * d[j] * self.ratio[j]
            add_columns(self.n, self.m, &self.Z[0, 0], &self.at[0], self.p.q, out)
            return
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
        else:
            x = softmax_curve(n, k == l, &self.s[0], y, z, hk, hl)
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
                    total = sum_and_size(n, &self.Phi[0, i], &self.r[k * n], &size)
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
        if self.K == 1 and self.m:
            dot_columns(self.n, self.m, &self.Z[0, 0], &self.at[0], &self.r[0], self.c)
            for j in range(self.m):
                self.c[j] *= self.ratio[j] / self.sigma
            return
        for j in range(self.m):
            self.c[j] = self.ratio[j] / self.sigma * ddot(&self.n, &self.Z[0, self.at[j]], &one,
                                                          &self.r[self.outs[j] * self.n], &one)

    # -- the model -------------------------------------------------------------------------------------------
    cdef void weigh(self, int first) noexcept nogil:
        """Columns of G from ``first`` on, with the frozen curvature; B profiled out by a Schur complement."""
        cdef int i, j, a, q = self.f * self.K, one = 1, rows = self.n, cols = self.m // self.per, new = cols - first
        cdef int ld = self.p.ld, lde = max(1, q)
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
            if self.by_rows:
                self.project(first)
                return
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
        self.forget(first)
        self.built = cols

    cdef void forget(self, int first) noexcept nogil:
        """Diagonal blocks of columns from ``first`` on are to be decomposed again."""
        cdef int g
        for g in range(self.nb):
            if self.starts_[g + 1] > first * self.per:
                self.made[g] = 0

    cdef void project(self, int first) noexcept nogil:
        """Columns of A from ``first`` on less what the free columns hold of them: then the model is A'A alone."""
        cdef int i, j, n = self.n, q = self.f, wide = self.f * self.K, cols = self.m // self.per, new = cols - first
        cdef double unit = 1.0, minus = -1.0
        cdef char right = b'R', left = b'L', lower_part = b'L', turned = b'T', no = b'N'
        if q and new > 0:       # all outputs have the same weights
            if first == 0:      # Q = √H Φ L⁻ᵀ, of orthonormal columns
                for i in range(q):
                    for j in range(n):
                        self.Q[j, i] = self.root[j] * self.Phi[j, i]
                dtrsm(&right, &lower_part, &turned, &no, &n, &q, &unit, &self.S[0], &wide, &self.Q[0, 0], &n)
            dtrsm(&left, &lower_part, &no, &no, &q, &new, &unit, &self.S[0], &wide, &self.E[0, first], &wide)
            dgemm(&no, &no, &n, &new, &q, &minus, &self.Q[0, 0], &n, &self.E[0, first], &wide, &unit, &self.A[0, first],
                  &n)
        self.forget(first)
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
        Z = np.asarray(self.Z)[:, np.asarray(self.at)[:m]] * np.asarray(self.hold).reshape(14, -1)[2, :m]
        V = np.zeros((self.n, self.K, m - first))
        V[:, outs[first:m], np.arange(m - first)] = Z[:, first:]
        H = self.loss.products(self.frozen, self.s, V)
        for k in range(self.K):
            rows = np.flatnonzero(outs[:m] == k)
            np.asarray(self.G)[rows, first:m] = Z[:, rows].T @ H[:, k]
            np.asarray(self.E)[k * self.f:(k + 1) * self.f, first:m] = np.asarray(self.Phi).T @ H[:, k]

    cdef void lift(self) noexcept nogil:
        """Rows without curvature get a little of the largest (Huber's loss far out): the model needs a minimum."""
        cdef int i
        cdef double top = steepest_row(self.n, &self.h[0], &self.s[0])
        for i in range(self.n):
            self.frozen[i] = max(self.frozen[i], FLAT_ROW * top * self.s[i])

    cdef void model(self) noexcept nogil:
        """Take the Hessian here."""
        if self.loss.kind == OUTSIDE:
            memcpy(&self.frozen[0], &self.eta[0], <size_t> self.n * self.K * sizeof(double))
        else:
            memcpy(&self.frozen[0], &self.h[0], <size_t> self.n * self.K * sizeof(double))
        if self.by_rows and self.loss.kind == PLAIN:
            self.lift()
        if self.f:
            self.free_system(&self.frozen[0], &self.S[0])
        self.weigh(0)
        self.stale = 0
        self.hessians += 1

    cdef void level(self, double* out) noexcept nogil:
        """How B moves with the change of η in ``move``, as the model has it: (f, K) ``out``."""
        cdef int i, j, k, a, n = self.n, q = self.f * self.K, one = 1, info
        cdef double x
        cdef char lower_part = b'L'
        if self.loss.kind == OUTSIDE:
            memset(out, 0, q * sizeof(double))
            return
        if self.loss.kind == SOFTMAX:
            row_means(n, self.K, &self.frozen[0], &self.move[0], &self.trial[0])
        for k in range(self.K):
            a = k * n
            for i in range(self.f):
                if self.loss.kind == SOFTMAX:
                    out[k * self.f + i] = softmax_level(n, &self.Phi[0, i], &self.r[a], &self.frozen[a], &self.s[0],
                                                        &self.move[a], &self.trial[0])
                    continue
                x = 0.0
                for j in range(n):
                    x += self.Phi[j, i] * (self.r[a + j] - self.frozen[a + j] * self.move[a + j])
                out[k * self.f + i] = x
        dpotrs(&lower_part, &q, &one, &self.S[0], &q, out, &q, &info)
