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
ctypedef fused index:
    int
    long long

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


def accumulate(X, const double[::1] y, const double[::1] at, const double[::1] e, double sigma,
               const double[::1] root, const Py_ssize_t[::1] rows, Py_ssize_t first, Py_ssize_t last,
               double[::1, :] M):
    """Add rows[first:last] (all rows from first to last where rows is None) to the lower triangle of M.

    ``at`` (n_features + 1,) holds m, and c in its last place; e and root may be None for all ones. X holds float64 or
    float32, and has unit stride along its rows or its columns, or neither.
    """
    # told apart by hand: Cython's own look at the type costs 2 µs
    cdef const double[:, :] wide
    cdef const float[:, :] narrow
    if X.itemsize == sizeof(double):
        wide = X
        add_rows(wide, y, at, e, sigma, root, rows, first, last, M)
    else:
        narrow = X
        add_rows(narrow, y, at, e, sigma, root, rows, first, last, M)


cdef int add_rows(const real[:, :] X, const double[::1] y, const double[::1] at, const double[::1] e, double sigma,
                  const double[::1] root, const Py_ssize_t[::1] rows, Py_ssize_t first, Py_ssize_t last,
                  double[::1, :] M) except -1:
    cdef int p = <int> X.shape[1], width = p + 2, height, ld = <int> M.shape[0]
    cdef Py_ssize_t start = first, i, k
    cdef bint by_rows = X.strides[1] == sizeof(real) and X.strides[0] != sizeof(real)
    cdef const Py_ssize_t* index = &rows[0] if rows is not None else NULL
    cdef const double* scale = &e[0] if e is not None else NULL
    cdef const double* weight = &root[0] if root is not None else NULL
    cdef int most = max(FEWEST, BLOCK // width)
    if last <= first:
        return 0
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
    return 0


cdef void pack_sparse(const double* x, const index* row, const index* ends, Py_ssize_t p, Py_ssize_t* at,
                      const Py_ssize_t* where, Py_ssize_t start, Py_ssize_t height, Py_ssize_t beyond, const double* m,
                      const double* e, double* A) noexcept nogil:
    """Column after column, from where each was left: up to the row ``beyond``. ``where``: place of each row, or -1."""
    cdef Py_ssize_t j, i, k
    cdef double* out
    cdef double shift, scale
    for j in range(p):
        out, shift, scale, k = A + j * height, m[j], 1.0 if e == NULL else e[j], at[j]
        for i in range(height):
            out[i] = -shift / scale
        while k < ends[j + 1] and row[k] < beyond:
            i = (row[k] if where == NULL else where[row[k]]) - start
            if i >= 0:
                out[i] = (x[k] - shift) / scale
            k += 1
        at[j] = k


def accumulate_sparse(const double[::1] x, indices, indptr, const double[::1] y, const double[::1] at,
                      const double[::1] e, double sigma, const double[::1] root, const Py_ssize_t[::1] rows,
                      Py_ssize_t first, Py_ssize_t last, double[::1, :] M):
    """The same from sorted columns x, indices, indptr; ``rows`` increase."""
    cdef const int[::1] short_row, short_ends
    cdef const long long[::1] long_row, long_ends
    if indices.itemsize == indptr.itemsize == sizeof(int):
        short_row, short_ends = indices, indptr
        add_sparse(x, short_row, short_ends, y, at, e, sigma, root, rows, first, last, M)
    else:
        long_row, long_ends = indices.astype("q", copy=False), indptr.astype("q", copy=False)
        add_sparse(x, long_row, long_ends, y, at, e, sigma, root, rows, first, last, M)


cdef int add_sparse(const double[::1] x, const index[::1] row, const index[::1] ends, const double[::1] y,
                    const double[::1] at, const double[::1] e, double sigma, const double[::1] root,
                    const Py_ssize_t[::1] rows, Py_ssize_t first, Py_ssize_t last, double[::1, :] M) except -1:
    cdef Py_ssize_t p = at.shape[0] - 1, n = y.shape[0], start = first, i, j, k, beyond
    cdef int width = <int> p + 2, height, ld = <int> M.shape[0]
    cdef Py_ssize_t most = min(last - first, <Py_ssize_t> max(FEWEST, BLOCK // width))
    cdef double one = 1.0, r
    cdef char lower_part = b'L', turned = b'T'
    if last <= first:
        return 0
    cdef double* A = <double*> malloc(most * width * sizeof(double))
    cdef Py_ssize_t* left = <Py_ssize_t*> malloc((p + n) * sizeof(Py_ssize_t))
    cdef Py_ssize_t* where = NULL if rows is None else left + p
    if A == NULL or left == NULL:
        free(A)
        free(left)
        raise MemoryError
    with nogil:
        if where != NULL:
            for i in range(n):
                where[i] = -1
            for i in range(first, last):
                where[rows[i]] = i
        k = first if where == NULL else rows[first]
        for j in range(p):
            left[j] = ends[j]
            while left[j] < ends[j + 1] and row[left[j]] < k:
                left[j] += 1
        while start < last:
            height = <int> min(most, last - start)
            beyond = 1 + (start + height - 1 if where == NULL else rows[start + height - 1])
            pack_sparse(&x[0] if x.shape[0] else NULL, &row[0] if x.shape[0] else NULL, &ends[0], p, left, where, start,
                        height, beyond, &at[0], &e[0] if e is not None else NULL, A)
            for i in range(height):
                k = start + i if where == NULL else rows[start + i]
                r = root[k] if root is not None else 1.0
                A[p * height + i] = (y[k] - at[p]) / sigma
                A[(p + 1) * height + i] = 1.0
                if r != 1.0:
                    for j in range(width):
                        A[j * height + i] *= r
            dsyrk(&lower_part, &turned, &width, &height, &one, A, &height, &one, &M[0, 0], &ld)
            start += height
        free(A)
        free(left)
    return 0


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


def guess(X, const double[::1] y, double[::1] at):
    """Medians of a few rows of X, float64 or float32, that of y last.

    A median lies within one standard deviation of the mean, heavy tails and rare levels or not, and is the value itself
    where all are equal.
    """
    cdef const double[:, :] wide
    cdef const float[:, :] narrow
    if X.itemsize == sizeof(double):
        wide = X
        medians(wide, y, at)
    else:
        narrow = X
        medians(narrow, y, at)


cdef void medians(const real[:, :] X, const double[::1] y, double[::1] at) noexcept:
    cdef Py_ssize_t i, j, n = X.shape[0], p = X.shape[1], count = min(n, FEW)
    cdef double[FEW] few
    for j in range(p):
        for i in range(count):
            few[i] = X[i * n // count, j]
        at[j] = median(few, <int> count)
    for i in range(count):
        few[i] = y[i * n // count]
    at[p] = median(few, <int> count)


cpdef double moments(const double[::1, :] M, const double[::1] at, double[:, ::1] out):
    """Of each column and of the target, in the rows of ``out``: mean about the origin ``at``, mean square deviation,
    the mean itself, and the sum of squared deviations. The weight is returned.
    """
    cdef Py_ssize_t j, p = M.shape[0] - 1
    cdef double w = M[p, p], over = 1.0 / w if w > 0.0 else 1.0, d
    for j in range(p):
        d = M[p, j] * over
        out[0, j] = d
        out[1, j] = max(M[j, j] * over - d * d, 0.0) if M[j, j] <= LARGEST else INFINITY
        out[2, j] = at[j] + d
        out[3, j] = out[1, j] * w
    return w


cpdef int far(const double[:, ::1] found, double limit):
    """Whether a mean lies further from the origin than this many standard deviations; -1 where a variance is infinite."""
    cdef Py_ssize_t j
    cdef int answer = 0
    for j in range(found.shape[1]):
        if not found[1, j] < INFINITY:
            return -1
        if found[1, j] > 0.0 and found[0, j] * found[0, j] > limit * limit * found[1, j]:
            answer = 1
    return answer


cpdef bint agrees(const double[:, ::1] found, const double[::1] norm, const unsigned char[::1] excluded, double y_norm,
                  bint centred, double share, double tiny):
    """Whether the norms of columns and target that these moments give are those of the scaling, up to this share.

    Squares of norms below ``tiny`` have lost digits. A target that the null model fits exactly is not asked for.
    """
    cdef Py_ssize_t j, p = norm.shape[0]
    cdef double have, want
    for j in range(p + 1):
        if excluded[j] if j < p else y_norm == 0.0:
            continue
        have = sqrt(found[1, j]) if centred else hypot(sqrt(found[1, j]), found[0, j])
        want = norm[j] if j < p else y_norm
        if fabs(have - want) > share * want or (have < tiny and have > 0.0):
            return False
    return True


cpdef canonical(const double[::1, :] M, const double[::1, :] held, const double[::1] e, double sigma,
                const double[::1] norm, const unsigned char[::1] excluded, bint centred, double[::1, :] G, double[::1] q):
    """The Gram matrix and the products with the target of unit columns, from the lower triangles of M − held.

        G = (M − held)/w ∘ ss' − (d∘s)(d∘s)' with a diagonal of ones,   q = ((M − held)_y/w − d d_y) ∘ s·sigma

    with s = e/norm, 0 where excluded, and d the means about the origin, 0 if not ``centred``. ``held`` may be None, and
    e for all ones. G may lie where M does, from the same place on.
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
        for j in range(p):
            sj = s[j] / w
            right = d[j] * s[j]
            G[j, j] = 1.0
            for i in range(j + 1, p):
                value = M[i, j] if whole else M[i, j] - held[i, j]
                G[i, j] = (value * sj - d[i] * right) * s[i]
        for tj in range((p + TILE - 1) // TILE):
            bj, j1 = tj * TILE, min(p, (tj + 1) * TILE)
            for ti in range(tj, (p + TILE - 1) // TILE):
                bi, i1 = ti * TILE, min(p, (ti + 1) * TILE)
                for j in range(bj, j1):
                    for i in range(max(bi, j + 1), i1):
                        G[j, i] = G[i, j]
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


include "units.pxi"
include "at_once.pxi"
