"""Every method that says how sure a selection is, by name: what it promises, its options and how to call it.

Nothing here imports NumPy: a command line lists the methods and their options without waiting for it, and the function
is imported when the method is run. Options that all have in common are those of :func:`riata.select` that describe the
data and the model (family, sample_weight, offset, drop, keep, categories, na, feature_names, …).
"""

from __future__ import annotations

import dataclasses
import importlib
from collections.abc import Callable
from typing import Any

LIKELIHOODS = ("gaussian", "binomial", "poisson", "cox")
SINGLE = (*LIKELIHOODS, "huber")


@dataclasses.dataclass(frozen=True)
class Option:
    """A keyword of a method's function.

    Attributes
    ----------
    name, default : as in the function's signature (a test compares them); None where the method chooses
    kind : int, float or str, which a word of a command line is turned into
    words : its meaning in one sentence
    choices : the words that it may be, or none where any is allowed
    """

    name: str
    default: Any
    kind: type
    words: str
    choices: tuple[str | int, ...] = ()


@dataclasses.dataclass(frozen=True)
class Method:
    """A method by its name.

    Attributes
    ----------
    name : what users type;  words : what it answers;  promise : the error that it bounds, in one sentence
    assumes : what must hold for that, in one sentence
    families : those that it knows
    module, function : where its function is; ``load`` imports it
    options : its own keywords, in the order of the signature
    """

    name: str
    words: str
    promise: str
    families: tuple[str, ...]
    module: str
    function: str
    options: tuple[Option, ...]
    assumes: str

    def load(self) -> Callable[..., Any]:
        """The function (X, y, **options): X, y and common options as for riata.select, and those of the method.

        Its result has ``selected`` (names of features), ``to_frame()`` and a one-line ``repr``.
        """
        found: Callable[..., Any] = getattr(importlib.import_module(self.module), self.function)
        return found


SEED = Option("seed", 0, int, "of everything random; the same seed gives the same answer")
LEVEL = Option("level", 0.95, float, "probability that an interval covers; features are tested at 1 − level")

METHODS = (
    Method(
        "mfdr", "how many of the selected features would chance have picked?",
        "expected share of selected features that are independent of the target, at most level",
        LIKELIHOODS, "riata.inference.mfdr", "mfdr_selection",
        (Option("level", 0.1, float, "largest marginal false discovery rate"),),
        "noise features are hardly correlated with each other; λ is chosen by its rate, so this is an estimate and no "
        "guarantee",
    ),
    Method(
        "stability", "which features are picked again and again, whatever half of the rows is looked at?",
        "expected number of false selections, at most pfer",
        SINGLE, "riata.inference.stability", "stability_selection",
        (
            Option("q", None, int, "features taken from each half; two of q, threshold and pfer give the third"),
            Option("threshold", None, float, "share of the halves that must pick a feature, above 0.5 and at most 1"),
            Option("pfer", None, float, "expected number of false selections (1)"),
            Option("method", "pairs", str, "each half with its complement, or halves drawn independently (mb)",
                   ("pairs", "mb")),
            Option("bound", "r-concave", str, "what is assumed of the frequencies of noise, the sharpest bound first",
                   ("r-concave", "unimodal", "worst")),
            Option("n_pairs", 50, int, "pairs of halves"),
            Option("cluster", 0.8, float, "least |correlation| between all features of a cluster"),
            SEED,
        ),
        "false is a feature whose chance to be picked from a half is no more than that of a random choice; with the "
        "bounds r-concave and unimodal its frequencies have such a distribution, worst assumes nothing of them; method "
        "mb also takes noise features to be exchangeable",
    ),
    Method(
        "knockoffs", "which features matter once all others are known?",
        "expected share of selected features that are independent of the target given the others, at most fdr",
        SINGLE, "riata.inference.knockoffs", "knockoff_filter",
        (
            Option("fdr", 0.1, float, "largest false discovery rate"),
            Option("model", "gaussian", str, "what is assumed: Gaussian rows, or a Gaussian linear model and n > 2p",
                   ("gaussian", "fixed")),
            Option("construction", "mvr", str, "how knockoffs are made as unlike their features as can be",
                   ("mvr", "sdp", "maxent", "equi")),
            Option("statistic", None, str, "difference of coefficients, or λ of entry (lcd; lsm with model fixed)",
                   ("lcd", "lsm")),
            Option("offset", 1, int, "1 bounds the false discovery rate, 0 a modified one only", (1, 0)),
            Option("draws", 1, int, "knockoffs drawn and joined by e-values; 30 or more are steady"),
            SEED,
        ),
        "model gaussian: rows are independent draws of a Gaussian, whose covariance is estimated, so the bound is "
        "approximate; model fixed: the target is linear in the features with Gaussian noise; with offset 0 the bound "
        "is on a modified rate",
    ),
    Method(
        "debiased", "how large is each coefficient of the full model, selected or not?",
        "every interval covers with probability level; any false selection has probability at most 1 − level",
        ("gaussian", "binomial"), "riata.inference.debiased", "debiased_lasso",
        (
            LEVEL,
            Option("adjustment", "holm", str, "how p-values are corrected for how many there are",
                   ("holm", "bonferroni", "maxz", "none")),
            Option("noise", None, str, "how the noise variance is estimated (ols where n ≥ 2p, else reid)",
                   ("ols", "reid", "scaled")),
            Option("lam", None, float, "λ of the first lasso (cross-validated)"),
            Option("lam_nodewise", None, float, "λ of the lassos of each column on the others (tuned)"),
            Option("folds", 10, int, "folds of the cross-validations"),
            SEED,
        ),
        "a linear model in which few coefficients are large, and columns that are not nearly dependent",
    ),
    Method(
        "post_selection", "how large are the effects of features that a lasso at a fixed λ selected?",
        "every interval covers with probability level given the selection, for a λ fixed before the data were seen",
        ("gaussian",), "riata.inference.polyhedral", "post_selection",
        (
            Option("lam", dataclasses.MISSING, float, "λ, fixed before the data were seen (must be given)"),
            LEVEL,
            Option("target", "selected", str, "coefficients of the selected features alone, or of the full model",
                   ("selected", "full")),
            Option("adjustment", "none", str, "how p-values are corrected for how many there are",
                   ("none", "bonferroni", "holm")),
            Option("noise", None, str, "how the noise variance is estimated (ols)", ("ols", "scaled")),
        ),
        "Gaussian errors of known variance, and a λ that was fixed before the data were seen",
    ),
    Method(
        "multi_split", "which features survive a test on rows that did not choose them?",
        "any false selection has probability at most 1 − level",
        ("gaussian",), "riata.inference.splitting", "multi_split",
        (
            Option("splits", 50, int, "random halves"),
            LEVEL,
            Option("rule", "min", str, "how λ is chosen on each half"),
            Option("at_most", None, int, "take the largest model with at most so many features, in place of a rule"),
            Option("folds", 10, int, "folds of the cross-validation on each half"),
            SEED,
        ),
        "each half's lasso selects all relevant features; Gaussian errors of one variance",
    ),
)  # fmt: skip


def methods() -> dict[str, Method]:
    """Every method by name, in the order in which to try them.

    >>> list(methods())
    ['mfdr', 'stability', 'knockoffs', 'debiased', 'post_selection', 'multi_split']
    """
    return {method.name: method for method in METHODS}
