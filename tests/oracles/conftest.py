"""Reference fits of R glmnet: where they are, what problem each one solved, in our words."""

from __future__ import annotations

import dataclasses
import json
import pathlib
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

from riata.path import make_problem
from riata.testing.datasets import load

HERE = pathlib.Path(__file__).resolve().parent.parent / "data" / "glmnet"


@dataclasses.dataclass(frozen=True)
class Fit:
    """One stored glmnet path, as the problem that it solved; ``lams`` are ours: glmnet's times ``factor``."""

    X: Any
    y: np.ndarray
    options: dict[str, Any]
    lams: np.ndarray
    coef: np.ndarray
    intercept: np.ndarray
    dev_ratio: np.ndarray
    factor: float
    args: dict[str, Any]

    def problem(self, **more: Any) -> Any:
        return make_problem(self.X, self.y, **{**self.options, **more})


def _beta(stored: Any) -> np.ndarray:
    if "beta" in stored:
        return stored["beta"]
    out = np.zeros(tuple(int(v) for v in stored["beta_shape"]))
    out[tuple(stored["beta_idx"])] = stored["beta_val"]
    return out


def options_of(args: dict[str, Any], y: np.ndarray, p: int) -> tuple[dict[str, Any], float]:
    """(keywords of make_problem, factor from glmnet's lambda to ours); docs/glmnet-quirks.md explains each line."""
    intercept = args.get("intercept", True)
    weight = np.array(args.get("weights", np.ones(y.size)), dtype=float)
    s = weight / weight.sum()
    sd_y = float(np.sqrt(s @ (y - (s @ y if intercept else 0.0)) ** 2))
    alpha = float(args.get("alpha", 1))
    factor = alpha + (1 - alpha) / sd_y  # quirk 1: the ridge part carries 1/sd_y
    v = np.array(args.get("penalty.factor", np.ones(p)), dtype=float)
    v = v * p / v.sum()  # quirk 2: factors are rescaled to mean 1, the excluded included
    if "exclude" in args:
        v[np.array(args["exclude"]) - 1] = np.inf
    options = {
        "sample_weight": weight,
        "penalty_factor": v,
        "lower": args.get("lower.limits"),
        "upper": args.get("upper.limits"),
        "l1_ratio": alpha / factor,
        "fit_intercept": intercept,
        "standardize": args.get("standardize", True),
    }
    return options, factor


class Glmnet:
    """Finds the stored fits: those on scikit-learn's data in the repository, the others beside it."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.request = request

    def folder(self, name: str) -> pathlib.Path:
        if (HERE / f"{name}.npz").exists():
            return HERE
        return self.request.getfixturevalue("shared_data") / "golden" / "glmnet_ref"

    def data(self, name: str) -> tuple[Any, np.ndarray]:
        if name == "sklearn_diabetes":
            from sklearn.datasets import load_diabetes

            return load_diabetes(return_X_y=True)
        data = load(self.request.getfixturevalue("shared_data") / "data", name)
        y = (data.y > 0).astype(float) if name == "vw_rcv1_small" else data.y
        return data.X, y

    def stored(self, name: str) -> tuple[Any, dict[str, Any]]:
        stored = np.load(self.folder(name) / f"{name}.npz")
        return stored, json.loads(str(stored["meta"]))

    def fit(self, name: str, upto: int | None = None) -> Fit:
        """The path ``name``; only its first ``upto`` λ if given."""
        stored, meta = self.stored(name)
        X, y = self.data(meta["dataset"])
        options, factor = options_of(meta["args"], y, X.shape[1])
        lams = stored["lambda"][:upto] * factor
        intercept = stored["a0"][:upto] if options["fit_intercept"] else np.zeros(lams.size)
        coef, ratio = _beta(stored)[:, :upto], stored["devratio"][:upto]
        return Fit(X, y, options, lams, coef, intercept, ratio, factor, meta["args"])


@pytest.fixture
def glmnet(request: pytest.FixtureRequest) -> Glmnet:
    """Access to the stored fits: ``glmnet.fit("hitters__gaussian_box")``."""
    return Glmnet(request)


@pytest.fixture(scope="module")
def diabetes() -> Any:
    """(X, y) of the diabetes data in their own units."""
    return load_diabetes(return_X_y=True, scaled=False)


@pytest.fixture(scope="module")
def stored(repository: pathlib.Path) -> Any:
    """What R packages found on them (tests/data/README.md)."""
    return json.loads((repository / "tests/data/inference/diabetes_r.json").read_text("utf-8"))
