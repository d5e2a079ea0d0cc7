"""The scikit-learn classes: its own checks, and that zeros and features are what they say."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from sklearn.datasets import load_breast_cancer, load_diabetes  # noqa: E402
from sklearn.utils.estimator_checks import check_estimator  # noqa: E402

import riata.torch as rt  # noqa: E402

torch.set_num_threads(1)
QUICK = [  # every base class and mixin once
    rt.SparseMLPClassifier(1e-4, hidden=(8,), max_epochs=15),
    rt.LassoNetRegressor(1e-4, hidden=(8,), max_epochs=20),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("estimator", QUICK, ids=lambda e: type(e).__name__)
def test_scikit_learns_own_checks(estimator):
    check_estimator(estimator, on_skip=None)


def test_a_classifier_with_few_weights():
    X, y = load_breast_cancer(return_X_y=True)
    labels = np.array(["malignant", "benign"])[y]
    few = rt.SparseMLPClassifier(0.01, hidden=(16,), max_epochs=40, random_state=0).fit(X[::2], labels[::2])
    assert few.score(X[1::2], labels[1::2]) > 0.94
    weights = [m.weight for m in few.network_.modules() if isinstance(m, torch.nn.Linear)]
    assert sum(int((w == 0).sum()) for w in weights) > 0.7 * sum(w.numel() for w in weights)
    assert few.support_.sum() == (few.feature_importances_ > 0).sum()


def test_a_regressor_with_few_features():
    X, y = load_diabetes(return_X_y=True)
    four = rt.LassoNetRegressor(features=4, hidden=(8,), max_epochs=60, random_state=0).fit(X, y)
    assert 1 <= four.support_.sum() <= 4
    assert four.support_[[2, 8]].all()  # body mass and log triglycerides, which every method finds
    assert four.score(X, y) > 0.4
