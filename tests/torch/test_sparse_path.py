"""Paths: the number of features that was asked for, the right ones, a refit without shrinkage."""

import math

import pytest

torch = pytest.importorskip("torch")
import riata.torch as rt  # noqa: E402
from riata.core.errors import InvalidOption  # noqa: E402
from riata.torch.climb import PathPoint  # noqa: E402
from riata.torch.paths import _chosen  # noqa: E402

nn, F = torch.nn, torch.nn.functional
torch.set_num_threads(1)
GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn(240, 15, generator=GENERATOR)
Y = X[:, :1] * X[:, 1:2] + torch.sin(2.0 * X[:, 2:3]) + 0.1 * torch.randn(240, 1, generator=GENERATOR)


def wide(features):
    return rt.SparseInputMLP(features, 1, (16,))


@pytest.fixture(scope="module")
def three():
    return rt.sparse_path(wide, (X, Y), F.mse_loss, features=3, epochs=100)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_path_is_not_led_by_noise_that_was_learnt_by_heart(seed):
    """Corners of a cube whose classes are drawn by lot, and 196 columns of noise: a dense network fits every row."""
    generator = torch.Generator().manual_seed(1)
    X = torch.randn(800, 200, generator=generator)
    corners = torch.cartesian_prod(*[torch.tensor([-2.0, 2.0])] * 4)
    classes = (torch.arange(16) % 2)[torch.randperm(16, generator=generator)]
    where = torch.randint(16, (800,), generator=generator)
    X[:, :4] = corners[where] + torch.randn(800, 4, generator=generator)
    path = rt.sparse_path(
        lambda k: rt.SparseInputMLP(k, 2, (40,)),
        (X, classes[where]),
        F.cross_entropy,
        features=6,
        refit=False,
        seed=seed,
    )
    assert {0, 1, 2, 3} <= set(path.chosen.support.nonzero()[:, 0].tolist())


def test_the_features_asked_for_are_the_right_ones(three):
    assert three.chosen.support.nonzero()[:, 0].tolist() == [0, 1, 2]
    rounds = [[p for p in three.points if p.round == k] for k in range(three.chosen.round + 1)]
    assert [point for points in rounds for point in points] == three.points
    for points in rounds:
        lams = [p.lam for p in points]
        assert lams == sorted(lams)
    assert three.points[0].count > 10  # of 15: under the λ of a penalised start one or the other may be out already
    assert three.points[-1] is three.chosen
    assert three.to_frame()["units"][-1] == 3.0
    leaves = three.leaves_at
    assert bool((leaves[:3] == math.inf).all())
    ends = [points[-1] for points in rounds]
    assert len(ends) > 1
    assert bool((leaves[3:] < sum(point.lam for point in ends)).all())
    again = rounds[1][0].support
    assert 3 < int(again.sum()) <= 10
    assert float(leaves[again].min()) > ends[0].lam
    gone = ~torch.stack([point.support for point in rounds[1]]).any(0)
    assert float(leaves[gone].max()) <= ends[0].lam


def test_networks_that_differ_in_more_than_a_column_have_one_round():
    path = rt.sparse_path(
        lambda k: rt.SparseInputMLP(k, 1, (2 * k,)), (X, Y), F.mse_loss, features=3, epochs=20, refit=False
    )
    assert {point.round for point in path.points} == {0}
    assert path.chosen.count == 3


def test_the_networks_of_every_round_take_all_columns_as_they_are():
    far = 100.0 * X + 7.0
    path = rt.sparse_path(wide, (far, Y), F.mse_loss, features=2, epochs=20, validation=(far[:40], Y[:40]), refit=False)
    assert path.chosen.round > 0
    for point in path.points:
        net = wide(15)
        net.load_state_dict(point.state)
        assert torch.equal((net.first.weight != 0).any(0), point.support)
        with torch.no_grad():
            assert float(F.mse_loss(net(far[:40]), Y[:40])) == pytest.approx(point.val_loss, rel=1e-3)


