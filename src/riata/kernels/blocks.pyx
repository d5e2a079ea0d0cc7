# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True, initializedcheck=False
"""Penalties on blocks of coefficients and losses of several linear predictors, solved exactly on a working set.

    minimise over (B, u)   F(o + ΦB + Zu) + Σ_g [ l1_g ‖u_g‖ + ½ l2_g ‖u_g‖² + Σ_{i∈g} sᵢ |uᵢ| ]

A block is a group of features, the coefficients of one feature for all outputs, or a single coefficient. Proximal Newton
steps replace F by a quadratic model; descent over blocks finds which are zero, and Newton steps on the others, where the
penalty is smooth, finish. A block of one is the lasso.
"""

from cpython.exc cimport PyErr_CheckSignals
from libc.math cimport exp, expm1, fabs, log, log1p, sqrt, INFINITY, NAN
from libc.stdlib cimport free, malloc
from libc.string cimport memcpy, memset
from scipy.linalg.cython_blas cimport daxpy, ddot, dgemm, dsymm, dsyrk, dtrsm
from scipy.linalg.cython_lapack cimport dposv, dpotrf, dpotri, dpotrs, dsyev

import numpy as np


cdef inline double clip(double x, double lo, double up) noexcept nogil:
    return lo if x < lo else (up if x > up else x)


include "span.pxi"
include "losses.pxi"
include "block_losses.pxi"
include "block_quadratic.pxi"
include "block_rows.pxi"
include "block_krylov.pxi"
include "block_newton.pxi"
include "block_members.pxi"
include "block_model.pxi"
include "block_set.pxi"
include "block_proof.pxi"
include "block_track.pxi"
