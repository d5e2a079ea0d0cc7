"""LassoNet's hierarchical penalty: a feature's weights in a network are bounded by its weights in a skip connection."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import torch
from torch import Tensor

from riata.core.errors import InvalidOption
from riata.torch.penalties.base import Number, Penalty, above

STEPS = 16  # Newton steps at most; in the course of a training three or four do
NEAR = 1e-6  # of its bound: a weight this close to it is at it
Held = Callable[[Tensor], tuple[Tensor, Tensor]]  # θ to c(θ) and its slope


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

    @property
    def bound(self) -> tuple[float, int]:
        return self.M, self.skip

    @property
    def along(self) -> int:
        return 1

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
        """The minimiser, all features at once.

        With θ = ‖b‖ fixed, W = clip(u, ±Mθ), and b solves dᵢ(bᵢ − vᵢ) + c(θ) bᵢ/θ = 0, that is

            φ(θ) = Σ (dᵢvᵢ)²/(dᵢθ + c(θ))² = 1        where  c(θ) = λ − M Σₖ dₖ (|uₖ| − Mθ)₊  is concave and increasing.

        Below its root lie those of  max d·θ + c(θ) = ‖dv‖  and of every  dᵢθ + c(θ) = |dᵢvᵢ|.  The smallest of these
        increasing concave functions is one too: from any θ its tangent leads to the left of its root, and Newton climbs
        to it from there, in finitely many steps as it is piecewise linear; to the right of it φ has no pole, and Newton
        on φ^(−½) − 1 climbs on to θ (riata.torch.newton). The first start is ‖v‖: in an optimizer z is a small step
        from the last w, for which that is the root. No sort is needed.
        """
        lam = self._lam(lam)
        v, u = z[: self.skip], z[self.skip :]
        step = torch.as_tensor(step, dtype=z.dtype, device=z.device).expand(z.shape)
        step = step.clamp(min=torch.finfo(z.dtype).tiny)
        unit = step.amax(0)  # d and λ are relative to the largest step, within the range of float32
        d, lam = unit / step, unit * lam
        db = d[: self.skip]
        a = db * v
        size, pull = u.abs(), self.M * d[self.skip :]

        def held(theta: Tensor) -> tuple[Tensor, Tensor]:
            """c and its slope: from sums of what is over the bound, which are small where θ is near the root."""
            over = (size - self.M * theta).clamp(min=0.0)
            return lam - (pull * over).sum(0), self.M * (pull * (over > 0)).sum(0)

        rise = torch.cat([db.amax(0, keepdim=True), db])
        fall = torch.cat([a.square().sum(0, keepdim=True).sqrt(), a.abs()])
        theta = _climb(_foot(v.square().sum(0).sqrt(), rise, fall, held), a, db, held)
        q = _divisors(db * theta + (fall - rise * theta).amax(0), a)
        b = torch.where(~(theta <= 0) & (a != 0), a * theta / torch.where(q == 0, 1.0, q), 0.0)  # NaN stays
        lost = (theta > 0) & (a == 0).all(0)  # b has no direction, and yet the network wants the feature
        b = torch.where(lost, theta * self.skip**-0.5, b)
        theta = b.square().sum(0).sqrt()
        return torch.cat([b, torch.minimum(torch.maximum(u, -self.M * theta), self.M * theta)])

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


def _foot(theta: Tensor, rise: Tensor, fall: Tensor, held: Held) -> Tensor:
    """The largest root of max d·θ + c(θ) − ‖a‖ and of every dᵢθ + c(θ) − |aᵢ|; 0 where it is negative."""
    for _ in range(STEPS):
        c, bend = held(theta)
        before, theta = theta, (theta - (rise * theta + c - fall) / (rise + bend)).amax(0).clamp(min=0.0)
        if _at_rest(before, theta):
            break
    return theta


def _climb(theta: Tensor, a: Tensor, db: Tensor, held: Held) -> Tensor:
    """The root of φ from a lower bound of it."""
    for _ in range(STEPS):
        c, bend = held(theta)
        q = db * theta + c
        ratio = torch.where(a == 0, 0.0, (a / q) ** 2)
        phi = ratio.sum(0)
        slope = (ratio * (db + bend) / q).sum(0)
        before = theta
        theta = torch.where((theta > 0) & (slope > 0), theta + (phi.sqrt() - 1.0) * phi / slope, theta)
        if _at_rest(before, theta):
            break
    return theta


def _divisors(q: Tensor, a: Tensor) -> Tensor:
    """dᵢθ + c of the c that makes ‖b‖ = θ, from a lower bound: what is added to q is the same in all of a column.

    In c(θ) the last digit of θ counts as often as weights are held.
    """
    for _ in range(STEPS):
        ratio = torch.where(a == 0, 0.0, (a / q) ** 2)
        phi, slope = ratio.sum(0), (ratio / q).sum(0)
        move = torch.where(slope > 0, (phi.sqrt() - 1.0) * phi / slope, 0.0)
        before, q = q, q + move
        if _at_rest(before, q):
            break
    return q


def _at_rest(before: Tensor, after: Tensor) -> bool:
    """Whether a step moved nothing; asked on the host only, where the answer is at hand."""
    if type(after) is not Tensor or after.device.type != "cpu" or torch.compiler.is_compiling():
        return False
    return bool(((after - before).abs() <= 8.0 * torch.finfo(after.dtype).eps * after.abs()).all())
