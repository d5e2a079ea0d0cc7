"""The compiled steps: what torch's operations do, for every optimizer with a known metric, in any number of threads."""

import dataclasses

import pytest

pytest.importorskip("torch", reason="torch is not installed (pip install 'riata[torch]')")
import torch

import riata.torch as rt
from riata.torch import compiled
from riata.torch.metric import Metric, Scaled
from riata.torch.room import Room

OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1),
    "heavy ball": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.1),
    "nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, nesterov=True),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "amsgrad": lambda p: torch.optim.AdamW(p, lr=0.01, amsgrad=True, weight_decay=0.0),
    "nadam": lambda p: torch.optim.NAdam(p, lr=0.01),
    "radam": lambda p: torch.optim.RAdam(p, lr=0.01),
    "adamax": lambda p: torch.optim.Adamax(p, lr=0.01),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.001, centered=True, momentum=0.5, eps=0.01),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.1, lr_decay=0.1),
}
PENALTIES = [rt.L1(0.1), rt.ElasticNet(0.1, l1_ratio=0.6)]
GROUPS = [rt.GroupLasso(0.1, group="input"), rt.GroupLasso(0.02, group="output", size_weight=None)]
LAYERS = [rt.Hierarchical(0.05, M=2.0, skip=2), rt.Hierarchical(0.1)]


class Count:
    """What a function of the compiled steps answered, call after call."""

    def __init__(self, monkeypatch, name):
        self.answers, inner = [], getattr(compiled, name)
        monkeypatch.setattr(compiled, name, lambda *args: self.answers.append(inner(*args)) or self.answers[-1])


def trained(make, rules, way, dtype, shape=(3, 137)):
    """(weight, the optimizer's tensors) after a few steps on seeded gradients."""
    random = torch.Generator().manual_seed(0)
    model = torch.nn.Linear(shape[1], shape[0], bias=False, dtype=dtype)
    with torch.no_grad():
        model.weight.copy_(0.1 * torch.randn(shape, generator=random, dtype=dtype))
    if way == "latent":
        rt.sparsify(model, rules)
    optimizer = make(model.parameters())
    if way == "proximal":
        rt.attach(optimizer, rules, model)
    moved = next(model.parameters())
    for _ in range(12):
        moved.grad = 0.1 * torch.randn(shape, generator=random, dtype=dtype)
        optimizer.step()
    return [model.weight.detach(), *(v for v in optimizer.state[moved].values() if isinstance(v, torch.Tensor))]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("penalty", [*PENALTIES, *GROUPS, *LAYERS], ids=lambda p: p.words())
@pytest.mark.parametrize("way", ["proximal", "latent"])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_same_as_torch(name, way, penalty, dtype, monkeypatch):
    used = Count(monkeypatch, "step" if way == "proximal" else "add_cut")
    fast = trained(OPTIMIZERS[name], penalty, way, dtype)
    assert used.answers
    assert all(used.answers)
    monkeypatch.setattr(compiled, "ENABLED", False)
    slow = trained(OPTIMIZERS[name], penalty, way, dtype)
    if way == "proximal" and penalty.mix is not None:
        assert 0 < int((slow[0] == 0).sum()) < slow[0].numel()
    # torch adds up squares of a group in single precision
    near = {torch.float32: 2e-5 if penalty.mix is not None else 1e-4, torch.float64: 1e-13}[dtype]
    near = 1e-11 if penalty.bound is not None and dtype is torch.float64 else near  # a last digit of θ is M of W's
    for one, other in zip(fast, slow, strict=True):
        torch.testing.assert_close(one, other, rtol=near, atol=near)


@pytest.mark.parametrize("way", ["proximal", "latent"])
@pytest.mark.parametrize("name", ["sgd", "adam"])
@pytest.mark.parametrize("penalty", [rt.L1(0.1), *GROUPS, rt.Hierarchical(0.1, skip=30)])
def test_same_bits_in_any_number_of_threads(penalty, name, way, monkeypatch):
    monkeypatch.setattr(compiled, "SHARE", 100)
    teams = Count(monkeypatch, "_team")
    before = torch.get_num_threads()
    got = []
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            got.append(trained(OPTIMIZERS[name], penalty, way, torch.float32, shape=(600, 1000)))
    finally:
        torch.set_num_threads(before)
    assert [team["threads"] for team in teams.answers if team]
    assert all(torch.equal(one, other) for one, other in zip(*got, strict=True))


