# Cox's partial likelihood, with the exact Hessian. Included by gram.pyx.

cdef class CoxLoss(RowLoss):
    """Cox's partial likelihood without late entry: Σ_t m_t log S_t − Σ s_k η_k over deaths k.

    Positions 0 … E − 1 are the times of events, stratum after stratum. Row k is at risk from the first position of its
    stratum up to, not including, ``high`` and at its own event ``own`` (−1: none). Term t belongs to position ``at``,
    has mass m_t, and counts the deaths there with ``share`` (below 1 for Efron's ties). Its Hessian is
    diag(Σ_t m_t p_t) − Σ_t m_t p_t p_t', with p_t the distribution of term t over those at risk.
    """

    cdef Py_ssize_t[::1] own, first, stratum, at, dead
    cdef int[::1] ends, after, died  # where rows look things up without a question: see below
    cdef double[::1] mass, share, deaths
    cdef int E, n
    cdef double[::1] w, mixed, S, risk, fallen, before, ending, fixed_w, fixed_S, inverse, top

    def __init__(self, sets, terms, double[::1] s, order):
        """``sets`` and ``terms`` as in riata.losses; ``order`` are the rows here (None: as they are), s their weights."""
        n, E = s.shape[0], sets.n_events
        rows = np.arange(n) if order is None else np.asarray(order)
        self.n, self.E, self.terms, self.y = n, E, terms.mass.shape[0], np.zeros(n)
        self.own = sets.own[rows].astype(np.intp)
        self.stratum = sets.stratum[rows].astype(np.intp)
        n_strata = int(sets.stratum.max()) + 1
        self.first = np.searchsorted(sets.stratum_of, np.arange(n_strata + 1)).astype(np.intp)
        own, weight, high = np.asarray(self.own), np.asarray(s), sets.high[rows]
        # the last position at which a row is at risk beside its own event, the one behind it, and its own event's; rows
        # without one look at a position of sums that nobody reads, or of zeros that nobody writes
        among = high > np.asarray(self.first)[np.asarray(self.stratum)]
        self.ends = np.where(among, high - 1, E).astype(np.intc)
        self.after = np.where(among, high, E + 1).astype(np.intc)
        self.died = np.where(own >= 0, own, E).astype(np.intc)
        dead = np.flatnonzero((own >= 0) & (weight > 0))
        self.dead = dead[np.argsort(own[dead], kind="stable")].astype(np.intp)
        self.deaths = np.bincount(own[dead], weight[dead], E) + 0.0
        self.mass, self.share = np.array(terms.mass), np.array(terms.share)
        self.at = np.array(terms.at, np.intp)
        self.w, self.mixed, self.fixed_w, self.top = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n_strata)
        self.S, self.fixed_S, self.inverse = np.ones((3, self.terms))
        self.risk, self.fallen, self.before, self.ending = np.zeros((4, E + 2))

    cdef void add_up(self, const double* x) noexcept nogil:
        """At each position: `risk`, the sum of x over those at risk beside the deaths, and `fallen`, over the deaths.

        x is 0 in rows of weight 0.
        """
        cdef int k, e
        cdef Py_ssize_t i, j
        cdef double total
        memset(&self.risk[0], 0, (self.E + 1) * sizeof(double))
        memset(&self.fallen[0], 0, (self.E + 1) * sizeof(double))
        for k in range(self.n):
            self.risk[self.ends[k]] += x[k]
        for i in range(self.dead.shape[0]):
            k = <int> self.dead[i]
            self.fallen[self.died[k]] += x[k]
        for j in range(self.first.shape[0] - 1):
            total = 0.0         # in a register: sums that go through memory wait for it
            for e in range(<int> self.first[j + 1] - 1, <int> self.first[j] - 1, -1):
                total += self.risk[e]
                self.risk[e] = total

    cdef double value(self, const double* eta, const double* s) noexcept nogil:
        """Also sets w = s exp(η − the largest of its stratum) and S."""
        cdef int k, t
        cdef Py_ssize_t i
        cdef double f = 0.0, top = -INFINITY
        if self.top.shape[0] == 1:
            for k in range(self.n):
                top = eta[k] if s[k] > 0.0 and eta[k] > top else top
            for k in range(self.n):
                self.w[k] = eta[k] - top if s[k] > 0.0 else 0.0
        else:
            self.below_top(eta, s)
        for i in range(self.dead.shape[0]):
            k = <int> self.dead[i]
            f -= s[k] * self.w[k]
        all_exp(self.n, &self.w[0], &self.w[0])
        for k in range(self.n):
            self.w[k] *= s[k]
        self.add_up(&self.w[0])
        for t in range(self.terms):
            self.S[t] = self.risk[self.at[t]] + self.share[t] * self.fallen[self.at[t]]
        return f + weighted_logs(self.terms, &self.mass[0], &self.S[0])

    cdef void below_top(self, const double* eta, const double* s) noexcept nogil:
        """w = η − the largest of its stratum."""
        cdef int k
        for k in range(self.top.shape[0]):
            self.top[k] = -INFINITY
        for k in range(self.n):
            if s[k] > 0.0 and eta[k] > self.top[self.stratum[k]]:
                self.top[self.stratum[k]] = eta[k]
        for k in range(self.n):
            self.w[k] = eta[k] - self.top[self.stratum[k]] if s[k] > 0.0 else 0.0

    cdef double slopes(self, const double* eta, const double* s, double* r, double* h) noexcept nogil:
        cdef int k, t
        cdef Py_ssize_t i
        cdef double x, f = self.value(eta, s)
        self.clear()
        for t in range(self.terms):
            x = self.mass[t] / self.S[t]
            self.before[self.at[t] + 1] += x
            self.ending[self.at[t]] += x * self.share[t]
        self.add_before()
        for k in range(self.n):
            h[k] = self.w[k] * (self.before[self.after[k]] + self.ending[self.died[k]])
            r[k] = -h[k]
        for i in range(self.dead.shape[0]):
            k = <int> self.dead[i]
            r[k] += s[k]
        return f

    cdef void clear(self) noexcept nogil:
        memset(&self.before[0], 0, (self.E + 1) * sizeof(double))
        memset(&self.ending[0], 0, (self.E + 1) * sizeof(double))

    cdef void add_before(self) noexcept nogil:
        """before[e]: over the positions of the stratum before e, where e may be the first of the next stratum."""
        cdef Py_ssize_t j
        cdef int e
        cdef double total
        for j in range(self.first.shape[0] - 1):
            total = 0.0
            for e in range(<int> self.first[j] + 1, <int> self.first[j + 1] + 1):
                total += self.before[e]
                self.before[e] = total

    cdef double chi(self, const double* s, const double* r, const double* h) noexcept nogil:
        """Σ_t m_t (Σ_k q_k²/p_tk − 1), q being the deaths of term t as a distribution."""
        cdef int t, k
        cdef Py_ssize_t i
        cdef double part, total = 0.0
        memset(&self.fallen[0], 0, (self.E + 1) * sizeof(double))
        for i in range(self.dead.shape[0]):
            k = <int> self.dead[i]
            part = s[k] / self.deaths[self.own[k]]
            self.fallen[self.own[k]] += part * part / self.w[k] if self.w[k] > 0.0 else INFINITY
        for t in range(self.terms):
            part = self.fallen[self.at[t]] * self.S[t] / self.share[t] - 1.0
            total += self.mass[t] * part if part > 0.0 else 0.0
        return total

    cdef double moved(self, const double* r, const double* h, const double* f, const double* v, double a, double t,
                      double energy, double left, const double* ahead, double* out) noexcept nogil:
        """Term t's distribution moves to p + p⁰ (v − Σp⁰v), p⁰ being that of the frozen point: Σ_t m_t χ²(that, p) is at most
        the largest p⁰/p times v'Hv. What is left of own deaths by scaling is bounded as divergences are convex."""
        cdef int k, i
        cdef double mean, low = INFINITY, high = -INFINITY, down = INFINITY, up = -INFINITY, worst
        for k in range(self.n):
            if self.fixed_w[k] > 0.0:
                low, high = min(low, v[k]), max(high, v[k])
                down, up = min(down, ahead[k]), max(up, ahead[k])
            self.mixed[k] = self.fixed_w[k] * v[k]
        worst = exp(up - down) if up > down else 1.0
        if not worst * (high - low) <= 1.0:
            return INFINITY
        self.add_up(&self.mixed[0])
        self.clear()
        for i in range(self.terms):
            mean = (self.risk[self.at[i]] + self.share[i] * self.fallen[self.at[i]]) * self.inverse[i]
            mean *= self.mass[i] * self.inverse[i]
            self.before[self.at[i] + 1] += mean
            self.ending[self.at[i]] += mean * self.share[i]
        self.add_before()
        for k in range(self.n):
            mean = self.before[self.after[k]] + self.ending[self.died[k]]
            out[k] = r[k] - f[k] * f[k] * v[k] + self.fixed_w[k] * mean
        return worst * energy + (1.0 - t) * left

    cdef void freeze(self) noexcept nogil:
        cdef int t
        memcpy(&self.fixed_w[0], &self.w[0], self.n * sizeof(double))
        memcpy(&self.fixed_S[0], &self.S[0], self.terms * sizeof(double))
        for t in range(self.terms):
            self.inverse[t] = 1.0 / self.S[t]

    cdef void averages(self, double x, const double* z, double* out) noexcept nogil:
        cdef int k, t
        for k in range(self.n):
            self.mixed[k] = self.fixed_w[k] * z[k]
        self.add_up(&self.mixed[0])
        for t in range(self.terms):
            out[t] = (x * sqrt(self.mass[t]) / self.fixed_S[t]
                      * (self.risk[self.at[t]] + self.share[t] * self.fallen[self.at[t]]))

    cdef double apart(self, const double* eta, const double* s, double a) noexcept nogil:
        """Divergence of (1 − a)·(own deaths) + a·p_t from p_t, term by term: a bound, as F* has no closed form."""
        cdef int t, i, k, start = 0, count = <int> self.dead.shape[0]
        cdef double p, q, left, part, total = 0.0, outside = a * log(a) - a + 1.0 if a > 0.0 else 1.0
        self.value(eta, s)
        for t in range(self.terms):
            while start < count and self.own[self.dead[start]] < self.at[t]:
                start += 1
            left, part, i = 1.0, 0.0, start
            while i < count and self.own[self.dead[i]] == self.at[t]:
                k = <int> self.dead[i]
                p = self.share[t] * self.w[k] / self.S[t]
                q = a * p + (1.0 - a) * s[k] / self.deaths[self.at[t]]
                part += (q * log(q / p) - q if p > 0.0 else INFINITY) + p if q > 0.0 else p
                left -= p
                i += 1
            total += self.mass[t] * (part + (left if left > 0.0 else 0.0) * outside)
        return total
