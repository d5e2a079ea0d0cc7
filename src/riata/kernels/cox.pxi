# Cox's partial likelihood, with the exact Hessian. Included by gram.pyx.

cdef class CoxLoss(RowLoss):
    """Cox's partial likelihood without late entry: Σ_t m_t log S_t − Σ s_k η_k over deaths k.

    Positions 0 … E − 1 are the times of events, stratum after stratum. Row k is at risk from the first position of its
    stratum up to, not including, ``high`` and at its own event ``own`` (−1: none). Term t belongs to position ``at``,
    has mass m_t, and counts the deaths there with ``share`` (below 1 for Efron's ties). Its Hessian is
    diag(Σ_t m_t p_t) − Σ_t m_t p_t p_t', with p_t the distribution of term t over those at risk.
    """

    cdef Py_ssize_t[::1] high, own, first, stratum, at, dead
    cdef double[::1] mass, share, deaths
    cdef int E, n
    cdef double[::1] w, mixed, S, risk, fallen, before, ending, fixed_w, fixed_S, top

    def __init__(self, sets, terms, double[::1] s, order):
        """``sets`` and ``terms`` as in riata.losses; ``order`` are the rows here (None: as they are), s their weights."""
        n, E = s.shape[0], sets.n_events
        rows = np.arange(n) if order is None else np.asarray(order)
        self.n, self.E, self.terms, self.y = n, E, terms.mass.shape[0], np.zeros(n)
        self.high, self.own = sets.high[rows].astype(np.intp), sets.own[rows].astype(np.intp)
        self.stratum = sets.stratum[rows].astype(np.intp)
        n_strata = int(sets.stratum.max()) + 1
        self.first = np.searchsorted(sets.stratum_of, np.arange(n_strata + 1)).astype(np.intp)
        own, weight = np.asarray(self.own), np.asarray(s)
        dead = np.flatnonzero((own >= 0) & (weight > 0))
        self.dead = dead[np.argsort(own[dead], kind="stable")].astype(np.intp)
        self.deaths = np.bincount(own[dead], weight[dead], E) + 0.0
        self.mass, self.share = np.array(terms.mass), np.array(terms.share)
        self.at = np.array(terms.at, np.intp)
        self.w, self.mixed, self.fixed_w, self.top = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n_strata)
        self.S, self.fixed_S = np.ones(self.terms), np.ones(self.terms)
        self.risk, self.fallen, self.before, self.ending = np.zeros((4, E + 1))

    cdef inline int at_risk(self, int k) noexcept nogil:
        """Whether a row is at risk at any event but its own."""
        return self.high[k] > self.first[self.stratum[k]]

    cdef void add_up(self, const double* x) noexcept nogil:
        """At each position: `risk`, the sum of x over those at risk beside the deaths, and `fallen`, over the deaths."""
        cdef int k, e
        cdef Py_ssize_t j
        memset(&self.risk[0], 0, (self.E + 1) * sizeof(double))
        memset(&self.fallen[0], 0, (self.E + 1) * sizeof(double))
        for k in range(self.n):
            if self.at_risk(k):
                self.risk[self.high[k] - 1] += x[k]
            if self.own[k] >= 0:
                self.fallen[self.own[k]] += x[k]
        for j in range(self.first.shape[0] - 1):
            for e in range(<int> self.first[j + 1] - 2, <int> self.first[j] - 1, -1):
                self.risk[e] += self.risk[e + 1]

    cdef double value(self, const double* eta, const double* s) noexcept nogil:
        """Also sets w = s exp(η − the largest of its stratum) and S."""
        cdef int k, t
        cdef double f = 0.0
        for k in range(self.top.shape[0]):
            self.top[k] = -INFINITY
        for k in range(self.n):
            if s[k] > 0.0 and eta[k] > self.top[self.stratum[k]]:
                self.top[self.stratum[k]] = eta[k]
        for k in range(self.n):
            self.w[k] = eta[k] - self.top[self.stratum[k]] if s[k] > 0.0 else 0.0
            if self.own[k] >= 0 and s[k] > 0.0:
                f -= s[k] * self.w[k]
        all_exp(self.n, &self.w[0], &self.w[0])
        for k in range(self.n):
            self.w[k] *= s[k]
        self.add_up(&self.w[0])
        for t in range(self.terms):
            self.S[t] = self.risk[self.at[t]] + self.share[t] * self.fallen[self.at[t]]
        return f + weighted_logs(self.terms, &self.mass[0], &self.S[0])

    cdef double slopes(self, const double* eta, const double* s, double* r, double* h) noexcept nogil:
        cdef int k, t, e
        cdef Py_ssize_t j
        cdef double f = self.value(eta, s)
        memset(&self.before[0], 0, (self.E + 1) * sizeof(double))
        memset(&self.ending[0], 0, (self.E + 1) * sizeof(double))
        for t in range(self.terms):
            self.before[self.at[t] + 1] += self.mass[t] / self.S[t]
            self.ending[self.at[t]] += self.mass[t] * self.share[t] / self.S[t]
        # before[e]: over the positions of the stratum before e, where e may be the first of the next stratum
        for j in range(self.first.shape[0] - 1):
            for e in range(<int> self.first[j] + 2, <int> self.first[j + 1] + 1):
                self.before[e] += self.before[e - 1]
        for k in range(self.n):
            h[k] = self.w[k] * ((self.before[self.high[k]] if self.at_risk(k) else 0.0)
                                + (self.ending[self.own[k]] if self.own[k] >= 0 else 0.0))
            r[k] = (s[k] if self.own[k] >= 0 else 0.0) - h[k]
        return f

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
        cdef int k, i, e
        cdef Py_ssize_t j
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
        memset(&self.before[0], 0, (self.E + 1) * sizeof(double))
        memset(&self.ending[0], 0, (self.E + 1) * sizeof(double))
        for i in range(self.terms):
            mean = (self.risk[self.at[i]] + self.share[i] * self.fallen[self.at[i]]) / self.fixed_S[i]
            mean *= self.mass[i] / self.fixed_S[i]
            self.before[self.at[i] + 1] += mean
            self.ending[self.at[i]] += mean * self.share[i]
        for j in range(self.first.shape[0] - 1):
            for e in range(<int> self.first[j] + 2, <int> self.first[j + 1] + 1):
                self.before[e] += self.before[e - 1]
        for k in range(self.n):
            mean = ((self.before[self.high[k]] if self.at_risk(k) else 0.0)
                    + (self.ending[self.own[k]] if self.own[k] >= 0 else 0.0))
            out[k] = r[k] - f[k] * f[k] * v[k] + self.fixed_w[k] * mean
        return worst * energy + (1.0 - t) * left

    cdef void freeze(self) noexcept nogil:
        memcpy(&self.fixed_w[0], &self.w[0], self.n * sizeof(double))
        memcpy(&self.fixed_S[0], &self.S[0], self.terms * sizeof(double))

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
