"""Classes: labels in, probabilities out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit, log_softmax, softmax
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import validate_data

from riata.core.errors import InvalidData, InvalidOption
from riata.core.problem import Problem
from riata.estimators.family import FamilyModel
from riata.estimators.options import NONE, Rule, one_of

CLASS_WEIGHT: dict[str, Rule] = {
    "class_weight": one_of("balanced") | Rule(lambda value: isinstance(value, Mapping), "a dict {label: weight}") | NONE
}


class ClassifierModel(ClassifierMixin, FamilyModel):
    """The logistic model log(p / (1 − p)) = intercept_ + X @ coef_ of the second of two classes; of more, the
    symmetric multinomial model in which pₖ is proportional to exp(intercept_[k] + X @ coef_[k])."""

    class_weight: Any
    classes_: NDArray[Any]

    @property
    def _family(self) -> str:
        return "binomial" if len(self.classes_) == 2 else "multinomial"

    def _read(self, X: Any, y: Any) -> tuple[Any, Any]:
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse=["csc", "csr"],
            dtype=[np.float64, np.float32],
            ensure_all_finite=False,
            ensure_min_samples=2,
        )
        check_classification_targets(y)
        return X, y

    def _target(self, y: Any, weights: Any) -> tuple[Any, Any, dict[str, Any], Any]:
        classes, code = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise InvalidData(
                "y holds one class; a classifier needs two.", expected="at least two classes", got=str(classes[0])
            )
        self.classes_ = classes
        by_class = self._class_weights(code, weights)
        if by_class is not None:
            weights = by_class[code] * (1.0 if weights is None else weights)
        return code, weights, {}, code

    def _class_weights(self, code: NDArray[np.intp], weights: Any) -> NDArray[np.float64] | None:
        """One weight for each class; "balanced" gives all classes the same share of the sum of the sample weights."""
        if self.class_weight is None:
            return None
        if isinstance(self.class_weight, str):
            total = np.bincount(code, weights=weights, minlength=len(self.classes_))
            return np.divide(total.sum(), len(total) * total, out=np.zeros(len(total)), where=total > 0)
        known = self.classes_.tolist()
        unknown = [label for label in self.class_weight if label not in known]
        if unknown:
            raise InvalidOption(
                f"class_weight names {unknown[0]!r}, which is not a class of y.", expected=str(known), got=repr(unknown)
            )
        return np.array([float(self.class_weight.get(label, 1.0)) for label in known])

    def _store(self, coef: NDArray[Any], intercept: Any, problem: Problem) -> None:
        self.coef_, self.intercept_ = np.ascontiguousarray(np.atleast_2d(coef.T)), np.atleast_1d(intercept)

    def decision_function(self, X: Any) -> NDArray[Any]:
        """log(p / (1 − p)) of the second of two classes, shape (n_samples,); of more, log p of each class up to a
        number for each row, shape (n_samples, n_classes)."""
        eta = self._linear(X)
        return eta[:, 0] if eta.shape[1] == 1 else eta

    def predict_proba(self, X: Any) -> NDArray[Any]:
        """Probabilities of the classes, in the order of `classes_`, shape (n_samples, n_classes)."""
        eta = self.decision_function(X)
        return np.column_stack([expit(-eta), expit(eta)]) if eta.ndim == 1 else softmax(eta, axis=1)

    def predict_log_proba(self, X: Any) -> NDArray[Any]:
        """Logarithms of the probabilities, exact also where they are next to 0, shape (n_samples, n_classes)."""
        eta = self.decision_function(X)
        return np.column_stack([log_expit(-eta), log_expit(eta)]) if eta.ndim == 1 else log_softmax(eta, axis=1)

    def predict(self, X: Any) -> NDArray[Any]:
        """The most probable class of each row, shape (n_samples,)."""
        eta = self.decision_function(X)
        return self.classes_[(eta > 0).astype(np.intp) if eta.ndim == 1 else eta.argmax(axis=1)]
