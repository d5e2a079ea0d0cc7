"""Stability selection: features that a lasso chooses on most halves of the rows, with a bound on the false ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.drawn import Drawn
from riata.core.errors import InvalidData, InvalidOption
from riata.core.problem import Floats, Problem
from riata.core.result_frame import ResultFrame
from riata.inference import stability_bounds as bounds
from riata.inference.division import halves_of_groups
from riata.inference.entering import first_features
from riata.inference.reading import read
from riata.select import target
from riata.select.twins import linked

Ints = NDArray[np.intp]

METHODS = ("pairs", "mb")
# Unless q is given: a path on half the rows can hardly order more than a quarter of these.
ROWS_PER_CHOICE = 8
# More candidates hardly ever matter, and the last ones cost the most (dorothea: 100 take twice as long).
MOST_USUAL = 50
USUAL_THRESHOLD = 0.75


@dataclasses.dataclass(frozen=True, eq=False)
class Stability(Drawn):
    """What :func:`stability_selection` found.

    Attributes
    ----------
    selected : list of str, features with frequency ≥ threshold, the most frequent first
    frequency : (n_features,) share of the half-samples in which the feature was among the first q to enter
    q, threshold, pfer : the three numbers that belong together; ``pfer`` is the bound for q and threshold
    method, bound, n_pairs : as asked for
    clusters : list of dict with ``features`` (names) and ``frequency`` (share of the half-samples in which at least one
        of them was chosen), the most frequent first: what correlated features achieve together. No bound is claimed
    mean_chosen : features chosen per half-sample on average, at most q
    notes : list of sentences
    entries : for each half-sample the features (places) that entered, the first one first; None for networks
    """

    selected: list[str]
    frequency: Floats
    q: int
    threshold: float
    pfer: float
    method: str
    bound: str
    n_pairs: int
    clusters: list[dict[str, Any]]
    mean_chosen: float
    feature_names: list[str]
    notes: list[str]
    entries: tuple[Ints, ...] | None = None

    def paths(self) -> Floats:
        """(n_features, q) share of the half-samples in which the feature was among the first 1, 2, …, q to enter.

        Its last column is ``frequency``. InvalidOption where nothing says in what order features entered.
        """
        if self.entries is None:
            raise InvalidOption("There are no stability paths of it.", got="features without an order",
                                expected="what riata.stability_selection returned")  # fmt: skip
        first = np.zeros((len(self.feature_names), self.q))
        for features in self.entries:
            first[features, np.arange(len(features))] += 1
        return first.cumsum(axis=1) / len(self.entries)

    def to_frame(self) -> ResultFrame:
        """Columns feature, frequency, selected, the most frequent first."""
        order = _order(self.frequency)
        chosen = set(self.selected)
        names = [self.feature_names[j] for j in order]
        picked = [name in chosen for name in names]
        return ResultFrame(feature=names, frequency=self.frequency[order].tolist(), selected=picked)

    def __repr__(self) -> str:
        return (
            f"Stability({len(self.selected)} of {len(self.frequency)} features, q={self.q}, "
            f"threshold={self.threshold:g}, pfer={self.pfer:.3g})"
        )


def stability_selection(
    X: Any,
    y: Any,
    *,
    q: int | None = None,
    threshold: float | None = None,
    pfer: float | None = None,
    method: str = "pairs",
    bound: str = "r-concave",
    n_pairs: int = 50,
    cluster: float = 0.8,
    halves: Any = None,
    seed: int = 0,
    threads: int | None = None,
    **options: Any,
) -> Stability:
    """Which features does the lasso choose whatever rows it is given? With a bound on how many of them are false.

    On each of 2B = ``2·n_pairs`` random halves of the rows the first q features to enter the lasso path are noted;
    those noted in a share ≥ π of the halves are selected. Then

        E[selected features that are noise] ≤ PFER(q, π)

    Give any two of ``q``, ``threshold`` (π) and ``pfer`` and the third follows; by default pfer = 1 and q is the
    smallest of n/8, 50 and what π = 0.75 allows.

    What counts as noise, and what is assumed. "pairs" (Shah & Samworth): noise is a feature whose chance of being among
    the first q of n/2 rows is at most q/p, no more than of a random choice; nothing is assumed for bound="worst"; for
    "unimodal" and "r-concave" the share of pairs that choose a noise feature twice has such a distribution.
    "mb" (Meinshausen & Bühlmann): noise is a feature without effect; they are assumed exchangeable, and the lasso no
    worse than guessing; its bound is "worst". Correlated features split their votes: see ``clusters`` of the result.

    Parameters
    ----------
    X, y : as for riata.select: frame and name, or arrays
    q : features taken from each half;  threshold : π in (0.5, 1];  pfer : expected number of false selections
    method : "pairs" (each half with its complement) or "mb" (2·n_pairs halves drawn independently)
    bound : "r-concave" (sharpest), "unimodal" or "worst"
    n_pairs : B
    cluster : features all of whose correlations have |r| at least this form a cluster
    halves : (n_pairs, n_samples) of 0, 1 or −1 (in neither half), instead of ``seed``; a column for each row of X
    seed : of the halves; classes and events are in proportion in both, unless there are ``fold_groups``: rows alike
        in these are in the same half, and the halves are halves of the groups
    threads : cores to use; the result does not depend on it
    options : family, sample_weight, offset, drop, keep, feature_names, … as for riata.select. Weights go into every
        fit; halves are halves of the rows, so that a row of weight 2 is in or out as a whole. The bounds hold: they ask
        nothing of what chooses on each half

    Returns
    -------
    Stability

    Examples
    --------
    >>> import numpy as np, riata
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 200))
    >>> found = riata.stability_selection(X, 2 * X[:, 3] - 2 * X[:, 7] + rng.standard_normal(100))
    >>> sorted(found.selected), found.pfer <= 1
    (['x3', 'x7'], True)

    References
    ----------
    Meinshausen & Bühlmann (2010), J. R. Stat. Soc. B 72, theorem 1; Shah & Samworth (2013), ibid. 75, theorems 1 and 2
    and eq. 8.
    """
    if method not in METHODS:
        raise InvalidOption(f"There is no method {method!r}.", got=method, expected=" or ".join(METHODS))
    bound = "worst" if method == "mb" else bound
    problem, data, o = read(X, y, **options)
    if problem.penalty is not None or problem.groups is not None:
        raise InvalidOption("Stability selection goes with the plain lasso.", got=f"penalty={o.penalty!r}")
    p = int(np.count_nonzero(problem.penalty_factor > 0))
    live = np.flatnonzero(problem.sample_weight > 0)
    q, threshold, notes = settle(q, threshold, pfer, p, len(live), n_pairs, bound)
    strata = target.kept_in_proportion(data, o)
    together = data.per_row(o.fold_groups, "fold_groups")
    given = data.per_row(halves, "halves")
    weights = half_samples(problem.n_samples, live, n_pairs, method, seed, given, strata, together)
    chosen = first_features(problem, weights, q, threads)
    names = list(problem.design.names or [f"x{j}" for j in range(problem.n_features)])
    clusters = _clusters(problem, chosen, names, cluster)
    return stability_of(chosen, names, q, threshold, p=p, method=method, bound=bound, clusters=clusters,
                        notes=notes, entries=tuple(chosen))  # fmt: skip


def settle(
    q: int | None, threshold: float | None, pfer: float | None, p: int, n: int, pairs: int, bound: str
) -> tuple[int, float, list[str]]:
    """(q, threshold, notes) from the two that were given, or from defaults."""
    if q is not None and threshold is not None and pfer is not None:
        raise InvalidOption("Give two of q, threshold and pfer; the third follows.", got="all three")
    if q is not None and not (isinstance(q, int | np.integer) and 1 <= q <= p):
        raise InvalidOption("q must be a whole number from 1 to the number of features.", got=q)
    if pfer is not None and not pfer > 0:
        raise InvalidOption("pfer must be positive.", got=pfer)
    wanted = 1.0 if pfer is None else float(pfer)
    if q is None and threshold is not None:
        q = bounds.most_chosen(threshold, wanted, p, pairs, bound)
    elif q is None:
        most = min(max(1, n // ROWS_PER_CHOICE), MOST_USUAL)
        q = bounds.most_chosen(USUAL_THRESHOLD, wanted, p, pairs, bound, most)
    if threshold is None:
        threshold = bounds.least_threshold(q, wanted, p, pairs, bound)
    notes = []
    if q > n // 4:
        notes.append(
            f"q = {q} is more than half of the {n // 2} rows of a half-sample: such paths choose nearly at random at "
            "their end, and frequencies fall. A smaller q with a lower threshold often finds more."
        )
    return int(q), float(threshold), notes


def half_samples(
    n: int, live: Ints, pairs: int, method: str, seed: int, halves: Any, strata: Any, together: Any = None
) -> list[Floats]:
    """Row weights of 0 and 1 for each half-sample; rows alike in ``together`` (n,) are in the same half."""
    if halves is not None:
        given = np.asarray(halves)
        if given.ndim != 2 or given.shape[1] != n or not np.isin(given, (-1, 0, 1)).all():
            raise InvalidData("halves must hold 0, 1 or -1 for each row.", expected=f"(n_pairs, {n})", got=given.shape)
        return [(row == side).astype(float) for row in given for side in (0, 1)]
    rng, out = np.random.default_rng(seed), []
    for _ in range(pairs if method == "pairs" else 2 * pairs):
        side = np.full(n, -1)
        if together is not None:
            side[live] = halves_of_groups(together[live], rng)
        else:
            order = rng.permutation(live)
            if strata is not None:
                order = order[np.argsort(np.asarray(strata)[order], kind="stable")]
            order = order[: 2 * (len(live) // 2)]
            side[order] = np.arange(len(order)) % 2
        out += [(side == k).astype(float) for k in ((0, 1) if method == "pairs" else (0,))]
    return out


def stability_of(
    chosen: Sequence[Ints], names: list[str], q: int, threshold: float, *, p: int | None = None, method: str = "pairs",
    bound: str = "r-concave", clusters: list[dict[str, Any]] | None = None, notes: Sequence[str] = (),
    entries: tuple[Ints, ...] | None = None,
) -> Stability:  # fmt: skip
    """The result for features (indices into ``names``) chosen on each half-sample; p of them could have been chosen."""
    total, p = len(chosen), len(names) if p is None else p
    count = np.bincount(np.concatenate(chosen), minlength=len(names))
    keep = _kept(count, threshold, total)
    order = _order(count)
    return Stability(
        selected=[names[j] for j in order if keep[j]],
        frequency=count / total,
        q=q,
        threshold=threshold,
        pfer=bounds.pfer_bound(q, threshold, p, total // 2, bound),
        method=method,
        bound=bound,
        n_pairs=total // 2,
        clusters=clusters or [],
        mean_chosen=float(np.mean([len(features) for features in chosen])),
        feature_names=names,
        notes=list(notes),
        entries=entries,
    )


def _kept(count: Ints, threshold: float, total: int) -> NDArray[np.bool_]:
    """Frequencies are multiples of 1/total, and the threshold may be one of them."""
    return count >= np.ceil(threshold * total - 1e-9)


def _order(values: NDArray[Any]) -> Ints:
    return np.argsort(-values, kind="stable")


def _clusters(problem: Problem, chosen: Sequence[Ints], names: list[str], least: float) -> list[dict[str, Any]]:
    ever = np.unique(np.concatenate(chosen))
    label = np.full(problem.n_features, -1, np.intp)
    label[ever] = linked(problem, ever, least)
    hits = np.zeros(label.max() + 1 if len(ever) else 0, np.intp)
    for features in chosen:
        hits[np.unique(label[features])] += 1
    return [
        {"features": [names[j] for j in ever[label[ever] == c]], "frequency": float(hits[c] / len(chosen))}
        for c in _order(hits)
    ]
