"""Groups of features and how strongly each is penalised."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray


@dataclasses.dataclass(frozen=True, eq=False)
class Groups:
    """A partition of the features. The penalty at λ is then, with u = t∘w (t as in ``Problem``),

        λ Σ_g [ l1_ratio·( (1−share)·v_g ‖u_g‖₂ + share·Σ_{j∈g} v_j ‖u_j‖₁ ) + ½(1−l1_ratio)·v_g ‖u_g‖₂² ]

    With K outputs u_j is the row (u_j1, …, u_jK) of feature j and ‖u_g‖₂ runs over all rows of the group: groups of one
    feature are the row-wise penalty of multi-task and grouped multinomial models.

    Attributes
    ----------
    index : (n_features,) integers 0 … n_groups − 1
    factor : (n_groups,) v_g ≥ 0, used exactly as given (√size is the caller's choice)
    share : float in [0, 1], the part of the absolute values (sparse group lasso); their factors v_j are the
        problem's ``penalty_factor``, which otherwise only says what is excluded (∞)
    """

    index: NDArray[np.intp]
    factor: NDArray[np.float64]
    share: float = 0.0
