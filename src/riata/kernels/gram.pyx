# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""The quadratic L1 problem on a Gram matrix, solved exactly: coordinate descent finds signs, sign steps finish.

    minimise over u   ½ u'Gu − q'u + Σ l1ⱼ|uⱼ| + ½ Σ l2ⱼ uⱼ²    subject to  loⱼ ≤ uⱼ ≤ upⱼ,  lo ≤ 0 ≤ up

The gradient enters as c = q − Gu, which every routine here keeps in step with u. Sign steps are feature-sign search
(Lee, Battle, Raina & Ng 2007): solve the smooth problem with the present signs, walk to the first coordinate that
reaches zero or a bound, drop it, repeat; when the support is optimal, let violators in.
"""

from libc.math cimport exp, expm1, fabs, fabsf, hypot, log, log1p, sqrt, INFINITY, NAN
from libc.stdlib cimport free, malloc, realloc
from libc.string cimport memcpy, memmove, memset
from cpython.pythread cimport (
    PyThread_acquire_lock, PyThread_allocate_lock, PyThread_free_lock, PyThread_release_lock, PyThread_type_lock,
)
from scipy.linalg.cython_blas cimport daxpy, ddot, dgemm, dgemv, drot, dsymv, dsyrk, dtrsm, dtrsv
from scipy.linalg.cython_lapack cimport dpotrf, dpotrs

import numpy as np

# Above this support a Cholesky factor is only made where descent crawls: at 300 one costs about 2 ms.
cdef int POLISH_MAX = 300
# Ridge on a singular support, relative to the diagonal (one-hot with all levels, duplicates, |A| close to n).
cdef double RIDGE = 1e-11
# A pivot below this share of its diagonal is rounding, and its sign is a matter of chance.
cdef double FLAT = 1e-11
# Work that descent may spend before a factor is made, in flops of that factor: a flop of descent costs some 4 times one
# of LAPACK's, and well-conditioned problems settle in 5 to 10 epochs.
cdef double CRAWL_SHARE = 0.3
# Steps of sign changes or of descent that c follows before it is computed again.
cdef int AFRESH = 16
# A coordinate is let in ahead of its violation where its predicted correlation passes the threshold by this factor.
cdef double FORETOLD = 1.000001
# Newcomers are appended as one block from this size of the factor on: below, single appends cost as little.
cdef int BLOCK_FROM = 16
# Up to here a product is done by hand: a call of BLAS takes a lock and costs more than its arithmetic.
cdef enum:
    FEW = 32
# Descent has settled when no coordinate moves the objective by more than this share of the gap wanted.
cdef double SETTLED = 1e-4

# A ridge this weak, on columns of unit norm, counts as none when the dual point is made.
cdef double NO_RIDGE = 1e-13

include "quadratic.pxi"
include "factor.pxi"
include "sign_step.pxi"
include "gap.pxi"
include "foretell.pxi"


cdef struct Base:
    double* u        # a point where ‖r‖² is known
    double* c        # its correlations
    double rr        # its ‖r‖²


cdef double residual_norm(Quadratic* p, Base* base) noexcept nogil:
    """‖r‖² at u from a point where it is known: rr − (c₀ + c)'(u − u₀)."""
    cdef int j
    cdef double rr = base.rr
    for j in range(p.m):
        if p.u[j] != base.u[j]:
            rr -= (base.c[j] + p.c[j]) * (p.u[j] - base.u[j])
    return rr if rr > 0.0 else 0.0


cdef int list_for_descent(Quadratic* p, Space* w) noexcept nogil:
    cdef int j, count = 0
    for j in range(p.m):
        if w.enter[j] != 0 or p.u[j] != 0.0:
            w.listed[count] = j
            count += 1
    return count


cdef int support_size(Quadratic* p) noexcept nogil:
    cdef int j, a = 0
    for j in range(p.m):
        a += is_free(p, j)
    return a


cdef double off_support(Quadratic* p) noexcept nogil:
    """Largest stationarity residual over the support."""
    cdef int j
    cdef double g, top = 0.0
    for j in range(p.m):
        if is_free(p, j):
            g = fabs(p.c[j] - p.l2[j] * p.u[j] - (p.l1[j] if p.u[j] > 0.0 else -p.l1[j]))
            if g > top:
                top = g
    return top


cdef int crawl(Quadratic* p, Space* w, double goal, double budget) noexcept nogil:
    """Descent epochs on support and marked coordinates; 1 when changes became too small to matter within the budget."""
    cdef int epoch, count = list_for_descent(p, w)
    cdef double work = 0.0
    w.moves += AFRESH
    for epoch in range(10000):
        if descend(p, w.listed, count) <= SETTLED * goal:
            return 1
        work += 2.0 * count * p.m
        if work > budget and epoch >= 2:
            return 0
    return 0