@pytest.mark.parametrize("features", [2, 5, 8])
def test_as_many_as_were_asked_for_where_many_go_at_once(features):
    """Columns that are nearly copies leave nearly together."""
    alike = torch.cat([X[:, :3]] * 4, 1) + 1e-3 * torch.randn(240, 12, generator=torch.Generator().manual_seed(2))
    path = rt.sparse_path(wide, (alike, Y), F.mse_loss, features=features, epochs=20, refit=False)
    assert path.chosen.count == features


def test_the_refit_reads_them_only_and_does_not_shrink(three):
    moved = X.clone()
    moved[:, 3:] = 9.0
    with torch.no_grad():
        assert torch.equal(three.model(X), three.model(moved))
    assert three.val_loss < 0.6 * three.chosen.val_loss


def test_a_path_repeats_itself_and_leaves_the_generator_alone():
    before = torch.get_rng_state()
    one, two = (rt.sparse_path(wide, (X, Y), F.mse_loss, lams=[0.01, 0.3], epochs=3, refit=False) for _ in range(2))
    assert torch.equal(before, torch.get_rng_state())
    assert [p.val_loss for p in one.points] == [p.val_loss for p in two.points]
    assert one.chosen.val_loss == min(p.val_loss for p in one.points) == one.val_loss


def test_any_module_a_share_of_zeros_and_a_refit_that_keeps_them():
    def make(features):
        return nn.Sequential(nn.Linear(features, 12), nn.Tanh(), nn.Linear(12, 1))

    path = rt.sparse_path(make, (X, Y), F.mse_loss, rules=lambda lam: rt.L1(lam), zeros=0.8, epochs=30)
    weight = path.chosen.state["0.weight"]
    assert 0.8 <= float((weight == 0).float().mean()) < 0.95
    assert torch.equal(path.model[0].weight == 0, weight == 0)
    assert not torch.equal(path.model[0].weight, weight)
    assert path.val_loss < path.chosen.val_loss


def test_the_last_round_has_the_say():
    """A round may end at fewer units than it was to leave, and another begin from the point before."""
    counts = [(0, 9), (0, 5), (0, 2), (1, 4), (1, 3), (1, 1)]
    points = [PathPoint(0.1, torch.arange(9) < count, 1.0, {}, round) for round, count in counts]
    assert _chosen(points[:3], 5) is points[1]
    assert _chosen(points, 3) is points[4]
    assert _chosen(points[:4], 3) is points[3]


def test_bad_wishes():
    with pytest.raises(InvalidOption, match="two ways"):
        rt.sparse_path(wide, (X, Y), F.mse_loss, features=3, zeros=0.5)
    with pytest.raises(InvalidOption, match="how many are left"):
        rt.sparse_path(wide, (X, Y), F.mse_loss, features=0)
    with pytest.raises(InvalidOption, match="none of its own"):
        rt.sparse_path(lambda k: nn.Linear(k, 1), (X, Y), F.mse_loss, epochs=1)


def test_units_that_no_feature_turns_on():
    """With the first layer at zero nothing comes back through negative biases: there is a path yet."""

    def make(features):
        net = rt.SparseInputMLP(features, 1, (16,))
        nn.init.constant_(net.first.bias, -0.5)
        net.first.bias.requires_grad_(False)
        return net

    path = rt.sparse_path(make, (X, Y), F.mse_loss, features=3, refit=False)
    assert path.points[0].lam > 0.0
    assert 0 < path.chosen.count <= 3


@pytest.mark.parametrize("features", [9, 12])
def test_many_features_are_many(features):
    """Much noise: a penalised start is the better one and leaves seven. The path then starts at the dense network."""
    generator = torch.Generator().manual_seed(1)
    X = torch.randn(300, 15, generator=generator)
    y = X[:, :1] + X[:, 1:2] - X[:, 2:3] + 2.0 * torch.randn(300, 1, generator=generator)
    path = rt.sparse_path(wide, (X, y), F.mse_loss, features=features, epochs=40, refit=False)
    assert path.points[0].count > features
    assert features - 2 <= path.chosen.count <= features