def test_nan_stays_and_zeros_are_exact():
    model = torch.nn.Linear(6, 1, bias=False)
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[float("nan"), -0.5, 0.5, float("inf"), -0.05, 0.05]]))
    optimizer = rt.attach(torch.optim.SGD(model.parameters(), lr=0.1), rt.L1(1.0), model)
    model.weight.grad = torch.zeros(1, 6)
    optimizer.step()
    wanted = torch.tensor([[float("nan"), -0.4, 0.4, float("inf"), 0.0, 0.0]])
    torch.testing.assert_close(model.weight.detach(), wanted, equal_nan=True)
    assert not torch.signbit(model.weight.detach()[0, 4:]).any()


@pytest.mark.parametrize("penalty", PENALTIES, ids=lambda p: p.name)
def test_the_pull_keeps_its_digits_at_large_weights(penalty, monkeypatch):
    z = torch.tensor([1e5, -3e4, 1e3, 0.003, -1e-4, float("nan")])
    got, slow = torch.zeros(6), penalty.cut(z.double(), 0.01, 1.0).float()
    assert compiled.add_cut(got, z, penalty, 0.01, 1.0)
    torch.testing.assert_close(got, slow, rtol=1e-6, atol=0.0, equal_nan=True)


def test_not_for_tensors_that_numpy_cannot_walk():
    w = torch.randn(6, 4)
    assert compiled.plain(w)
    assert not compiled.plain(w.T)
    assert not compiled.plain(w, w.double())
    assert not compiled.plain(w.half())


def test_autograd_sees_the_change():
    w = torch.nn.Parameter(torch.ones(4))
    kept = (w * w).sum()  # keeps w for its gradient
    assert compiled.step(w, rt.L1(1.0), 1.0, Metric(0.1))
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        kept.backward()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("group", ["input", "output"])
@pytest.mark.parametrize("shape", [(7, 5), (1, 300), (300, 1), (7, 40_000), (40_000, 2), (6, 5, 3, 3), (5, 70, 16)])
def test_groups_of_any_shape(shape, group, dtype):
    random = torch.Generator().manual_seed(1)
    w, v, buffer = torch.randn(3, *shape, generator=random, dtype=dtype)
    v.square_()
    axis = 1 if group == "input" else 0  # groups from small to large
    w.mul_(torch.linspace(1e-4, 1.0, shape[axis]).reshape([-1 if a == axis else 1 for a in range(w.ndim)]))
    penalty = rt.GroupLasso(0.3, group=group, size_weight="sqrt" if group == "input" else None).on(w.shape)
    near = {"rtol": {torch.float32: 2e-4, torch.float64: 1e-5}[dtype], "atol": {torch.float32: 1e-5}.get(dtype, 1e-13)}
    exact = near if dtype is torch.float32 else {"rtol": 1e-12, "atol": 1e-13}
    zeros = 0

    def off(x, step):
        """How far from stationary the groups are that are left."""
        norm = x.square().sum([a for a in range(x.ndim) if a != axis], keepdim=True).sqrt()
        pull = 0.7 * penalty.norm_weight * x / torch.where(norm > 0, norm, 1.0)
        return float(torch.where(norm > 0, x - w + step * pull, 0.0).norm())

    for scaled in (Scaled(0.2, None), Scaled(0.2, v, 1e-3, 0.9), Scaled(0.2, v + 1e-3, rooted=False)):
        got, carried = w.clone(), buffer.clone()
        assert compiled.step(got, penalty, 0.7, Metric(scaled, carried, 2.0))
        wanted = penalty.prox(w, scaled.tensor(), 0.7)
        closely = exact if scaled.v is None else near
        torch.testing.assert_close(got, wanted, **closely)
        if dtype is torch.float64:  # torch's four steps leave up to 1e-5 where groups are hard
            assert off(got, scaled.tensor()) <= 1.5 * off(wanted, scaled.tensor()) + 1e-14 * float(w.norm())
        torch.testing.assert_close(carried, buffer + 2.0 * (w - wanted), **closely)
        assert not torch.signbit(got[got == 0]).any()
        zeros += int(penalty.zero_mask(got).sum())
    grad = buffer.clone()
    assert compiled.add_cut(grad, w, penalty, 0.1, 3.0)
    torch.testing.assert_close(grad, buffer + 3.0 * penalty.cut(w, 0.1, 1.0), **exact)
    left = compiled.shrunk(w, penalty, 0.1, Room())
    torch.testing.assert_close(left, penalty.prox(w, 0.1, 1.0), **exact)
    assert not torch.signbit(left[left == 0]).any()
    if shape[axis] > 1:
        assert 0 < zeros < 3 * shape[axis]