cdef int solve(Quadratic* p, Space* w, Base* base, double goal, int max_iter, double* gap) noexcept nogil:
    """Solve the problem; returns the number of rounds, negative when max_iter was reached. ``goal`` bounds the gap."""
    cdef int rounds, nv, a, few, whole = 0, stuck = 0
    cdef double chol, slack = 1e-10
    for rounds in range(max_iter):
        a = support_size(p)
        if w.hinted:
            # a guess of what enters, from the slope of the correlations along the path: one step in place of two
            w.hinted = 0
            whole = sign_step(p, w)
            continue
        nv = violators(p, slack, w.enter)
        chol = a * (1.0 * a) * a / 3.0
        if nv == 0 and (whole or (rounds == 0 and off_support(p) <= 1e-13)):
            break
        few = nv <= 2 + a // 4
        if rounds == 0 and a > 0 and nv > 0 and (a <= POLISH_MAX or w.stubborn):
            # From the λ before: move the support first. Columns that depend on it sit on their thresholds and would
            # all seem to violate; the move keeps them there (ames_onehot: 16 ms to 6, vw_rcv1_small: 33 s to 1.3).
            enter_none(p, w.enter)
            whole = sign_step(p, w)
        elif a > POLISH_MAX and not (w.stubborn and few):
            # many: descent while it pays, then the factor
            if nv == 0 and gap_of(p, w, residual_norm(p, base)) <= goal:
                break
            violators(p, slack, w.enter)
            crawl(p, w, goal, CRAWL_SHARE * chol)
            nv = violators(p, slack, w.enter)
            w.stubborn = nv > 0 or gap_of(p, w, residual_norm(p, base)) > goal
            if not w.stubborn:
                break
            violators(p, slack, w.enter)
            keep_largest(p, w.enter, 1 if stuck > 4 else 0)
            whole = sign_step(p, w)
        elif (stuck > 4 and rounds % 8 != 7) or few:
            # few newcomers: they enter as a block, singly once rounds repeat
            keep_largest(p, w.enter, 1 if stuck > 4 else 0)
            whole = sign_step(p, w)
        else:
            crawl(p, w, goal, 12.0 * p.m * (a + nv))
            violators(p, slack, w.enter)
            keep_largest(p, w.enter, 1)
            whole = sign_step(p, w)
        stuck += rounds > 3
        if whole and off_support(p) > 1e-7:
            whole = 0               # a step that a singular factor spoilt
    else:
        gap[0] = gap_of(p, w, residual_norm(p, base))
        return -max_iter if gap[0] > goal else max_iter
    if w.lifted:
        thin(p, w)
    gap[0] = gap_of(p, w, residual_norm(p, base))
    return rounds


cdef class Workspace:
    """Memory of the solver for one Gram matrix, kept between calls: the factor of the last support is in it."""

    cdef Space w

    def __cinit__(self):
        if space_make(&self.w, 32) < 0:
            raise MemoryError

    def __dealloc__(self):
        space_free(&self.w)

    def solve(self, double[::1, :] G, int m, double[::1] u, double[::1] c, double rr, double[::1] l1, double[::1] l2,
              double[::1] lo, double[::1] up, double goal, int max_iter):
        """Solve on the leading (m, m) block of G from u, where the correlations are c and the residual has ‖r‖² = rr.

        u and c are updated, c by G. Returns (rounds, gap); rounds are negative where max_iter was reached.
        """
        cdef Quadratic p
        cdef Base base
        cdef double gap = 0.0
        cdef int rounds
        if m == 0:
            return 0, 0.0
        p.m, p.ld = m, <int> G.shape[0]
        p.G, p.u, p.c = &G[0, 0], &u[0], &c[0]
        p.l1, p.l2, p.lo, p.up = &l1[0], &l2[0], &lo[0], &up[0]
        if space_grow(&self.w, m) < 0:
            raise MemoryError
        with nogil:
            base.rr = rr
            base.u = <double*> malloc(2 * m * sizeof(double))
            if base.u == NULL:
                with gil:
                    raise MemoryError
            base.c = base.u + m
            memcpy(base.u, p.u, m * sizeof(double))
            memcpy(base.c, p.c, m * sizeof(double))
            rounds = solve(&p, &self.w, &base, goal, max_iter, &gap)
            free(base.u)
        return rounds, gap

    def gap(self, double[::1, :] G, int m, double[::1] u, double[::1] c, double[::1] l1, double[::1] l2,
            double[::1] lo, double[::1] up, double rr):
        """Duality gap on the leading m coordinates, from correlations c and |r|^2 that the caller measured."""
        cdef Quadratic p
        cdef double value
        if m == 0:
            return 0.0
        p.m, p.ld = m, <int> G.shape[0]
        p.G, p.u, p.c = &G[0, 0], &u[0], &c[0]
        p.l1, p.l2, p.lo, p.up = &l1[0], &l2[0], &lo[0], &up[0]
        if space_grow(&self.w, m) < 0:
            raise MemoryError
        with nogil:
            value = gap_of(&p, &self.w, rr)
        return value


