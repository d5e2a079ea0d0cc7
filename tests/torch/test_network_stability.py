"""Stability selection of networks: the features that matter are kept, noise is not, and the numbers belong together."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import riata.torch as rt  # noqa: E402
from riata.core.errors import InvalidData, InvalidOption  # noqa: E402
from riata.inference.stability_bounds import pfer_bound  # noqa: E402

nn, F = torch.nn, torch.nn.functional
torch.set_num_threads(1)
GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(240, 20, generator=GENERATOR)
Y = 2.0 * X[:, 3:4] * X[:, 7:8] + 1.5 * X[:, 11:12].abs() + 0.2 * torch.randn(240, 1, generator=GENERATOR)
OPTIONS = {"q": 4, "n_pairs": 4, "epochs": 40, "bound": "worst"}


def wide(features):
    return rt.SparseInputMLP(features, 1, (12,))


@pytest.fixture(scope="module")
def found():
    names = [f"f{j}" for j in range(20)]
    return rt.stability_selection(wide, (X, Y), F.mse_loss, threshold=0.75, feature_names=names, **OPTIONS)


def test_what_matters_is_kept_and_noise_is_not(found):
    """y has no linear part in f3 and f7, which a lasso could not find."""
    assert sorted(found.selected) == ["f11", "f3", "f7"]
    others = [j for j in range(20) if j not in (3, 7, 11)]
    assert found.frequency[others].max() < 0.75 <= found.frequency[[3, 7, 11]].min()


def test_its_numbers_belong_together(found):
    assert found.mean_chosen == found.q == 4
    assert found.frequency.sum() == pytest.approx(4.0)
    assert found.pfer == pfer_bound(4, 0.75, 20, 4, "worst")
    assert found.n_pairs == 4
    np.testing.assert_allclose(found.frequency * 8, np.round(found.frequency * 8))
    assert found.to_frame()["feature"][:3] == found.selected


def test_the_seed_decides_and_the_generator_stays():
    before = torch.get_rng_state()
    options = OPTIONS | {"n_pairs": 1, "epochs": 3}
    one, two, other = (
        rt.stability_selection(wide, (X, Y), F.mse_loss, threshold=0.75, seed=seed, **options) for seed in (0, 0, 1)
    )
    assert torch.equal(before, torch.get_rng_state())
    np.testing.assert_array_equal(one.frequency, two.frequency)
    assert (one.frequency != other.frequency).any()


def test_classes_are_in_proportion_in_each_half():
    seen = []

    def loss(output, target):
        seen.append(set(target.tolist()))
        return F.cross_entropy(output, target)

    rare = torch.arange(240) % 60 == 0  # four rows of 240
    y = torch.where(rare, 2, (X[:, 3] > 0).long())
    options = OPTIONS | {"n_pairs": 1, "epochs": 1}
    rt.stability_selection(lambda k: rt.SparseInputMLP(k, 3, (4,)), (X, y), loss, threshold=0.75, **options)
    assert set().union(*seen) == {0, 1, 2}


def test_bad_wishes():
    with pytest.raises(InvalidOption, match="two of q, threshold and pfer"):
        rt.stability_selection(wide, (X, Y), F.mse_loss, q=4, threshold=0.75, pfer=1.0)
    with pytest.raises(InvalidData, match="one name for each column"):
        rt.stability_selection(wide, (X, Y), F.mse_loss, q=4, threshold=0.75, feature_names=["a"])
    neurons = {"rules": lambda lam: {"first.weight": rt.GroupLasso(lam, group="output")}}
    with pytest.raises(InvalidOption, match="counts features"):
        rt.stability_selection(wide, (X, Y), F.mse_loss, threshold=0.75, **OPTIONS | {"epochs": 1}, **neurons)
