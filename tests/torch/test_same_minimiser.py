"""The same λ has the same minimiser: every penalty, every way, every optimizer, against solvers that share no code.

The variants that are found in the wild (a threshold lr·λ after momentum or after Adam) must fail the same check.
"""

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed (pip install 'riata[torch]')")
import torch

import riata.torch as rt
from tests.torch import problems

torch.set_num_threads(1)

SGD, Adam, AdamW, O = torch.optim.SGD, torch.optim.Adam, torch.optim.AdamW, torch.optim
SLOW = {"lr": 0.05}
# Optimizer, its options, steps.
OPTIMIZERS = {
    "sgd": (SGD, {"lr": 0.3}, 1300),
    "sgd foreach": (SGD, {"lr": 0.1, "momentum": 0.8, "foreach": True}, 400),
    "momentum fused": (SGD, {"lr": 0.1, "momentum": 0.8, "fused": True}, 400),
    "dampened": (SGD, {"lr": 0.2, "momentum": 0.8, "dampening": 0.5}, 400),
    "nesterov": (SGD, {"lr": 0.1, "momentum": 0.8, "nesterov": True}, 400),
    "adam": (Adam, SLOW, 700),
    "adam amsgrad": (Adam, {"lr": 0.05, "amsgrad": True, "foreach": True}, 700),
    "adamw foreach": (AdamW, {"weight_decay": 0.0, "foreach": True, **SLOW}, 700),
    "adamw fused": (AdamW, {"weight_decay": 0.0, "fused": True, **SLOW}, 700),
    "rmsprop": (O.RMSprop, {"lr": 0.05}, 400),
    "rmsprop centered": (O.RMSprop, {"lr": 0.02, "momentum": 0.8, "centered": True, "foreach": True}, 400),
    "nadam": (O.NAdam, {"lr": 0.1, "foreach": True}, 400),
    "radam": (O.RAdam, {"lr": 0.1}, 1100),
    "adamax": (O.Adamax, {"lr": 0.08}, 500),
    "adagrad": (O.Adagrad, {"lr": 1.0}, 400),
    "adagrad fused": (O.Adagrad, {"lr": 1.0, "fused": True}, 400),
}
PROXIMAL = {
    "ProxSGD": (rt.ProxSGD, {"lr": 0.1, "momentum": 0.8, "nesterov": True}, 400),
    "ProxAdam": (rt.ProxAdam, {"foreach": True, **SLOW}, 700),
    "ProxAdamW": (rt.ProxAdamW, {"weight_decay": 0.0, "fused": True, **SLOW}, 700),
    "ProxAdagrad": (rt.ProxAdagrad, {"lr": 1.0}, 400),
}


def check(found, close=1e-6):
    """{block: largest error} of those that are not the reference, in value or in support."""
    wrong = {}
    for name, w in found.items():
        true = problems.reference(name)
        error, same = np.abs(w - true).max(), np.array_equal(w != 0, true != 0)
        if not (error <= close and same):
            wrong[name] = f"{error:.1e}, {int((w != 0).sum())} of {int((true != 0).sum())} not zero"
    return wrong


def test_the_references_can_tell():
    """Each has zeros and others, is stationary at its own λ, and is not at a tenth of it."""
    G, q = problems.moments()
    for name, penalty in problems.PENALTIES.items():
        w = torch.from_numpy(np.ascontiguousarray(problems.reference(name)))
        assert 0 < int((w != 0).sum()) < w.numel(), name
        grad = w @ G - q[name]
        assert float(penalty.kkt_residual(w, grad)) <= 1e-9, name
        assert float(penalty.kkt_residual(w, grad, 0.1 * penalty.lam)) >= 0.01, name


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_latent(optimizer):
    kind, options, steps = OPTIMIZERS[optimizer]
    model = rt.sparsify(problems.model(), problems.RULES)
    found = problems.train(model, kind(model.parameters(), **options), steps)
    assert check(found) == {}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_attach(optimizer):
    kind, options, steps = OPTIMIZERS[optimizer]
    model = problems.model()
    found = problems.train(model, rt.attach(kind(model.parameters(), **options), problems.RULES, model), steps)
    assert check(found) == {}


@pytest.mark.parametrize("optimizer", PROXIMAL)
def test_proximal(optimizer):
    kind, options, steps = PROXIMAL[optimizer]
    model = problems.model()
    found = problems.train(model, kind(model, problems.RULES, **options), steps)
    assert check(found) == {}


def test_the_loss_term_has_the_solution_but_not_the_zeros():
    model = problems.model()
    bound = rt.bind(model, {name: problems.RULES[name] for name in ("l1.weight", "rows.weight")})
    optimizer = Adam(model.parameters(), lr=0.05)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 1000)
    for _ in range(1000):
        optimizer.zero_grad()
        (problems.loss(model) + rt.penalty_loss(model, bound)).backward()
        optimizer.step()
        schedule.step()
    for name in ("l1", "rows"):
        w, true = model[name].weight.detach().numpy(), problems.reference(name)
        assert np.abs(w - true).max() <= 1e-2
        assert (w != 0).all()


@pytest.mark.parametrize(
    ("kind", "options"),
    [(SGD, {"lr": 0.05, "momentum": 0.9}), (Adam, {"lr": 0.05}), (O.RMSprop, {"lr": 0.05})],
)
def test_a_threshold_of_lr_lambda_fails(kind, options):
    """What LassoNet, torchao's pruning optimizer and many snippets do: step, then shrink by lr·λ."""
    model = problems.model()
    optimizer = kind(model.parameters(), **options)

    @torch.no_grad()
    def shrink(optimizer, args, kwargs):
        for name, block in model.items():
            block.weight.copy_(problems.PENALTIES[name].on(block.weight.shape).prox(block.weight, lr()))

    def lr():
        return optimizer.param_groups[0]["lr"]

    optimizer.register_step_post_hook(shrink)
    found = problems.train(model, optimizer, 500)
    wrong = check(found, close=0.01)
    assert set(wrong) >= {"l1", "elastic_net", "group", "rows", "sparse_group", "hierarchical"}
    if kind is SGD:  # it solves for (1 − μ)λ
        G, q = problems.moments()
        w = torch.from_numpy(found["l1"])
        assert float(problems.PENALTIES["l1"].kkt_residual(w, w @ G - q["l1"], 0.1 * 0.3)) <= 1e-4


def test_adamw_decay_is_not_part_of_the_penalty():
    """Decoupled decay at rest: g + wd·(√v̂ + ε)·w + λs = 0 on the support, |g| ≤ λ off it."""
    model = problems.model()
    optimizer = rt.ProxAdamW(model, {"l1.weight": problems.PENALTIES["l1"]}, weight_decay=0.1, **SLOW)
    w = torch.from_numpy(problems.train(model, optimizer, 700)["l1"])
    G, q = problems.moments()
    grad = w @ G - q["l1"]
    root = (optimizer.state[model["l1"].weight]["exp_avg_sq"] / (1 - 0.999**700)).sqrt()
    assert float(problems.PENALTIES["l1"].kkt_residual(w, grad + 0.1 * root * w)) <= 1e-4
    assert float(problems.PENALTIES["l1"].kkt_residual(w, grad)) >= 1e-3


def test_all_stationary_at_once_says_penalised():
    model = rt.sparsify(problems.model(), problems.RULES)
    optimizer = O.NAdam(model.parameters(), lr=0.1)
    problems.train(model, optimizer, 400)
    optimizer.zero_grad()
    problems.loss(model).backward()
    assert max(float(one.kkt_residual()) for one in rt.penalised(model)) <= 1e-6
