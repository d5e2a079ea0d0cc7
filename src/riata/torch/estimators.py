"""Sparse networks as scikit-learn estimators: SparseMLPClassifier, SparseMLPRegressor and the two LassoNets."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data
from torch import Tensor, nn
from torch.nn import functional as F

from riata.torch.batches import Batches
from riata.torch.features import feature_importances
from riata.torch.latent import bake
from riata.torch.networks import LassoNet, SparseMLP
from riata.torch.paths import sparse_path
from riata.torch.trainer import Trainer

RATE, BATCH = 3e-3, (16, 256)  # rows in a step: n/16 between these


class SparseNet(BaseEstimator):
    """What the four have in common. Features are standardised within; targets of a regression too.

    Attributes
    ----------
    network_ : nn.Module of the standardised features, with plain weights
    support_ : mask of the features that it reads
    feature_importances_ : norms of its first layer's columns, per standard deviation; 0 where a feature is not read
    history_ : History of the fit, where there is no path
    """

    def fit(self, X: Any, y: Any) -> Any:
        """Fit the network; the same ``random_state`` gives the same one."""
        X, y = validate_data(self, X, y, dtype="numeric", y_numeric=self._numeric, multi_output=self._numeric)
        X = np.asarray(X, np.float64)
        self.mean_, spread = X.mean(0), X.std(0)
        self.scale_ = np.where(spread > 0.0, spread, 1.0)
        target, outputs = self._encode(y)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))  # type: ignore[attr-defined]
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            self._fit(self._tensor(X), target, outputs, seed)
        size = feature_importances(self.network_).double().numpy()
        self.feature_importances_ = np.zeros(X.shape[1])
        self.feature_importances_[: len(size)] = size
        self.support_ = self.feature_importances_ > 0.0
        return self

    def _tensor(self, X: Any) -> Tensor:
        return torch.as_tensor((np.asarray(X, np.float64) - self.mean_) / self.scale_, dtype=torch.float32)

    def _at(self, X: Tensor, y: Tensor, net: nn.Module) -> None:
        """Train at the λ that is given."""
        rows = min(max(len(X) // 16, BATCH[0]), BATCH[1])
        rules = net.rules(self.alpha)  # type: ignore[attr-defined, operator]
        trainer = Trainer(net, self._loss, lambda groups: torch.optim.Adam(groups, lr=RATE), rules)
        self.history_ = trainer.fit(Batches(X, y, size=rows, shuffle=True), epochs=self.max_epochs)  # type: ignore[attr-defined]
        self.network_ = bake(net).eval()

    def _output(self, X: Any) -> np.ndarray:
        check_is_fitted(self)
        X = validate_data(self, X, dtype="numeric", reset=False)
        with torch.no_grad():
            return self.network_(self._tensor(X)).double().numpy()


class Classes(ClassifierMixin):
    """A network with one output for each class."""

    _numeric = False
    _loss = staticmethod(F.cross_entropy)

    def _encode(self, y: Any) -> tuple[Tensor, int]:
        check_classification_targets(y)
        self.classes_, index = np.unique(y, return_inverse=True)
        return torch.as_tensor(index, dtype=torch.long), len(self.classes_)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Probabilities, columns in the order of ``classes_``."""
        out = self._output(X)  # type: ignore[attr-defined]
        odds = np.exp(out - out.max(1, keepdims=True))
        return odds / odds.sum(1, keepdims=True)

    def predict(self, X: Any) -> np.ndarray:
        """The class with the largest probability."""
        best = self.predict_proba(X).argmax(1)
        return self.classes_[best]


