"""A training loop as people write it: loss scalers, accumulation, closures, compile, copies, resuming, baking."""

import copy
import io
import pickle
import shutil

import pytest

pytest.importorskip("torch", reason="torch is not installed (pip install 'riata[torch]')")
import torch
from torch import nn

import riata.torch as rt
from riata.core.errors import InvalidOption

torch.set_num_threads(1)

RULES = {"0.weight": rt.GroupLasso(0.02, group="input"), "2.weight": rt.L1(0.01)}
rng = torch.Generator().manual_seed(0)
X = torch.randn((64, 10), generator=rng)
y = 2.0 * X[:, :1] - X[:, 1:2]


def net():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 1))


def latent(rules=RULES, **options):
    model = rt.sparsify(net(), rules)
    return model, torch.optim.AdamW(rt.parameter_groups(model, weight_decay=0.01), lr=0.02, **options)


def proximal(rules=RULES, **options):
    model = net()
    return model, rt.ProxAdamW(model, rules, lr=0.02, **options)


def attached(rules=RULES, **options):
    model = net()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9, **options)
    return model, rt.attach(optimizer, rules, model)


WAYS = {"latent": latent, "proximal": proximal, "attached": attached}
over_ways = pytest.mark.parametrize("way", WAYS)


def step(model, optimizer):
    optimizer.zero_grad()
    ((model(X) - y) ** 2).mean().backward()
    optimizer.step()


def weights(model):
    return [p.detach().clone() for p in model.parameters()]


def same(a, b):
    return all(torch.equal(p, q) for p, q in zip(weights(a), weights(b), strict=True))


def plain(model):
    """The weights that the model computes with."""
    return [model[0].weight.detach().clone(), model[2].weight.detach().clone()]


# --- sparsify, bake --------------------------------------------------------------------------------------------------


def test_sparsify_changes_no_output_and_bake_keeps_zeros():
    model = net()
    before = model(X)
    assert rt.sparsify(model, RULES) is model
    torch.testing.assert_close(model(X), before, rtol=1e-6, atol=1e-6)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    for _ in range(150):
        step(model, optimizer)
    out, zeros = model(X), rt.sparsity(model)
    assert 0 < zeros["0.weight"].zero_units < 10
    assert zeros["0.weight"].zeros == 8 * zeros["0.weight"].zero_units
    assert rt.count_zeros(model) == zeros["0.weight"].zeros + zeros["2.weight"].zeros
    assert float(rt.l1_norm(model)) == pytest.approx(float(sum(w.abs().sum() for w in plain(model))))
    other = copy.deepcopy(model)
    assert rt.bake(model) is model
    assert type(model[0]) is nn.Linear
    assert set(dict(model.named_parameters())) == {"0.weight", "0.bias", "2.weight", "2.bias"}
    assert torch.equal(model(X), out)
    assert rt.count_zeros(model, RULES) == zeros["0.weight"].zeros + zeros["2.weight"].zeros
    assert torch.equal(other(X), out)  # a copy of a parametrized module shares its class with it
    assert torch.equal(rt.bake(other)(X), out)
    pickle.loads(pickle.dumps(model))


def test_zero_weights_still_learn():
    """A weight that begins at zero, or was driven there, comes back when the loss wants it."""
    model = nn.Linear(10, 1)
    nn.init.zeros_(model.weight)
    rt.sparsify(model, rt.L1(0.05))
    assert rt.count_zeros(model) == 10
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(300):
        step(model, optimizer)
    assert (model.weight != 0).tolist() == [[True, True] + [False] * 8]


def test_shared_weights_are_refused_by_sparsify_and_taken_by_attach():
    model = net()
    model.append(nn.Linear(10, 8))
    model[3].weight = model[0].weight
    with pytest.raises(InvalidOption, match="shared between modules"):
        rt.sparsify(model, {"0.weight": rt.L1(0.1)})
    rt.ProxSGD(model, {"0.weight": rt.L1(0.1)}, lr=0.1)


# --- one pull for one step -------------------------------------------------------------------------------------------


