"""One BLAS thread inside a certificate.

The threads of NumPy's and of SciPy's BLAS spin against each other and against other processes: certifying the
diamonds data (53 940 × 23, 100 λ, 6 fits) took 23 s with two threads on two busy cores and 3 s with one.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any


@lru_cache(maxsize=1)
def _controller() -> Any:
    import threadpoolctl

    return threadpoolctl.ThreadpoolController()


def one_blas_thread() -> AbstractContextManager[Any]:
    """Inside, every BLAS that is loaded runs one thread."""
    return _controller().limit(limits=1, user_api="blas")