class Numbers(RegressorMixin):
    """A network with one output for each target."""

    _numeric = True
    _loss = staticmethod(F.mse_loss)

    def _encode(self, y: Any) -> tuple[Tensor, int]:
        y = np.asarray(y, np.float64)
        self._flat = y.ndim == 1
        y = y.reshape(len(y), -1)
        self.y_mean_, spread = y.mean(0), y.std(0)
        self.y_scale_ = np.where(spread > 0.0, spread, 1.0)
        return torch.as_tensor((y - self.y_mean_) / self.y_scale_, dtype=torch.float32), y.shape[1]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def predict(self, X: Any) -> np.ndarray:
        """The targets."""
        out = self._output(X) * self.y_scale_ + self.y_mean_  # type: ignore[attr-defined]
        return out[:, 0] if self._flat else out


class SparseWeights(SparseNet):
    """A perceptron with an L1 penalty on every weight."""

    def __init__(
        self, alpha: float = 1e-3, *, hidden: Any = (100,), max_epochs: int = 100, random_state: Any = None
    ) -> None:
        self.alpha = alpha
        self.hidden = hidden
        self.max_epochs = max_epochs
        self.random_state = random_state

    def _fit(self, X: Tensor, y: Tensor, outputs: int, seed: int) -> None:
        self._at(X, y, SparseMLP(X.shape[1], outputs, self.hidden))


class Hierarchy(SparseNet):
    """A LassoNet at one λ, or along a path and refitted on what was selected."""

    def __init__(
        self, alpha: float | None = None, *, features: int | None = None, hidden: Any = (100,), M: float = 10.0,
        max_epochs: int = 100, random_state: Any = None,
    ) -> None:  # fmt: skip
        self.alpha = alpha
        self.features = features
        self.hidden = hidden
        self.M = M
        self.max_epochs = max_epochs
        self.random_state = random_state

    def _fit(self, X: Tensor, y: Tensor, outputs: int, seed: int) -> None:
        def make(features: int) -> LassoNet:
            return LassoNet(features, outputs, self.hidden, M=self.M)

        if self.alpha is not None:
            self._at(X, y, make(X.shape[1]))
            return
        self.path_ = sparse_path(
            make, (X, y), self._loss, features=self.features, epochs=self.max_epochs, standardize=False, seed=seed
        )  # type: ignore[attr-defined]
        self.network_ = self.path_.model


class SparseMLPClassifier(Classes, SparseWeights):
    """A perceptron classifier of which most weights are exactly zero.

    Parameters
    ----------
    alpha : λ in mean cross-entropy + λ Σ|w| over all weights
    hidden : units of each hidden layer
    max_epochs : passes over the data
    random_state : seed of weights and order
    """


class SparseMLPRegressor(Numbers, SparseWeights):
    """A perceptron for regression of which most weights are exactly zero.

    Parameters
    ----------
    alpha : λ in mean squared error + λ Σ|w| over all weights, the targets being standardised
    hidden : units of each hidden layer
    max_epochs : passes over the data
    random_state : seed of weights and order
    """


class LassoNetClassifier(Classes, Hierarchy):
    """A network beside a linear skip connection that decides which features it may read.

    Parameters
    ----------
    alpha : λ in mean cross-entropy + λ Σⱼ ‖Sⱼ‖₂; None follows a path of λ, and refits what is selected
    features : how many features the path is to leave; None leaves the choice to the validation loss
    hidden : units of each hidden layer
    M : bound on a feature's weights in the network, over those in the skip connection
    max_epochs : passes over the data, of each fit at no penalty or at alpha
    random_state : seed of split, weights and order
    """


class LassoNetRegressor(Numbers, Hierarchy):
    """A network beside a linear skip connection that decides which features it may read.

    Parameters
    ----------
    alpha : λ in mean squared error + λ Σⱼ ‖Sⱼ‖₂; None follows a path of λ, and refits what is selected
    features : how many features the path is to leave; None leaves the choice to the validation loss
    hidden : units of each hidden layer
    M : bound on a feature's weights in the network, over those in the skip connection
    max_epochs : passes over the data, of each fit at no penalty or at alpha
    random_state : seed of split, weights and order
    """