@over_ways
def test_accumulated_gradients_count_the_penalty_once(way):
    """Four quarters with a quarter of the loss each are one whole batch."""
    (whole, first), (parts, second) = WAYS[way](), WAYS[way]()
    for _ in range(20):
        step(whole, first)
        second.zero_grad()
        for k in range(4):
            (((parts(X[k::4]) - y[k::4]) ** 2).mean() / 4).backward()
        second.step()
    for a, b in zip(weights(whole), weights(parts), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_a_weight_that_is_used_twice_is_penalised_once():
    layer = rt.sparsify(nn.Linear(3, 3, bias=False), rt.L1(0.5))
    layer(layer(torch.zeros(2, 3))).sum().backward()
    optimizer = torch.optim.SGD(layer.parameters(), lr=0.0)
    z = layer.parametrizations.weight.original
    assert not z.grad.any()
    optimizer.step()
    torch.testing.assert_close(z.grad, 0.5 * layer.weight.detach().sign())


@over_ways
def test_a_closure_is_a_step(way):
    (model, first), (other, second) = WAYS[way](), WAYS[way]()

    def closure():
        second.zero_grad()
        loss = ((other(X) - y) ** 2).mean()
        loss.backward()
        return loss

    for k in range(10):
        step(model, first)
        assert (second.step(closure) if k % 2 else second.step(closure=closure)) is not None
    assert same(model, other)


def test_lbfgs_finds_the_lasso():
    model = rt.sparsify(nn.Linear(10, 1, dtype=torch.float64), rt.L1(0.1))
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.2, max_iter=300, tolerance_grad=1e-12, tolerance_change=0.0)

    def closure():
        optimizer.zero_grad()
        loss = ((model(X.double()) - y) ** 2).mean()
        loss.backward()
        return loss

    optimizer.step(closure)
    closure()
    assert float(rt.penalised(model)[0].kkt_residual()) <= 1e-5


def test_an_optimizer_within_an_optimizer_pulls_once():
    class Outer(torch.optim.Optimizer):
        def __init__(self, inner):
            self.inner = inner
            super().__init__(inner.param_groups[0]["params"], {})

        def step(self, closure=None):
            self.inner.step()

    (model, first), (other, inner) = ((m, torch.optim.SGD(m.parameters(), lr=0.1)) for m in (latent()[0], latent()[0]))
    outer = Outer(inner)
    for _ in range(5):
        step(model, first)
        step(other, outer)
    assert same(model, other)


def test_two_optimizers_pull_their_own():
    model = rt.sparsify(net(), RULES)
    ours = torch.optim.SGD(model[0].parameters(), lr=0.0)
    ((model(X) - y) ** 2).mean().backward()
    theirs = model[2].parametrizations.weight.original.grad.clone()
    mine = model[0].parametrizations.weight.original.grad.clone()
    ours.step()
    assert torch.equal(model[2].parametrizations.weight.original.grad, theirs)
    assert not torch.equal(model[0].parametrizations.weight.original.grad, mine)


# --- loss scalers ----------------------------------------------------------------------------------------------------


