"""Every penalty keeps its promise: the proximal step is the minimiser, in a step and in a metric; duals too."""

import math

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (pip install 'riata[torch]')")
import torch

import riata.torch as rt
from riata.core.errors import InvalidOption
from riata.torch.groups import layout
from riata.torch.newton import group_prox

torch.set_num_threads(1)


def threes(shape):
    """Groups of uneven sizes."""
    return (torch.arange(math.prod(shape)).reshape(shape) // 5) % 7


PENALTIES = {
    "l1": rt.L1(0.4),
    "elastic_net": rt.ElasticNet(0.5, l1_ratio=0.7),
    "input": rt.GroupLasso(0.3, group="input"),
    "output": rt.GroupLasso(0.7, group="output", size_weight=None),
    "labels": rt.GroupLasso(0.3, group=threes),
    "heads": rt.GroupLasso(0.3, group=rt.heads(3)),
    "head columns": rt.GroupLasso(0.3, group=rt.heads(2, axis=1)),
    "sparse_group": rt.SparseGroup(0.4, group="input", share=0.3),
    "sparse labels": rt.SparseGroup(0.4, group=threes, share=0.6),
    "mcp": rt.MCP(0.5, gamma=2.5),
    "scad": rt.SCAD(0.4, gamma=3.2),
    "lhalf": rt.LHalf(0.4),
    "hierarchical": rt.Hierarchical(0.9, M=0.8),
    "hierarchical 3": rt.Hierarchical(1.5, M=1.5, skip=3),
}
over_penalties = pytest.mark.parametrize("name", PENALTIES)
over_steps = pytest.mark.parametrize("step", ["short", "long", "metric", "wild metric"])


def drawn(step, seed=0):
    """(z, step) with groups of very different sizes."""
    rng = torch.Generator().manual_seed(seed)
    shape = (6, 8)
    z = torch.randn(shape, generator=rng, dtype=torch.float64) * torch.rand(8, generator=rng, dtype=torch.float64) * 2
    z *= torch.rand((6, 1), generator=rng, dtype=torch.float64) * 2
    u = torch.rand(shape, generator=rng, dtype=torch.float64)
    return z, {"short": 0.3, "long": 4.0, "metric": 0.2 + u, "wild metric": 10.0 ** (3.0 * u - 2.0)}[step]


def objective(penalty, w, z, step):
    value = float((0.5 * (w - z) ** 2 / step).sum() + penalty.value(w))
    if isinstance(penalty, rt.Hierarchical):
        bound = penalty.M * w[: penalty.skip].norm(dim=0)
        value += math.inf if (w[penalty.skip :].abs() > bound * (1 + 1e-12) + 1e-15).any() else 0.0
    return value


def feasible(penalty, w):
    if isinstance(penalty, rt.Hierarchical):
        bound = penalty.M * w[: penalty.skip].norm(dim=0)
        w = torch.cat([w[: penalty.skip], torch.minimum(torch.maximum(w[penalty.skip :], -bound), bound)])
    return w


@over_steps
@over_penalties
def test_no_other_point_is_better_than_the_prox(name, step):
    penalty = PENALTIES[name].on(torch.Size((6, 8)))
    z, step = drawn(step)
    before = z.clone()
    w = penalty.prox(z, step)
    assert torch.equal(z, before)
    best = objective(penalty, w, z, step)
    rng = torch.Generator().manual_seed(1)
    scaled = [w * (1 + e) for e in (-0.1, -1e-3, 1e-3, 0.1)]
    columns = [w * (torch.arange(8) != j) for j in range(8)] + [
        torch.where(torch.arange(8) == j, z, w) for j in range(8)
    ]
    rows = [w * (torch.arange(6)[:, None] != i) for i in range(6)]
    near = [
        w + s * torch.randn(w.shape, generator=rng, dtype=w.dtype) for s in (1e-6, 1e-4, 1e-2, 1.0) for _ in range(20)
    ]
    others = [z, torch.zeros_like(z), *scaled, *columns, *rows, *near]
    assert min(objective(penalty, feasible(penalty, o), z, step) for o in others) >= best - 1e-12 * (1 + best)


@over_steps
@over_penalties
def test_the_prox_is_stationary_to_the_last_digits(name, step):
    """(z − w)/step is a subgradient at w. For groups in a metric this is what four Newton steps reach."""
    penalty = PENALTIES[name].on(torch.Size((6, 8)))
    long = step == "long"
    z, step = drawn(step, seed=2)
    w = penalty.prox(z, step)
    residual = penalty.kkt_residual(w, (w - z) / step)
    assert float(residual) <= 1e-9 * float((z / step).abs().max())
    assert float(penalty.kkt_residual(w, (w - z) / step, 1.5 * penalty.lam)) > 1e-3
    assert (w == 0).any() or not long or "head" in name


@over_penalties
def test_a_constant_metric_is_a_step(name):
    penalty = PENALTIES[name].on(torch.Size((6, 8)))
    z, _ = drawn("short")
    for step in (0.3, 1.0):
        torch.testing.assert_close(
            penalty.prox(z, torch.full_like(z, step)), penalty.prox(z, step), rtol=1e-9, atol=1e-11
        )
        torch.testing.assert_close(
            penalty.prox(z, torch.tensor(step, dtype=z.dtype)), penalty.prox(z, step), rtol=1e-12, atol=1e-14
        )
        torch.testing.assert_close(penalty.cut(z, step), z - penalty.prox(z, step), rtol=1e-12, atol=1e-14)


@over_penalties
def test_lambda_can_be_given(name):
    penalty = PENALTIES[name].on(torch.Size((6, 8)))
    z, step = drawn("metric")
    other = penalty.at(0.17)
    assert torch.equal(penalty.prox(z, step, 0.17), other.prox(z, step))
    torch.testing.assert_close(penalty.prox(z, 0.5, torch.tensor(0.17, dtype=z.dtype)), other.prox(z, 0.5))
    assert float(penalty.value(z, 0.17)) == float(other.value(z))
    if penalty.linear:
        torch.testing.assert_close(penalty.prox(z, 0.5, 0.3), penalty.prox(z, 0.15, 1.0), rtol=1e-12, atol=1e-14)


@over_penalties
def test_lambda_zero_changes_nothing(name):
    penalty = PENALTIES[name].on(torch.Size((6, 8)))
    z, step = drawn("metric")
    z = feasible(penalty, z)
    for s in (0.3, step):
        torch.testing.assert_close(penalty.prox(z, s, 0.0), z, rtol=1e-9, atol=1e-12)
    zeros = torch.zeros_like(z)
    assert torch.equal(penalty.prox(zeros, 0.0, 0.0), zeros)  # 0/0 in a library that shrinks by 1 − t/‖z‖
    assert torch.equal(penalty.prox(zeros, 0.3), zeros)
    for dtype in (torch.float32, torch.float64):  # a learning rate that starts at 0, in a step and in a metric
        some = z.to(dtype)
        for s in (0.0, torch.zeros_like(some)):
            torch.testing.assert_close(penalty.prox(some, s), some, rtol=1e-6, atol=1e-12)


@over_penalties
def test_the_pull_leads_back(name):
    """w + step·pull(w) has the proximal point w, for a step at which the proximal point is unique."""
    penalty = PENALTIES[name].on(torch.Size((6, 8)))
    z, _ = drawn("short")
    step = min(0.3, 0.5 * penalty.max_step)
    w = penalty.prox(z, step)
    torch.testing.assert_close(penalty.prox(w + step * penalty.pull(w), step), w, rtol=1e-9, atol=1e-12)
    assert (penalty.pull(w)[w == 0] == 0).all()


@over_penalties
def test_the_value_has_the_pull_as_its_gradient(name):
    penalty = PENALTIES[name].on(torch.Size((6, 8)))
    z, _ = drawn("short")
    w = penalty.prox(z, 0.3).requires_grad_()
    penalty.value(w).backward()
    assert w.grad.isfinite().all()
    at = w.detach() != 0
    torch.testing.assert_close(w.grad[at], penalty.pull(w.detach())[at], rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", [n for n in PENALTIES if n != "lhalf"])
def test_the_dual_norm_is_where_zero_begins(name):
    penalty = PENALTIES[name].on(torch.Size((6, 8)))
    grad, _ = drawn("short", seed=4)
    zero, top = torch.zeros_like(grad), float(penalty.dual_norm(grad))
    assert float(penalty.kkt_residual(zero, grad, top * (1 + 1e-9))) == 0.0
    assert float(penalty.kkt_residual(zero, grad, top * 0.99)) > 0.0
    step = 1e-3
    assert not penalty.prox(-step * grad, step, top * 1.000001).any()
    assert penalty.prox(-step * grad, step, top * 0.99).any()


def test_half_has_no_smallest_lambda():
    assert float(rt.LHalf(1.0).dual_norm(torch.ones(3))) == 0.0
    assert float(rt.LHalf(1e-9).kkt_residual(torch.zeros(3), torch.ones(3))) == 0.0


def test_values_by_hand():
    w = torch.tensor([[3.0, 0.0, -1.0], [4.0, 0.0, 1.0]])
    root = math.sqrt(2.0)
    assert float(rt.L1(0.5).value(w)) == pytest.approx(4.5)
    assert float(rt.ElasticNet(2.0, l1_ratio=0.5).value(w)) == pytest.approx(2 * (0.5 * 9 + 0.25 * 27))
    assert float(rt.GroupLasso(2.0, group="input").value(w)) == pytest.approx(2 * root * (5 + root))
    assert float(rt.GroupLasso(2.0, group="output", size_weight=None).value(w)) == pytest.approx(
        2 * (math.sqrt(10) + math.sqrt(17))
    )
    share = rt.SparseGroup(2.0, group="input", share=0.25)
    assert float(share.value(w)) == pytest.approx(2 * (0.25 * 9 + 0.75 * root * (5 + root)))
    assert float(rt.LHalf(2.0).value(w)) == pytest.approx(2 * (math.sqrt(3) + 2 + 2))
    assert float(rt.MCP(1.0, gamma=2.0).value(w)) == pytest.approx(1.0 + 1.0 + 2 * 0.75)
    assert float(rt.SCAD(1.0, gamma=3.0).value(w)) == pytest.approx(2.0 + 2.0 + 2 * 1.0)
    assert float(rt.Hierarchical(2.0).value(w)) == pytest.approx(8.0)
    assert rt.GroupLasso(2.0, group="input").zero_mask(w).tolist() == [False, True, False]


@pytest.mark.parametrize("name", ["mcp", "scad"])
def test_concave_penalties_are_those_of_the_paths(name):
    from riata.penalties import find

    penalty = PENALTIES[name]
    ours, t = find(name)(gamma=penalty.gamma), np.linspace(0.0, 3.0, 61)
    there = torch.from_numpy(t)
    np.testing.assert_allclose(penalty.size(there, penalty.lam), ours.value(t, np.array(penalty.lam)), atol=1e-14)
    np.testing.assert_allclose(penalty.slope(there, penalty.lam), ours.slope(t, np.array(penalty.lam)), atol=1e-14)


def test_heads_are_blocks_of_rows_or_columns():
    w = torch.zeros(12, 4)
    w[4:8] = 1.0  # the query of head 1 of 2 would be rows 2:4
    assert rt.GroupLasso(1.0, group=rt.heads(3)).zero_mask(w).tolist() == [True, False, True]
    assert rt.GroupLasso(1.0, group=rt.heads(2, axis=1)).zero_mask(w * (torch.arange(4) < 2)).tolist() == [False, True]
    stacked = torch.zeros(12, 4)
    stacked[[2, 3, 6, 7]] = 1.0  # head 1 of 2 in the query and in the key
    group = rt.GroupLasso(1.0, group=rt.heads(2, stack=3), size_weight=None)
    assert group.zero_mask(stacked).tolist() == [True, False]
    assert float(group.value(stacked)) == pytest.approx(4.0)


def test_channels():
    conv = torch.randn(5, 3, 2, 2)
    assert rt.GroupLasso(1.0, group="channel").zero_mask(conv).shape == (5,)
    assert rt.GroupLasso(1.0, group="input").zero_mask(conv).shape == (3,)
    scale = torch.tensor([1.0, 0.0, -2.0])
    assert rt.GroupLasso(1.0, group="channel").zero_mask(scale).tolist() == [False, True, False]
    assert float(rt.GroupLasso(1.0, group="channel").value(scale)) == pytest.approx(3.0)


@pytest.mark.parametrize(("dtype", "close"), [(torch.float64, 1e-9), (torch.float32, 3e-6)])
@pytest.mark.parametrize("decades", [0.0, 2.0, 6.0])
def test_four_newton_steps_are_enough(decades, dtype, close):
    """500 groups of 64 in metrics that vary up to a millionfold; more steps change nothing."""
    rng = torch.Generator().manual_seed(5)
    z = torch.randn((500, 64), generator=rng, dtype=torch.float64)
    d = 10.0 ** (decades * torch.rand((500, 64), generator=rng, dtype=torch.float64))
    lam = 0.9 * float((d * z).norm(dim=1).median())
    lay = layout("output", z.shape)
    w = group_prox(z.to(dtype), (1 / d).to(dtype), lam, lay).double()
    norm = w.norm(dim=1, keepdim=True)
    on = norm[:, 0] > 0
    assert 0 < int(on.sum()) < 500
    residual = (d * (w - z) + lam * w / norm.clamp(min=1e-300))[on].norm(dim=1) / lam
    assert float(residual.max()) <= close


@pytest.mark.parametrize("bad", [-0.1, math.nan, math.inf, "a", None])
@pytest.mark.parametrize("kind", [rt.L1, rt.GroupLasso, rt.SparseGroup, rt.MCP, rt.LHalf, rt.Hierarchical])
def test_lambda_is_checked(kind, bad):
    with pytest.raises(InvalidOption, match="coefficient in mean loss"):
        kind(bad)


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: rt.ElasticNet(1.0, l1_ratio=1.5), "l1_ratio"),
        (lambda: rt.SparseGroup(1.0, share=-1.0), "share"),
        (lambda: rt.MCP(1.0, gamma=1.0), "gamma of MCP"),
        (lambda: rt.SCAD(1.0, gamma=2.0), "gamma of SCAD"),
        (lambda: rt.Hierarchical(1.0, M=0.0), "M of Hierarchical"),
        (lambda: rt.Hierarchical(1.0, skip=0), "skip counts"),
        (lambda: rt.GroupLasso(1.0, size_weight="size"), "size_weight"),
        (lambda: rt.GroupLasso(1.0, group="inputs").on(torch.Size((3, 4))), 'did you mean "input"'),
        (lambda: rt.GroupLasso(1.0, group="input").on(torch.Size((3,))), "do not fit a weight of shape"),
        (lambda: rt.GroupLasso(1.0, group="channel").on(torch.Size((3, 4))), 'groups of a matrix are "input"'),
        (lambda: rt.GroupLasso(1.0, group=rt.heads(5)).on(torch.Size((12, 4))), "multiple of 5"),
        (lambda: rt.GroupLasso(1.0, group=lambda shape: [1, 2]).on(torch.Size((3, 4))), "integer labels of shape"),
        (lambda: rt.Hierarchical(1.0, skip=3).on(torch.Size((3, 4))), "3 rows of the skip connection"),
    ],
)
def test_options_are_checked(make, match):
    with pytest.raises(InvalidOption) as error:
        make()
    assert match in str(error.value)