@pytest.mark.parametrize("group", ["input", "output"])
@pytest.mark.parametrize("v", [None, torch.ones(6, 6)])
def test_a_group_with_nan_is_nan_and_one_of_zeros_stays(v, group):
    seen = torch.randn(6, 6)
    seen[1, 2], seen[:, 3], seen[0, 4] = float("nan"), 0.0, -0.0
    seen[1:, 4] = 0.0
    w = seen if group == "input" else seen.T.contiguous()
    penalty = rt.GroupLasso(0.01, group=group).on(w.shape)
    slow = penalty.prox(w, Scaled(1.0, v).tensor(), 0.01)
    assert compiled.step(w, penalty, 0.01, Metric(Scaled(1.0, v)))
    torch.testing.assert_close(w, slow, equal_nan=True)
    seen = w if group == "input" else w.T
    assert seen[:, 2].isnan().all()
    assert (seen[:, 3:5] == 0).all()
    assert not torch.signbit(seen[:, 3:5]).any()


@pytest.mark.parametrize("group", ["input", "output"])
@pytest.mark.parametrize("v", [0.0, float("inf"), 1e-38])
@pytest.mark.parametrize("size", [1e-39, 1e-30, 1.0, 1e10])
@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_extreme_numbers_make_no_nan(rate, size, v, group):
    w = size * torch.randn(5, 5)
    penalty = rt.GroupLasso(0.01, group=group).on(w.shape)
    assert compiled.step(w, penalty, 0.01, Metric(Scaled(rate, torch.full((5, 5), v), 1e-10)))
    assert not w.isnan().any()


