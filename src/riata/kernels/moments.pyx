# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Sums over rows that hold all a Gram matrix needs, in one pass over X, and the Gram matrix of a training set from them.

    M = A'A   with   A = root ∘ [(X − m)/e, (y − c)/σ, 1]

Rows are packed block by block, shifted and scaled on the way, and multiplied while they are in the cache. Only the lower
triangle of M is kept.
"""

from libc.math cimport fabs, hypot, sqrt, INFINITY
from libc.stdlib cimport malloc, free
from scipy.linalg.cython_blas cimport ddot, dsymm, dsyrk

ctypedef fused real:
    float
    double

# Rows of one block are chosen so that it stays in the second-level cache, but not so few that adding its product to M
# costs more than the product.
cdef int BLOCK = 1 << 16  # numbers
cdef int FEWEST = 256     # rows
cdef int TILE = 32
cdef enum:
    FEW = 15              # rows that the origin is guessed from
cdef double LARGEST = 1e300   # beyond (and where it is no number) a sum of squares counts as infinite


cdef void pack_columns(const real[:, :] X, const Py_ssize_t* rows, Py_ssize_t start, Py_ssize_t height, const double* m,
                       const double* e, const double* root, double* A) noexcept nogil:
    """Column after column; for X in Fortran order."""
    cdef Py_ssize_t j, i, p = X.shape[1], step = X.strides[0] // <Py_ssize_t> sizeof(real)
    cdef const real* x
    cdef double* out
    cdef double shift
    for j in range(p):
        x = &X[0, j]
        out = A + j * height
        shift = m[j]
        if rows != NULL:
            for i in range(height):
                out[i] = x[rows[start + i] * step] - shift
        elif step == 1:
            x += start
            for i in range(height):
                out[i] = x[i] - shift
        else:
            for i in range(height):
                out[i] = x[(start + i) * step] - shift
        if e != NULL:
            shift = e[j]
            for i in range(height):
                out[i] /= shift
        if root != NULL:
            for i in range(height):
                out[i] *= root[rows[start + i] if rows != NULL else start + i]


cdef void pack_rows(const real[:, :] X, const Py_ssize_t* rows, Py_ssize_t start, Py_ssize_t height, const double* m,
                    const double* e, const double* root, double* A, Py_ssize_t width) noexcept nogil:
    """Row after row; for X in C order."""
    cdef Py_ssize_t j, i, k, p = X.shape[1]
    cdef const real* x
    cdef double* out
    cdef double r
    for i in range(height):
        k = rows[start + i] if rows != NULL else start + i
        x = &X[k, 0]
        out = A + i * width
        for j in range(p):
            out[j] = x[j] - m[j]
        if e != NULL:
            for j in range(p):
                out[j] /= e[j]
        if root != NULL:
            r = root[k]
            for j in range(p):
                out[j] *= r


def accumulate(const real[:, :] X, const double[::1] y, const double[::1] at, const double[::1] e, double sigma,
               const double[::1] root, const Py_ssize_t[::1] rows, Py_ssize_t first, Py_ssize_t last,
               double[::1, :] M):
    """Add rows[first:last] (all rows from first to last where rows is None) to the lower triangle of M.

    ``at`` (n_features + 1,) holds m, and c in its last place; e and root may be None for all ones. X has unit stride along its rows or its columns, or neither.
    """
    cdef int p = <int> X.shape[1], width = p + 2, height, ld = <int> M.shape[0]
    cdef Py_ssize_t start = first, i, k
    cdef bint by_rows = X.strides[1] == sizeof(real) and X.strides[0] != sizeof(real)
    cdef const Py_ssize_t* index = &rows[0] if rows is not None else NULL
    cdef const double* scale = &e[0] if e is not None else NULL
    cdef const double* weight = &root[0] if root is not None else NULL
    cdef int most = max(FEWEST, BLOCK // width)
    if last <= first:
        return
    most = <int> min(<Py_ssize_t> most, last - first)
    cdef double* A = <double*> malloc(<size_t> most * width * sizeof(double))
    cdef double one = 1.0, c = at[p], r
    cdef char lower_part = b'L', no = b'N', turned = b'T'
    if A == NULL:
        raise MemoryError
    with nogil:
        while start < last:
            height = <int> min(<Py_ssize_t> most, last - start)
            if by_rows:
                pack_rows(X, index, start, height, &at[0], scale, weight, A, width)
            else:
                pack_columns(X, index, start, height, &at[0], scale, weight, A)
            for i in range(height):
                k = index[start + i] if index != NULL else start + i
                r = weight[k] if weight != NULL else 1.0
                if by_rows:
                    A[i * width + p] = r * ((y[k] - c) / sigma)
                    A[i * width + p + 1] = r
                else:
                    A[p * <Py_ssize_t> height + i] = r * ((y[k] - c) / sigma)
                    A[(p + 1) * <Py_ssize_t> height + i] = r
            if by_rows:
                dsyrk(&lower_part, &no, &width, &height, &one, A, &width, &one, &M[0, 0], &ld)
            else:
                dsyrk(&lower_part, &turned, &width, &height, &one, A, &height, &one, &M[0, 0], &ld)
            start += height
        free(A)


cdef double median(double* few, int count) noexcept nogil:
    cdef int i, j
    cdef double x
    for i in range(1, count):
        x = few[i]
        j = i
        while j > 0 and few[j - 1] > x:
            few[j] = few[j - 1]
            j -= 1
        few[j] = x
    return few[count // 2]


def guess(const real[:, :] X, const double[::1] y, double[::1] at):
    """Medians of a few rows, that of y last.

    A median lies within one standard deviation of the mean, heavy tails and rare levels or not, and is the value itself
    where all are equal.
    """
    cdef Py_ssize_t i, j, n = X.shape[0], p = X.shape[1], count = min(n, FEW)
    cdef double[FEW] few
    for j in range(p):
        for i in range(count):
            few[i] = X[i * n // count, j]
        at[j] = median(few, <int> count)
    for i in range(count):
        few[i] = y[i * n // count]
    at[p] = median(few, <int> count)


def moments(const double[::1, :] M, double[::1] d, double[::1] var):
    """Mean about the origin and mean square deviation of each column and of the target; the weight is returned."""
    cdef Py_ssize_t j, p = M.shape[0] - 1
    cdef double w = M[p, p], over = 1.0 / w if w > 0.0 else 1.0
    for j in range(p):
        d[j] = M[p, j] * over
        var[j] = max(M[j, j] * over - d[j] * d[j], 0.0) if M[j, j] <= LARGEST else INFINITY
    return w


def far(const double[::1] d, const double[::1] var, double limit):
    """Whether a mean lies further from the origin than this many standard deviations; -1 where a variance is infinite."""
    cdef Py_ssize_t j
    cdef int found = 0
    for j in range(d.shape[0]):
        if not var[j] < INFINITY:
            return -1
        if var[j] > 0.0 and d[j] * d[j] > limit * limit * var[j]:
            found = 1
    return found


def agrees(const double[::1] d, const double[::1] var, const double[::1] norm, const unsigned char[::1] excluded,
           double y_norm, bint centred, double share, double tiny):
    """Whether the norms of columns and target that these sums give are those that were found, up to this share.

    Squares of norms below ``tiny`` have lost digits. A target that the null model fits exactly is not asked for.
    """
    cdef Py_ssize_t j, p = norm.shape[0]
    cdef double have, want
    for j in range(p + 1):
        if excluded[j] if j < p else y_norm == 0.0:
            continue
        have = sqrt(var[j]) if centred else hypot(sqrt(var[j]), d[j])
        want = norm[j] if j < p else y_norm
        if fabs(have - want) > share * want or (have < tiny and have > 0.0):
            return False
    return True


def canonical(const double[::1, :] M, const double[::1, :] held, const double[::1] e, double sigma,
              const double[::1] norm, const unsigned char[::1] excluded, bint centred, double[::1, :] G, double[::1] q):
    """The Gram matrix and the products with the target of unit columns, from the lower triangles of M − held.

        G = (M − held)/w ∘ ss' − (d∘s)(d∘s)' with a diagonal of ones,   q = ((M − held)_y/w − d d_y) ∘ s·sigma

    with s = e/norm, 0 where excluded, and d the means about the origin, 0 if not ``centred``. ``held`` may be None, and
    e for all ones.
    """
    cdef Py_ssize_t p = G.shape[0], i, j, ti, tj, bi, bj, i1, j1
    cdef double value, right, sj, w
    cdef bint whole = held is None
    cdef double* d = <double*> malloc((2 * p + 2) * sizeof(double))
    cdef double* s = d + p + 1
    if d == NULL:
        raise MemoryError
    with nogil:
        w = M[p + 1, p + 1] if whole else M[p + 1, p + 1] - held[p + 1, p + 1]
        for j in range(p + 1):
            d[j] = 0.0
            if centred:
                d[j] = (M[p + 1, j] if whole else M[p + 1, j] - held[p + 1, j]) / w
        for j in range(p):
            s[j] = 0.0 if excluded[j] else (e[j] if e is not None else 1.0) / norm[j]
            value = M[p, j] if whole else M[p, j] - held[p, j]
            q[j] = (value / w - d[j] * d[p]) * s[j] * sigma
        for tj in range((p + TILE - 1) // TILE):
            bj, j1 = tj * TILE, min(p, (tj + 1) * TILE)
            for ti in range(tj, (p + TILE - 1) // TILE):
                bi, i1 = ti * TILE, min(p, (ti + 1) * TILE)
                for j in range(bj, j1):
                    sj = s[j] / w
                    right = d[j] * s[j]
                    for i in range(max(bi, j + 1), i1):
                        value = M[i, j] if whole else M[i, j] - held[i, j]
                        value = (value * sj - d[i] * right) * s[i]
                        G[i, j] = value
                        G[j, i] = value
        for j in range(p):
            G[j, j] = 1.0
        free(d)


def squared_error(const double[::1, :] M, const double[::1, :] U, const double[::1] scale, const double[::1] shift,
                  double constant, double[::1] loss):
    """beta'M beta for each column of U, from the lower triangle of M: the sum of squares of -A beta.

        beta = [scale ∘ u, -1, constant + shift'(scale ∘ u)]
    """
    cdef int p = <int> U.shape[0], width = p + 2, count = <int> U.shape[1], k, j, unit = 1
    cdef double plus = 1.0, zero = 0.0, total
    cdef char left = b'L', lower_part = b'L'
    cdef double* beta = <double*> malloc(2 * <size_t> width * max(count, 1) * sizeof(double))
    cdef double* image = beta + <size_t> width * count
    cdef double* b
    if beta == NULL:
        raise MemoryError
    with nogil:
        for k in range(count):
            b = beta + <size_t> k * width
            total = constant
            for j in range(p):
                b[j] = scale[j] * U[j, k]
                total += shift[j] * b[j]
            b[p], b[p + 1] = -1.0, total
        dsymm(&left, &lower_part, &width, &count, &plus, <double*> &M[0, 0], &width, beta, &width, &zero, image, &width)
        for k in range(count):
            total = ddot(&width, beta + <size_t> k * width, &unit, image + <size_t> k * width, &unit)
            loss[k] = 0.0 if total < 0.0 else total     # NaN stays
        free(beta)
