"""Knockoff copies of a design: columns as alike as the features among themselves, made without a look at the target.

The noise in them is drawn from a seed and handed to rows and columns in an order of their own, not in the order of
storage: noise that is independent and identically distributed stays so under any such order. So shuffled rows, permuted
columns and other units give the same knockoffs.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from riata.core.errors import InvalidData
from riata.core.problem import Floats
from riata.inference.knockoff_room import room
from riata.inference.own_order import column_order, directions, row_order


@dataclasses.dataclass(frozen=True, eq=False)
class Maker:
    """Features on the scale of the correlation matrix, and what every draw needs.

    Attributes
    ----------
    Z : (n, p) standardised columns;  s : (p,) the room of the construction
    mean : (n, p) Z − Z Σ⁻¹ S;  root : (p, p) symmetric root of 2S − S Σ⁻¹ S
    fixed : whether the copies have exactly the Gram matrix of the features
    """

    Z: Floats
    s: Floats
    mean: Floats
    root: Floats
    fixed: bool

    def draw(self, rng: np.random.Generator) -> Floats:
        """(n, p) knockoffs of Z."""
        n, p = self.Z.shape
        noise = _placed(rng.standard_normal((n, p)), self.Z)
        if not self.fixed:
            return self.mean + noise @ self.root
        # directions orthogonal to the features (and to the constant): their polar factor turns with their order
        basis = np.linalg.qr(np.column_stack([np.ones(n), self.Z]))[0]
        noise -= basis @ (basis.T @ noise)
        noise -= basis @ (basis.T @ noise)
        left, _, right = np.linalg.svd(noise, full_matrices=False)
        return self.mean + np.sqrt(n) * (left @ right) @ self.root


def standardised(X: Floats) -> Floats:
    """Columns of mean 0 and mean square 1."""
    Z = X - X.mean(axis=0)
    return Z / np.sqrt((Z**2).mean(axis=0))


def gaussian(Z: Floats, how: str, sigma: Floats | None = None) -> Maker:
    """Model-X knockoffs of rows that are N(0, Σ): X̃ | X ~ N(X − XΣ⁻¹S, 2S − SΣ⁻¹S), Candès et al. (2018), eq. 3.2.

    Σ is the correlation matrix of the rows, shrunk as Ledoit & Wolf (2004) advise, unless ``sigma`` is given.
    """
    return _maker(Z, shrunk(Z) if sigma is None else sigma, how, False)


def fixed(Z: Floats, how: str) -> Maker:
    """Fixed-X knockoffs: X̃'X̃ = X'X and X'X̃ = X'X − S, Barber & Candès (2015), eq. 1.4; needs n > 2p."""
    n, p = Z.shape
    if n < 2 * p + 1:
        raise InvalidData(
            "Fixed-X knockoffs need more than twice as many rows as features.", expected=f"at least {2 * p + 1} rows",
            got=f"{n} rows", hint='model="gaussian" works with any number of rows.',
        )  # fmt: skip
    sigma = Z.T @ Z / n
    if np.linalg.eigvalsh(sigma)[0] < 1e-10:
        raise InvalidData("Fixed-X knockoffs need linearly independent features.", hint='model="gaussian"')
    return _maker(Z, sigma, how, True)


def _maker(Z: Floats, sigma: Floats, how: str, is_fixed: bool) -> Maker:
    s = room(sigma, how)
    step = np.linalg.solve(sigma, np.diag(s))
    rest = 2.0 * np.diag(s) - s[:, None] * step
    values, vectors = np.linalg.eigh(0.5 * (rest + rest.T))
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    return Maker(Z, s, Z - Z @ step, root, is_fixed)


def shrunk(Z: Floats) -> Floats:
    """(1 − a) R + a I with R the correlation matrix and a estimated from the rows: Ledoit & Wolf (2004), eq. 14."""
    n, p = Z.shape
    R = Z.T @ Z / n
    away = float(((R - np.eye(p)) ** 2).sum())
    error = (float(((Z**2).sum(axis=1) ** 2).sum()) / n - float((R**2).sum())) / n
    share = min(1.0, error / away) if away > 0 else 1.0
    return (1.0 - share) * R + share * np.eye(p)


def _placed(noise: Floats, Z: Floats) -> Floats:
    """Noise by rows and columns in an order of their own; a column turns its sign with its own direction."""
    out = np.empty_like(noise)
    out[np.ix_(row_order(Z, (Z**4).sum(axis=1)), column_order(Z))] = noise
    return out * directions(Z)