def path_gram(double[::1, :] G, double[::1] q, double yy, double[::1] lams, double sigma, const double[::1] a,
              const double[::1] b, double[::1] lo, double[::1] up, double[::1, :] U, double[:, ::1] found,
              int[::1] rounds, double goal, int max_iter, bint ahead):
    """The whole path in one call: problem k has l1 = lams[k]/sigma·a and l2 = lams[k]·b, warm-started.

    U (p, L) holds the start in its first column. Written are U, the rounds, and in the rows of ``found`` the gaps over
    the objective ½yy of the null model, what each solution explains, 2q'u − u'Gu = u'(q + c), and its length ‖u‖₁. With
    ``ahead`` each support is guessed from the slopes of the two solutions before. Returns the number of factors made
    from scratch.
    """
    cdef int m = <int> G.shape[0], L = <int> lams.shape[0], k, j, one = 1
    cdef Quadratic p
    cdef Space w
    cdef double* hold
    cdef double* old
    cdef double* was
    cdef Base base
    cdef double minus = -1.0, plus = 1.0, gap, explained, total
    cdef char keep = b'N'
    if m == 0 or L == 0:
        return 0
    p.m, p.ld, p.G, p.lo, p.up = m, m, &G[0, 0], &lo[0], &up[0]
    with nogil:
        hold = <double*> malloc(7 * m * sizeof(double))
        if hold == NULL or space_make(&w, m) < 0:
            with gil:
                raise MemoryError
        base.u, base.c, base.rr, was = hold + 5 * m, &q[0], yy, hold + 6 * m
        p.u, p.c, p.l1, p.l2, old = hold, hold + m, hold + 2 * m, hold + 3 * m, hold + 4 * m
        for j in range(m):
            p.u[j] = U[j, 0]
            old[j] = 0.0
            base.u[j] = 0.0
        for k in range(L):
            for j in range(m):
                p.l2[j] = lams[k] * b[j] if b[j] > 0.0 else 0.0
                p.l1[j] = INFINITY if a[j] == INFINITY or p.l2[j] == INFINITY else lams[k] / sigma * a[j]
                if p.l1[j] == INFINITY:
                    p.l2[j] = 0.0
                    p.u[j] = 0.0
            # c afresh now and then, so that rounding does not pile up along the path
            if k == 0 or w.moves >= AFRESH or w.lifted:
                memcpy(p.c, &q[0], m * sizeof(double))
                dgemv(&keep, &m, &m, &minus, p.G, &m, p.u, &one, &plus, p.c, &one)
                w.moves = 0
            if ahead and k > 1 and lams[k - 1] < lams[k - 2] and not w.lifted:
                memcpy(w.t, p.u, m * sizeof(double))
                memcpy(w.image, p.c, m * sizeof(double))
                foretell(&p, &w, old, was, (lams[k] - lams[k - 1]) / (lams[k - 1] - lams[k - 2]))
                memcpy(was, w.t, m * sizeof(double))
                memcpy(old, w.image, m * sizeof(double))
            else:
                memcpy(was, p.u, m * sizeof(double))
                memcpy(old, p.c, m * sizeof(double))
            rounds[k] = abs(solve(&p, &w, &base, goal, max_iter, &gap))
            found[0, k] = gap / (0.5 * yy)
            memcpy(&U[0, k], p.u, m * sizeof(double))
            explained = total = 0.0
            for j in range(m):
                explained += p.u[j] * (q[j] + p.c[j])
                total += fabs(p.u[j])
            found[1, k], found[2, k] = explained, total
        space_free(&w)
        free(hold)
    return w.built


# Lanes on a working set: the rest of this module.
include "store.pxi"
include "members.pxi"
include "residual.pxi"
include "working_set.pxi"
include "losses.pxi"
include "cox.pxi"
include "predictor.pxi"
include "newton_model.pxi"
include "newton.pxi"
include "span.pxi"
include "reads.pxi"
include "track.pxi"