@pytest.mark.parametrize("M", [0.1, 10.0, 1000.0])
@pytest.mark.parametrize("lam", [0.0, 0.7, 30.0])
@pytest.mark.parametrize(
    ("shape", "skip"), [((3, 5), 1), ((8, 1), 7), ((33, 77), 8), ((150, 300), 20), ((2000, 40), 3)]
)
def test_a_hierarchy_of_any_shape(shape, skip, lam, M):
    """In single precision within a few digits of the answer in double; by torch's way where M is not far from usual."""
    random = torch.Generator().manual_seed(2)
    w, v, buffer = torch.randn(3, *shape, generator=random)
    w[:skip] *= torch.linspace(1e-3, 1.0, shape[1])
    v.square_()
    penalty = rt.Hierarchical(0.3, M=M, skip=skip)
    for scaled in (Scaled(0.2, None), Scaled(0.2, v, 1e-3, 0.9), Scaled(0.02, v + 1e-3, rooted=False)):
        double = dataclasses.replace(scaled, v=None if scaled.v is None else scaled.v.double())
        wanted, near = penalty.prox(w.double(), double.tensor(), lam), {"rtol": 2e-5, "atol": 2e-6}
        got, carried = w.clone(), buffer.clone()
        assert compiled.step(got, penalty, lam, Metric(scaled, carried, 2.0))
        torch.testing.assert_close(got.double(), wanted, **near)
        torch.testing.assert_close(carried.double(), buffer + 2.0 * (w - wanted), rtol=1e-4, atol=1e-5)
        assert torch.equal(penalty.zero_mask(got), penalty.zero_mask(wanted))
        assert not torch.signbit(got[got == 0]).any()
        bound = M * got[:skip].double().square().sum(0).sqrt()
        assert bool((got[skip:].abs() <= bound * (1.0 + 1e-6)).all())
        if M <= 10.0:  # beyond, a last digit of θ is more than all of b
            torch.testing.assert_close(penalty.prox(w, scaled.tensor(), lam).double(), wanted, rtol=2e-4, atol=2e-4)
        exact = w.double()
        assert compiled.step(exact, penalty, lam, Metric(double))
        torch.testing.assert_close(exact, wanted, rtol=1e-11, atol=1e-12)
    left, grad = compiled.shrunk(w, penalty, 0.2 * lam, Room()), buffer.clone()
    torch.testing.assert_close(left.double(), penalty.prox(w.double(), 0.2, lam), **near)
    assert compiled.add_cut(grad, w, penalty, 0.2 * lam, 3.0)
    torch.testing.assert_close(grad, buffer + 3.0 * (w - left), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_hierarchy_without_a_direction_and_with_nan(dtype):
    """Skip weights of zero under a network that wants the feature; a column of NaN and one of zeros."""
    w = torch.zeros(6, 4, dtype=dtype)
    w[2:, 0], w[0, 1], w[:, 3] = 1.0, float("nan"), 0.5
    penalty, v = rt.Hierarchical(0.1, M=2.0, skip=2), torch.ones_like(w)
    for scaled in (Scaled(1.0, None), Scaled(1.0, v)):
        got, buffer = w.clone(), torch.zeros_like(w)
        assert compiled.step(got, penalty, 0.1, Metric(scaled, buffer, 1.0))
        torch.testing.assert_close(got, penalty.prox(w, scaled.tensor(), 0.1), equal_nan=True)
        torch.testing.assert_close(buffer, w - got, equal_nan=True)
        assert bool((got[:, 0] > 0).all())
        assert bool(got[:, 1].isnan().any())
        assert bool((got[:, 2] == 0).all())


@pytest.mark.parametrize("v", [0.0, float("inf"), 1e-38])
@pytest.mark.parametrize("size", [1e-39, 1e-30, 1.0, 1e10])
@pytest.mark.parametrize("rate", [0.0, 0.1])
def test_extreme_numbers_make_no_nan_in_a_hierarchy(rate, size, v):
    w, penalty = size * torch.randn(5, 5), rt.Hierarchical(0.01, skip=2)
    assert compiled.step(w, penalty, 0.01, Metric(Scaled(rate, torch.full((5, 5), v), 1e-10)))
    assert not w.isnan().any()


def test_a_latent_group_under_torch_func():
    """Per-sample gradients: what vmap and grad hand to the forward pass is no array."""
    torch.manual_seed(0)
    model = rt.sparsify(torch.nn.Linear(6, 4), rt.GroupLasso(0.1, group="input"))
    state, x = dict(model.named_parameters()), torch.randn(5, 6)

    def loss(state, row):
        return torch.func.functional_call(model, state, (row,)).square().sum()

    each = torch.func.vmap(torch.func.grad(loss), (None, 0))(state, x)
    model(x).square().sum().backward()
    for name, p in model.named_parameters():
        torch.testing.assert_close(each[name].sum(0), p.grad)


def test_who_writes_down_operations_sees_those_of_latent_groups():
    torch.manual_seed(0)
    model, x = rt.sparsify(torch.nn.Linear(6, 4), rt.GroupLasso(0.1, group="input")), torch.randn(5, 6)
    from torch.fx.experimental.proxy_tensor import make_fx

    torch.testing.assert_close(make_fx(model)(x)(x), model(x))


@pytest.mark.parametrize("size", [1e-22, 1e20])
@pytest.mark.parametrize("group", ["input", "output"])
def test_extreme_weights_are_shrunk_a_little(group, size):
    random = torch.Generator().manual_seed(1)
    w, v = torch.randn(2, 20, 30, generator=random)
    penalty = rt.GroupLasso(1.0, group=group).on(w.shape)
    got = w * size
    assert compiled.step(got, penalty, 1e-4 * size, Metric(Scaled(0.2, v.square() + 0.1, 1e-3)))
    assert bool(got.isfinite().all())
    assert bool((got.abs() <= (w * size).abs()).all())
    torch.testing.assert_close(got / size, w, rtol=1e-2, atol=1e-3)
