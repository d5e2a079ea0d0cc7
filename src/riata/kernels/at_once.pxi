# Sums, scaling and Gram matrix of one training set in one call. Included by moments.pyx.

cdef struct Limits:
    double far       # a mean further from the origin than this many standard deviations costs digits
    double suspect   # a variance below this share of the squared mean has to be looked at row by row
    double sure      # as norm_if_sure's ``least``
    double agree     # norms from the sums agree with those of the scaling up to this share
    double tiny      # squares of smaller norms have lost digits


def at_once(X, const double[::1] y, const double[::1] root, const double[::1] factor, double l1_ratio, bint standardize,
            bint centred, Limits limits, double[:, ::1] block, unsigned char[::1] excluded, double[::1, :] M,
            double[::1, :] G, double[::1] q):
    """Root mean square deviation of the target, or -1 where digits would be lost: then take the sums step by step.

    Rows 0 to 4 of ``block`` (11, n_features + 1) become what to_units leaves there; its other rows and M
    (n_features + 2, n_features + 2) are scratch. Written are also ``excluded``, G and q, as by ``canonical``. X holds
    float64 or float32, ``root`` may be None for all ones.
    """
    cdef const double[:, :] wide
    cdef const float[:, :] narrow
    if X.itemsize == sizeof(double):
        wide = X
        return all_steps(wide, y, root, factor, l1_ratio, standardize, centred, limits, block, excluded, M, G, q)
    narrow = X
    return all_steps(narrow, y, root, factor, l1_ratio, standardize, centred, limits, block, excluded, M, G, q)


cdef double all_steps(const real[:, :] X, const double[::1] y, const double[::1] root, const double[::1] factor,
                      double l1_ratio, bint standardize, bint centred, Limits limits, double[:, ::1] block,
                      unsigned char[::1] excluded, double[::1, :] M, double[::1, :] G, double[::1] q) except? -1:
    """The steps of riata.solve.sums and riata.solve.scaling for one group of rows."""
    cdef Py_ssize_t p = factor.shape[0], turn
    cdef int off = 1
    cdef double y_norm
    cdef double[:, ::1] found = block[5:9]
    cdef double[::1] at = block[9], weight = block[10]
    cdef const double[::1] ones = None
    cdef const Py_ssize_t[::1] every_row = None
    cdef list suspects = []
    at[:] = 0.0
    if centred:
        medians(X, y, at)
    for turn in range(2):
        M[:, :] = 0.0
        add_rows(X, y, at, ones, 1.0, root, every_row, 0, y.shape[0], M)
        weight[0] = moments(M, at, found)
        off = far(found, limits.far)
        if off < 0 or (off > 0 and not centred):    # without intercept the origin must be 0
            return -1.0
        if off == 0:
            break
        at[:] = found[2]
    if off != 0:
        return -1.0
    merge_groups(found[2:3], found[3:4], weight, -1, None, limits.suspect, block, suspects)
    if suspects and suspects[0] < p:
        return -1.0
    y_norm = norm_if_sure(block[0, p], block[1, p], block[1, p], limits.sure, limits.suspect, centred)
    if y_norm < 0.0:
        return -1.0
    to_units(block, factor, l1_ratio, standardize, centred, excluded)
    if not agrees(found, block[3, :p], excluded, y_norm, centred, limits.agree, limits.tiny):
        return -1.0
    canonical(M, None, None, 1.0 / y_norm, block[3, :p], excluded, centred, G, q)
    return y_norm
