"""LassoNet's hierarchical penalty: a feature's weights in a network are bounded by its weights in a skip connection."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from riata.core.errors import InvalidOption
from riata.torch.penalties.base import Number, Penalty, above

STEPS = 16  # Newton steps where the skip has several rows and the metric differs among them
NEAR = 1e-6  # of its bound: a weight this close to it is at it


@dataclasses.dataclass(frozen=True)
class Hierarchical(Penalty):
    """λ Σⱼ ‖bⱼ‖₂  subject to  |W_kj| ≤ M‖bⱼ‖₂ for every unit k and every feature j.

    One matrix holds both: its first ``skip`` rows are b, a linear skip connection from feature j to ``skip`` outputs;
    the rows below are W, the first layer of the network. A feature whose skip weights are zero is out of the network
    too. Units, which are the zeros that are counted, are features: columns.

    Parameters
    ----------
    M : > 0, how much larger than its skip weights the network may weigh a feature (10 as in the paper)
    skip : rows of b

    References
    ----------
    Lemhadri, Ruan, Abraham & Tibshirani (2021), J. Mach. Learn. Res. 22. The step in a diagonal metric is derived in
    ``prox``; with it the penalty is used with adaptive optimizers.
    """

    M: float = 10.0
    skip: int = 1

    name = "hierarchical"
    convex = False
    linear = False  # the constraint has no λ

    def __post_init__(self) -> None:
        super().__post_init__()
        above("M", self.M, 0.0, "of Hierarchical bounds |W| by M‖b‖.")
        if not (isinstance(self.skip, int) and self.skip >= 1):
            raise InvalidOption("skip counts the rows of the skip connection.", expected="at least 1", got=self.skip)

    def on(self, shape: torch.Size) -> Hierarchical:
        if len(shape) != 2 or shape[0] <= self.skip:
            raise InvalidOption(
                f"Hierarchical(skip={self.skip}) does not fit a weight of shape {tuple(shape)}.",
                expected=f"a matrix with {self.skip} rows of the skip connection above those of the network",
                got=tuple(shape),
            )  # fmt: skip
        return self

    def value(self, w: Tensor, lam: Number | None = None) -> Tensor:
        b = w[: self.skip]
        squares = (b * b).sum(0)
        return self._lam(lam) * torch.where(squares == 0, 0.0, torch.where(squares == 0, 1.0, squares).sqrt()).sum()

    def prox(self, z: Tensor, step: Number = 1.0, lam: Number | None = None) -> Tensor:
        """The minimiser, feature by feature, from one sort.

        With θ = ‖b‖ fixed, W = clip(u, ±Mθ), and b solves dᵢ(bᵢ − vᵢ) + c(θ) bᵢ/θ = 0 where

            c(θ) = λ − M Σₖ dₖ (|uₖ| − Mθ)₊ = min over m of  λ − M Σ_{i≤m} d₍ᵢ₎ (|u₍ᵢ₎| − Mθ),    |u₍₁₎| ≥ |u₍₂₎| ≥ …

        Where all rows of b have one d, d·θ + c(θ) = d‖v‖: the left side is the lowest of increasing lines, so that its
        root is the largest of theirs. Otherwise Σ (dᵢvᵢ)²/(dᵢθ + c(θ))² = 1, and Newton climbs from the left as for
        groups (riata.torch.newton): c is concave too.
        """
        lam, even = self._lam(lam), not (isinstance(step, Tensor) and step.ndim)
        v, u = z[: self.skip], z[self.skip :]
        step = torch.as_tensor(step, dtype=z.dtype, device=z.device).expand(z.shape)
        step = step.clamp(min=torch.finfo(z.dtype).tiny)
        unit = step.amax(0)  # d and λ are relative to the largest step, within the range of float32
        d, lam = unit / step, unit * lam
        db, du = d[: self.skip], d[self.skip :]
        size, order = u.abs().sort(dim=0, descending=True)
        sorted_d = du.gather(0, order)
        zero = torch.zeros_like(z[:1])
        gain = torch.cat([zero, (self.M * sorted_d * size).cumsum(0)])
        bend = torch.cat([zero, (self.M**2 * sorted_d).cumsum(0)])
        a = db * v
        norm = a.square().sum(0).sqrt()
        theta = ((norm - lam + gain) / (db.amax(0) + bend)).amax(0).clamp(min=0.0)
        if self.skip == 1 or even:
            b = theta * torch.where(norm == 0, self.skip**-0.5, a / torch.where(norm == 0, 1.0, norm))
        else:
            # Every single entry of b bounds θ too, and keeps the climb to the right of the poles of φ.
            single = ((a.abs()[:, None] - lam + gain) / (db[:, None] + bend)).amax((0, 1))
            theta, c = self._climb(torch.maximum(theta, single), a, db, du, u, lam)
            b = torch.where(theta > 0, a * theta / (db * theta + c), 0.0)
            theta = b.square().sum(0).sqrt()
        return torch.cat([b, torch.minimum(torch.maximum(u, -self.M * theta), self.M * theta)])

    def _climb(self, theta: Tensor, a: Tensor, db: Tensor, du: Tensor, u: Tensor, lam: Number) -> tuple[Tensor, Tensor]:
        """(θ, c(θ)) from a lower bound of θ."""

        def line(theta: Tensor) -> tuple[Tensor, Tensor]:
            over = du * (u.abs() > self.M * theta)
            return lam - self.M * (over * (u.abs() - self.M * theta)).sum(0), self.M**2 * over.sum(0)

        alive = theta > 0
        for _ in range(STEPS):
            c, bend = line(theta)
            q = db * theta + c
            ratio = (a / q) ** 2
            phi = ratio.sum(0)
            slope = (ratio * (db + bend) / q).sum(0)
            theta = torch.where(alive & (slope > 0), theta + (phi.sqrt() - 1.0) * phi / slope, theta)
        return theta, line(theta)[0]

    def pull(self, w: Tensor, lam: Number | None = None) -> Tensor:
        b = w[: self.skip]
        norm = b.square().sum(0).sqrt()
        return torch.cat([self._lam(lam) * b / torch.where(norm == 0, 1.0, norm), torch.zeros_like(w[self.skip :])])

    def dual_norm(self, grad: Tensor) -> Tensor:
        """‖g_b‖ + M‖g_W‖₁ of the worst feature: what a feature gains that enters with all its weights at the bound."""
        return (grad[: self.skip].square().sum(0).sqrt() + self.M * grad[self.skip :].abs().sum(0)).max()

    def kkt_residual(self, w: Tensor, grad: Tensor, lam: Number | None = None) -> Tensor:
        lam = self._lam(lam)
        b, W, gb, gW = w[: self.skip], w[self.skip :], grad[: self.skip], grad[self.skip :]
        norm = b.square().sum(0).sqrt()
        idle = (gb.square().sum(0).sqrt() + self.M * gW.abs().sum(0) - lam).clamp(min=0.0)
        outward = -gW * W.sign()  # what the bound holds back
        held = (W.abs() >= self.M * norm * (1.0 - NEAR)) & (W != 0)
        force = torch.where(held, outward.clamp(min=0.0), 0.0)
        inner = torch.where(held, (-outward).clamp(min=0.0), gW.abs()).amax(0)
        c = lam - self.M * force.sum(0)
        skip = (gb + c * b / torch.where(norm == 0, 1.0, norm)).square().sum(0).sqrt()
        return torch.where(norm == 0, idle, torch.maximum(skip, inner)).max()

    def zero_mask(self, w: Tensor) -> Tensor:
        """Which features are out: columns that are exactly zero."""
        return (w == 0).all(0)
