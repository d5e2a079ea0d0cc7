# From means and variances of columns to the canonical scale, column after column. Included by scaling.pyx and moments.pyx.

cdef double merge_groups(const double[:, :] mean, const double[:, :] m2, const double[::1] total, Py_ssize_t without,
                         const double[::1] whole, double share, double[:, ::1] out, list suspects) except? -1:
    """Means and deviations over several groups of rows, all but ``without`` (-1: all). Returns their weight.

    Chan, Golub & LeVeque: centre = sum w_g mean_g / w,  var = (sum m2_g + w_g (mean_g - centre)^2) / w, a sum of
    positive terms. They and the roots of var are the first rows of ``out``. Added to the suspects are the columns that
    have to be looked at row by row: those nearly constant, with a variance below this share of their squared mean or of
    ``whole``, their variance on all rows (None: var itself), or of extreme size. What is zero throughout is as it is.
    """
    cdef Py_ssize_t g, j, n_groups = mean.shape[0], p = mean.shape[1]
    cdef double weight = 0.0, part, off, least
    cdef double* centre = &out[0, 0]
    cdef double* var = &out[1, 0]
    for g in range(n_groups):
        if g != without:
            weight += total[g]
    for j in range(p):
        centre[j] = var[j] = 0.0
    for g in range(n_groups):
        if g == without:
            continue
        part = total[g] / weight
        for j in range(p):
            centre[j] += part * mean[g, j]
            var[j] += m2[g, j]
    for j in range(p):
        var[j] /= weight
    for g in range(n_groups):
        if g == without:
            continue
        part = total[g] / weight
        for j in range(p):
            off = mean[g, j] - centre[j]
            var[j] += part * (off * off)
    for j in range(p):
        out[2, j] = sqrt(var[j])
        least = centre[j] * centre[j]
        off = var[j] if whole is None else whole[j]
        if off > least:
            least = off
        if (var[j] <= share * least or var[j] < 1e-280 or not var[j] < 1e290) and (var[j] != 0.0 or centre[j] != 0.0):
            suspects.append(j)
    return weight


cdef double norm_if_sure(double centre, double square, double whole, double least, double share,
                         bint centred) noexcept nogil:
    """Root mean square deviation of a target (about 0 unless ``centred``) from its mean and variance, or -1 where those
    lack digits: of extreme size, below a share of their value ``whole`` on all rows, or of the squared mean.
    """
    if not 1e-200 < square < 1e200 or not fabs(centre) < 1e100 or square < least * whole:
        return -1.0
    if not centred:
        return hypot(sqrt(square), centre)
    return sqrt(square) if share * centre * centre <= square else -1.0


cdef void to_units(double[:, ::1] block, const double[::1] factor, double l1_ratio, bint standardize, bint centred,
                   unsigned char[::1] excluded) noexcept:
    """From means and deviations in rows 0 and 2 of ``block`` to the norms of the columns in row 3, the weights of the
    L1 and L2 penalties in rows 1 and 4, and what is excluded. A norm of 0 becomes 1; the means, without intercept, 0.
    """
    cdef Py_ssize_t j
    cdef double unit, v, size, sd
    for j in range(factor.shape[0]):
        sd = block[2, j]
        size = sd if centred else hypot(sd, block[0, j])
        excluded[j] = size == 0.0 or factor[j] == INFINITY or (standardize and sd == 0.0)
        size = size if size > 0.0 else 1.0
        unit = sd / size if standardize else 1.0 / size
        v = 0.0 if excluded[j] else factor[j]
        block[3, j] = size
        block[1, j] = INFINITY if excluded[j] else l1_ratio * v * unit
        block[4, j] = 0.0 if v == 0.0 else (1.0 - l1_ratio) * (v * unit) * unit   # infinite: a coefficient of 0
        if not centred:
            block[0, j] = 0.0