@over_ways
@pytest.mark.parametrize("fused", [False, True])
def test_a_scaled_loss_is_the_same_and_a_skipped_step_leaves_the_weights(way, fused):
    (model, optimizer), (other, reference) = WAYS[way](fused=fused), WAYS[way](fused=fused)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12)
    for k in range(12):
        before, state = plain(model), copy.deepcopy(optimizer.state_dict()["state"])
        optimizer.zero_grad()
        # Not the first step of SGD: torch's fused kernel then leaves its momentum buffer uninitialised.
        infinite = k in (way == "attached", 5)
        loss = ((model(X) - y) ** 2).mean() * (float("inf") if infinite else 1.0)
        scaler.scale(loss).backward()
        scaler.step(optimizer)
        scaler.update()
        if infinite:
            assert all(torch.equal(a, b) for a, b in zip(plain(model), before, strict=True))
            if k:
                after = optimizer.state_dict()["state"]
                assert all(torch.equal(after[i][n], state[i][n]) for i in state for n in state[i] if n != "step")
        else:
            step(other, reference)
            assert not torch.equal(model[0].weight, before[0])
    for a, b in zip(plain(model), plain(other), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


def test_unscaled_by_hand_for_clipping():
    (model, optimizer), (other, reference) = latent(fused=True), latent(fused=True)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12)
    for _ in range(10):
        optimizer.zero_grad()
        scaler.scale(((model(X) - y) ** 2).mean()).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1e6)
        scaler.step(optimizer)
        scaler.update()
        step(other, reference)
    for a, b in zip(plain(model), plain(other), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


@over_ways
def test_autocast(way):
    model, optimizer = WAYS[way]()
    for _ in range(150):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = ((model(X).float() - y) ** 2).mean()
        loss.backward()
        optimizer.step()
    assert model[0].weight.dtype == torch.float32
    assert 0 < rt.sparsity(optimizer if way != "latent" else model)["0.weight"].zero_units < 10


# --- compile ---------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "penalty",
    [
        rt.L1(0.01),
        rt.GroupLasso(0.01, group=lambda s: torch.arange(s[0] * s[1]).reshape(s) % 5),
        rt.SparseGroup(0.01),
        rt.MCP(0.01),
        rt.LHalf(0.001),
    ],
)
def test_a_compiled_model_is_the_same(penalty):
    torch._dynamo.reset()
    (model, first), (other, second) = latent({"0.weight": penalty}), latent({"0.weight": penalty})
    compiled = torch.compile(other, backend="aot_eager", fullgraph=True)
    for k in range(6):
        if k == 3:
            for one in (*rt.penalised(model), *rt.penalised(other)):
                one.lam = 2 * one.lam
        step(model, first)
        step(compiled, second)
    for a, b in zip(weights(model), weights(other), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.skipif(shutil.which("g++") is None, reason="inductor compiles C++, and there is no g++")
@pytest.mark.filterwarnings("ignore")
def test_a_model_compiled_to_machine_code_is_the_same():
    torch._dynamo.reset()
    (model, first), (other, second) = latent(), latent()
    compiled = torch.compile(other, fullgraph=True)
    for _ in range(6):
        step(model, first)
        step(compiled, second)
    assert rt.count_zeros(model) > 0
    for a, b in zip(weights(model), weights(other), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", ["latent", "proximal"])
def test_a_compiled_step_is_the_same(way):
    torch._dynamo.reset()
    (model, first), (other, second) = WAYS[way](), WAYS[way]()

    @torch.compile(backend="aot_eager")
    def compiled():
        second.step()

    for _ in range(6):
        step(model, first)
        second.zero_grad()
        ((other(X) - y) ** 2).mean().backward()
        compiled()
    for a, b in zip(weights(model), weights(other), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-4, atol=1e-5)


# --- copies and resuming ---------------------------------------------------------------------------------------------


@over_ways
@pytest.mark.parametrize("options", [{}, {"foreach": True}, {"fused": True}])
def test_resuming_is_bitwise(way, options):
    """The resumed run is built with another λ, which the saved state replaces."""
    model, optimizer = WAYS[way](**options)
    for _ in range(5):
        step(model, optimizer)
    for one in rt.penalised(model if way == "latent" else optimizer):
        one.lam = 3 * one.lam
    for _ in range(5):
        step(model, optimizer)
    file = io.BytesIO()
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)
    file.seek(0)
    saved = torch.load(file)  # weights only: plain numbers and tensors
    other, resumed = WAYS[way]({name: penalty.at(0.5) for name, penalty in RULES.items()}, **options)
    other.load_state_dict(saved["model"])
    resumed.load_state_dict(saved["optimizer"])
    for _ in range(10):
        step(model, optimizer)
        step(other, resumed)
    assert same(model, other)
    assert [one.lam for one in rt.penalised(other if way == "latent" else resumed)] == pytest.approx([0.06, 0.03])


def test_copies_of_a_sparse_model_train_alike():
    model, optimizer = latent()
    for _ in range(5):
        step(model, optimizer)
    other, second = copy.deepcopy((model, optimizer))
    for _ in range(5):
        step(model, optimizer)
    assert not same(model, other)
    for _ in range(5):
        step(other, second)
    assert same(model, other)


@pytest.mark.parametrize("how", [copy.deepcopy, lambda both: pickle.loads(pickle.dumps(both))])
def test_copies_of_a_proximal_optimizer_keep_their_rules(how):
    model, optimizer = proximal()
    for _ in range(5):
        step(model, optimizer)
    other, second = how((model, optimizer))
    for _ in range(40):
        step(model, optimizer)
        step(other, second)
    assert same(model, other)
    assert rt.count_zeros(second) > 0
    assert [one.name for one in rt.penalised(second)] == ["0.weight", "2.weight"]


# --- λ ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "penalty",
    [
        rt.L1(0.1),
        rt.ElasticNet(0.1),
        rt.SparseGroup(0.1),
        rt.MCP(0.1),
        rt.SCAD(0.1),
        rt.LHalf(0.05),
        rt.Hierarchical(0.1),
    ],
)
def test_another_lambda_moves_no_weight(penalty):
    model = rt.sparsify(nn.Linear(10, 3, bias=False), penalty)
    with torch.no_grad():
        model.weight = torch.randn((3, 10), generator=torch.Generator().manual_seed(2)) * (torch.arange(10) > 4)
    (one,) = rt.penalised(model)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    for _ in range(3):
        model(X).square().mean().backward()
        optimizer.step()
    w = one.weight
    for lam in (0.3, 0.02, 0.0, 0.1):
        one.lam = lam
        assert one.lam == lam
        torch.testing.assert_close(one.weight, w, rtol=1e-5, atol=1e-6)
        assert torch.equal(one.weight == 0, w == 0)


@over_ways
def test_lambda_is_read_at_every_step(way):
    model, optimizer = WAYS[way]()
    where = model if way == "latent" else optimizer
    for one in rt.penalised(where):
        one.lam = 0.0
    for _ in range(30):
        step(model, optimizer)
    assert rt.count_zeros(where) <= 2  # a latent entry may start within its width
    for one in rt.penalised(where):
        one.lam = 1.0
    for _ in range(300):
        step(model, optimizer)
    assert rt.count_zeros(where) == 88
    with pytest.raises(InvalidOption, match="coefficient in mean loss"):
        rt.penalised(where)[0].lam = -1.0
