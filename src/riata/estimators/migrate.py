"""To and from scikit-learn: estimators with their parameters converted, and fitted models as pipelines."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import sklearn.linear_model
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from riata import estimators
from riata.core.errors import InvalidOption
from riata.estimators.pipeline import pipeline_of
from riata.model.record import Model

# Classes that both have, under the same name.
TWINS = (
    "Lasso", "LassoCV", "ElasticNet", "ElasticNetCV", "MultiTaskLasso", "MultiTaskLassoCV", "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
)  # fmt: skip
# What a fitted linear model is, and what more the fit of a twin tells.
FITTED = ("coef_", "intercept_", "classes_", "n_features_in_", "feature_names_in_")
TOLD = ("alpha_", "l1_ratio_", "alphas_", "mse_path_", "dual_gap_", "n_iter_")


def from_sklearn(estimator: Any, *, n_samples: float | None = None) -> Any:
    """riata's estimator for the problem that a scikit-learn estimator solves; fitted, if that is fitted.

    Parameters
    ----------
    estimator : Lasso, ElasticNet, their CV and MultiTask classes, LassoLars, LogisticRegression; or a Pipeline of a
        StandardScaler and one of these, which becomes ``standardize=True`` with coefficients in the units of X
    n_samples : rows of the training set, or the sum of their weights; for LogisticRegression, whose C grows with
        it: alpha = 1/(C · n_samples)

    Returns
    -------
    riata estimator
        With the same parameters, but for ``tol``, which bounds riata's ``gap_rel`` and keeps its default 1e-8. Of a
        fitted estimator it has the coefficients, so that it predicts the same; `fit` solves anew, to that tolerance.

    Raises
    ------
    InvalidOption : an estimator or a parameter that riata has nothing for

    Examples
    --------
    >>> import riata, sklearn.linear_model as linear
    >>> riata.from_sklearn(linear.ElasticNet(alpha=0.3, l1_ratio=0.7))
    ElasticNet(alpha=0.3, l1_ratio=0.7)
    >>> riata.from_sklearn(linear.LogisticRegression(C=0.5, l1_ratio=1, solver="saga"), n_samples=200)
    LassoClassifier(standardize=False)
    """
    if isinstance(estimator, Pipeline):
        return _from_pipeline(estimator, n_samples)
    name = type(estimator).__name__
    if type(estimator) is not getattr(sklearn.linear_model, name, None):
        name = ""
    if name in TWINS:
        twin = _twin(estimator, getattr(estimators, name))
        return _with_fit(twin, estimator, (*FITTED, *TOLD))
    if name == "LassoLars":
        kept = {key: getattr(estimator, key) for key in ("alpha", "fit_intercept", "positive")}
        return _with_fit(estimators.Lasso(**kept), estimator, FITTED)
    if name == "LogisticRegression":
        return _with_fit(_classifier(estimator, n_samples), estimator, FITTED)
    raise InvalidOption(
        "riata has no estimator for this one.", got=type(estimator).__name__,
        expected=f"{', '.join(TWINS)}, LassoLars, LogisticRegression, or a Pipeline of StandardScaler and one of them",
    )  # fmt: skip


def to_sklearn(model: Any, *, n_samples: float | None = None) -> Any:
    """scikit-learn's object for a riata estimator, or for a Model or Selection a Pipeline that predicts from tables.

    Parameters
    ----------
    model : a twin of a scikit-learn class (Lasso, ElasticNetCV, …) or LassoClassifier; a Model or a Selection
    n_samples : rows of the training set, or the sum of their weights; for LassoClassifier: C = 1/(alpha · n_samples)

    Returns
    -------
    scikit-learn estimator
        A fitted one predicts what ``model`` predicts, its coefficients in the units of X. One that is not fitted has
        the same solution once it is (a Pipeline with a StandardScaler, if ``model`` standardises). Solver settings
        are scikit-learn's defaults.

    Raises
    ------
    InvalidOption : what scikit-learn has nothing for: an offset, bounds, penalty factors, other families

    Examples
    --------
    >>> import riata
    >>> riata.to_sklearn(riata.Lasso(alpha=0.3, positive=True))
    Lasso(alpha=0.3, positive=True)
    """
    if isinstance(getattr(model, "model", model), Model):
        return pipeline_of(getattr(model, "model", model))
    name = type(model).__name__
    if type(model) is not getattr(estimators, name, None) or name not in (*TWINS, "LassoClassifier"):
        raise InvalidOption(
            "scikit-learn has no estimator for this one.", got=name,
            expected=f"{', '.join(TWINS)}, LassoClassifier, or a Model or Selection",
        )  # fmt: skip
    fitted = hasattr(model, "coef_")
    if not fitted:
        _refuse_ours(model)
    if name == "LassoClassifier":
        twin = _logistic(model, n_samples)
    else:
        twin = _twin(model, getattr(sklearn.linear_model, name))
    if model.standardize and not fitted:
        # Centring would change nothing beside an intercept, everything without one, and cannot be done to sparse X.
        return make_pipeline(StandardScaler(with_mean=False), twin)
    return _with_fit(twin, model, (*FITTED, *TOLD))


def _twin(estimator: Any, cls: type[BaseEstimator]) -> Any:
    """``cls`` with those parameters of ``estimator`` that both have; ``tol`` means two things, so it stays."""
    both = set(inspect.signature(cls.__init__).parameters) - {"tol", "n_alphas"}
    params = {key: value for key, value in estimator.get_params(deep=False).items() if key in both}
    if "alphas" in params and (params["alphas"] is None or isinstance(params["alphas"], str)):
        params["alphas"] = getattr(estimator, "n_alphas", 100)  # before scikit-learn 1.7 their number had its own name
    return cls(**params)


def _with_fit(twin: Any, fitted: Any, names: tuple[str, ...]) -> Any:
    for name in names:
        if name in vars(fitted):
            setattr(twin, name, getattr(fitted, name))
    return twin


def _from_pipeline(pipeline: Pipeline, n_samples: float | None) -> Any:
    steps = [step for _, step in pipeline.steps]
    if len(steps) != 2 or type(steps[0]) is not StandardScaler:
        raise InvalidOption(
            "riata has no estimator for this pipeline.",
            got=", ".join(type(step).__name__ for step in steps), expected="StandardScaler and a linear model",
        )  # fmt: skip
    scaler, linear = steps
    twin = from_sklearn(linear, n_samples=n_samples)
    if scaler.with_mean and not twin.fit_intercept:
        raise InvalidOption(
            "a model without intercept on centred columns has no counterpart.",
            got="StandardScaler(with_mean=True) and fit_intercept=False",
            expected="with_mean=False, or fit_intercept=True",
        )
    twin.set_params(standardize=bool(scaler.with_std))
    if hasattr(twin, "coef_"):
        if scaler.with_std:
            twin.coef_ = twin.coef_ / scaler.scale_
        if scaler.with_mean:
            twin.intercept_ = twin.intercept_ - twin.coef_ @ scaler.mean_
        _with_fit(twin, scaler, ("feature_names_in_",))
    return twin


def _classifier(estimator: Any, n_samples: float | None) -> Any:
    if estimator.solver == "liblinear" and estimator.fit_intercept:
        raise InvalidOption(
            "liblinear penalises the intercept, which riata never does: there is no counterpart.",
            got='solver="liblinear"', expected='solver="saga", or fit_intercept=False',
        )  # fmt: skip
    word = getattr(estimator, "penalty", "deprecated")
    ratio = {"l1": 1.0, "l2": 0.0}.get(word, float(estimator.l1_ratio or 0.0))
    strength = 0.0 if word is None or np.isinf(estimator.C) else 1 / (estimator.C * _rows(n_samples, "C"))
    return estimators.LassoClassifier(
        alpha=strength, l1_ratio=ratio, fit_intercept=estimator.fit_intercept, standardize=False,
        class_weight=estimator.class_weight,
    )  # fmt: skip


def _logistic(model: Any, n_samples: float | None) -> Any:
    cls = sklearn.linear_model.LogisticRegression
    old = inspect.signature(cls.__init__).parameters.get("penalty")
    # Until scikit-learn 1.8 the mixing counted only beside a word for it.
    word = {} if old is None or old.default == "deprecated" else {"penalty": "elasticnet"}
    C = np.inf if model.alpha == 0 else 1 / (model.alpha * _rows(n_samples, "alpha"))
    return cls(
        C=C, l1_ratio=model.l1_ratio, fit_intercept=model.fit_intercept, class_weight=model.class_weight,
        solver="saga", **word,
    )  # fmt: skip


def _rows(n_samples: float | None, word: str) -> float:
    if n_samples is None or not n_samples > 0:
        raise InvalidOption(
            f"{word} cannot be converted without the number of rows: alpha = 1/(C · n_samples).",
            got=f"n_samples={n_samples}",
            expected="n_samples, the rows of the training set or the sum of their weights",
        )
    return float(n_samples)


def _refuse_ours(model: Any) -> None:
    """InvalidOption for a parameter that changes the solution and that scikit-learn does not have."""
    for name, neutral in (("penalty_factor", None), ("lower", None), ("upper", None), ("rule", "min")):
        value = getattr(model, name, neutral)
        if value is not neutral and not (isinstance(value, str) and value == neutral):
            raise InvalidOption(
                f"scikit-learn has nothing for {name}.", got=f"{name}={value!r}"[:80],
                hint="fit it first: a fitted model is converted with its coefficients.",
            )  # fmt: skip
