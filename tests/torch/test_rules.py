"""Rules bind what they say, leave alone what they should, and every bad input has an answer."""

import copy
import subprocess
import sys
import textwrap

import pytest

pytest.importorskip("torch", reason="torch is not installed (pip install 'riata[torch]')")
import torch
from torch import nn

import riata.torch as rt
from riata.core.errors import InvalidOption

torch.set_num_threads(1)

RULES = {"0.weight": rt.GroupLasso(0.02, group="input"), "2.weight": rt.L1(0.01)}


def net():
    return nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 1))


def step(model, optimizer):
    optimizer.zero_grad()
    model(torch.ones(4, model[0].in_features)).square().mean().backward()
    optimizer.step()


class Zoo(nn.Module):
    """One of everything that rules may meet."""

    def __init__(self):
        super().__init__()
        self.words = nn.Embedding(20, 8)
        self.mix = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = nn.LayerNorm(8)
        self.conv = nn.Sequential(nn.Conv1d(8, 6, 3), nn.BatchNorm1d(6))
        self.up = nn.ConvTranspose1d(6, 4, 3)
        self.head = nn.Linear(4, 2)


ORDINARY = ["mix.in_proj_weight", "mix.out_proj.weight", "conv.0.weight", "up.weight", "head.weight"]


def names(model, rules):
    return [one.name for one in rt.bind(model, rules)]


# --- binding ---------------------------------------------------------------------------------------------------------


def test_one_penalty_is_for_every_ordinary_weight():
    assert names(Zoo(), rt.L1(0.1)) == ORDINARY
    assert names(Zoo(), {"*": rt.L1(0.1)}) == ORDINARY
    assert names(Zoo(), {nn.Module: rt.L1(0.1)}) == ORDINARY


def test_what_is_left_alone_can_be_named():
    assert names(Zoo(), {"head.bias": rt.L1(0.1)}) == ["head.bias"]
    assert names(Zoo(), {"*.bias": rt.L1(0.1)}) == [
        "mix.out_proj.bias", "norm.bias", "conv.0.bias", "conv.1.bias", "up.bias", "head.bias",
    ]  # fmt: skip
    assert names(Zoo(), {"norm.weight": rt.L1(0.1)}) == ["norm.weight"]
    assert names(Zoo(), {nn.BatchNorm1d: rt.L1(0.1)}) == ["conv.1.weight"]
    assert names(Zoo(), {nn.Embedding: rt.GroupLasso(0.1)}) == ["words.weight"]
    assert names(Zoo(), {"words.weight": rt.L1(0.1)}) == ["words.weight"]


def test_the_first_rule_that_fits_decides():
    bound = rt.bind(Zoo(), {"head.*": None, nn.Conv1d: rt.L1(0.2), "*": rt.L1(0.1)})
    assert [(one.name, one.penalty.lam, one.rule) for one in bound] == [
        ("mix.in_proj_weight", 0.1, "*"),
        ("mix.out_proj.weight", 0.1, "*"),
        ("conv.0.weight", 0.2, "Conv1d"),
        ("up.weight", 0.1, "*"),
    ]


def test_groups_follow_the_module():
    """The weight of a transposed convolution is (in, out, …)."""
    model = Zoo()
    masks = {
        one.name: one.zero_mask().shape[0]
        for group in ("input", "output")
        for one in rt.penalised(model, {f"{k}.weight": rt.GroupLasso(0.1, group=group) for k in ("up", "conv.0")})
        for one.name in [f"{one.name} {group}"]
    }
    assert masks == {"conv.0.weight input": 8, "up.weight input": 6, "conv.0.weight output": 6, "up.weight output": 4}


def test_explain(capsys):
    model = Zoo()
    model.head.requires_grad_(False)
    rules = {"mix.in*": rt.GroupLasso(0.01, group=rt.heads(2, stack=3)), nn.Conv1d: rt.L1(0.5)}
    rt.explain(model, rules)
    printed = capsys.readouterr().out
    for words in (
        "mix.in_proj_weight   24×8   GroupLasso(λ=0.01, group=heads(2))  rule mix.in*",
        "conv.0.weight        6×8×3  L1(λ=0.5)                           rule Conv1d",
        "words.weight         20×8   –                                   embedding",
        "norm.weight          8      –                                   normalisation",
        "up.bias              4      –                                   bias",
        "head.weight          2×4    –                                   frozen",
    ):
        assert words in printed
    rt.sparsify(model, rules)
    rt.penalised(model)[1].lam = 0.25
    rt.explain(model)
    again = capsys.readouterr().out
    assert again == printed.replace("L1(λ=0.5) ", "L1(λ=0.25)")


# --- refusals --------------------------------------------------------------------------------------------------------


class FlatParameter(nn.Parameter):
    """By name what FSDP1 makes of all parameters of a module."""


def flat():
    model = nn.Linear(3, 3)
    model.weight = FlatParameter(torch.zeros(12))
    return model


@pytest.mark.parametrize(
    ("model", "rules", "words"),
    [
        (net, {"0.wieght": rt.L1(0.1)}, ["'0.wieght' penalises nothing", 'did you mean "0.weight"?']),
        (net, {"*": rt.L1(0.1), "2.weight": rt.L1(0.2)}, ["'2.weight' penalises nothing", "earlier rule"]),
        (net, {nn.Conv2d: rt.L1(0.1)}, ["'Conv2d' penalises nothing"]),
        (Zoo, {"norm.*": rt.L1(0.1)}, ["left alone unless named, such as norm", "name them"]),
        (Zoo, {"words.*": rt.L1(0.1)}, ["words.weight (embedding)"]),
        (lambda: net().requires_grad_(False), {"*": rt.L1(0.1)}, ["2.bias (frozen)"]),
        (net, {"0.weight": rt.GroupLasso(0.1, group=rt.heads(3))}, ["0.weight: heads(3", "multiple of 3", "(8, 10)"]),
        (net, {"0.weight": rt.GroupLasso(0.1, group="channel")}, ["0.weight: Groups by 'channel'", "at least 3 axes"]),
        (net, {"0.weight": 0.1}, ["has no penalty", "0.1"]),
        (net, {3: rt.L1(0.1)}, ["pattern of parameter names or a module class"]),
        (net, {}, ["who is penalised by what"]),
        (net, 0.1, ["who is penalised by what"]),
        (flat, rt.L1(0.1), ["flat parameter of FSDP1", "fully_shard"]),
        (lambda: nn.LazyLinear(3), rt.L1(0.1), ["has no shape yet"]),
        (
            lambda: nn.Conv2d(4, 4, 3, groups=2),
            rt.GroupLasso(0.1, group="input"),
            ["grouped convolution has no groups by 'input'"],
        ),
    ],
)
def test_rules_that_do_not_fit(model, rules, words):
    for use in (rt.bind, rt.sparsify, rt.explain, rt.penalty_loss, lambda m, r: rt.ProxSGD(m, r, lr=0.1)):
        with pytest.raises(InvalidOption) as error:
            use(model(), rules)
        for word in words:
            assert word in str(error.value)


def test_a_sparse_model_has_no_second_rule_for_the_same_weight():
    model = rt.sparsify(net(), RULES)
    with pytest.raises(InvalidOption, match="penalises nothing"):
        rt.sparsify(model, {"0.weight": rt.L1(0.1)})
    with pytest.raises(InvalidOption, match="No parameter of this Sequential"):
        rt.penalised(net())


def test_without_torch_the_command_that_installs_it():
    code = """
        import sys
        sys.modules["torch"] = None
        import riata
        from riata.core.errors import MissingExtra
        try:
            import riata.torch
        except MissingExtra as error:
            print(error)
        try:
            riata.torch
        except MissingExtra as error:
            print(error)
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    out = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
    assert out.count("torch is needed here and is not installed") == 2
    assert out.count("pip install 'riata[torch]'") == 2


def test_decay_of_latents_is_refused():
    model = rt.sparsify(net(), RULES)
    optimizer = torch.optim.AdamW(model.parameters())
    with pytest.raises(InvalidOption, match=r"weight_decay=0.01 on the latent tensor of 0\.weight(.|\n)*groups"):
        step(model, optimizer)
    model = rt.sparsify(net(), RULES)
    step(model, torch.optim.AdamW(rt.parameter_groups(model, weight_decay=0.01)))
    step(copy.deepcopy(model), torch.optim.SGD(model.parameters(), lr=0.1))


def test_groups_of_parameters():
    model = rt.sparsify(nn.Sequential(nn.Linear(3, 4), nn.LayerNorm(4), nn.Linear(4, 2)), {"0.weight": rt.L1(0.1)})
    decayed, spared = rt.parameter_groups(model, weight_decay=0.3)
    assert decayed["weight_decay"] == 0.3
    assert [p.shape for p in decayed["params"]] == [(2, 4)]
    assert spared["weight_decay"] == 0.0
    assert len(spared["params"]) == 5


@pytest.mark.parametrize(
    "kind", [torch.optim.LBFGS, torch.optim.Adadelta, torch.optim.Rprop, torch.optim.ASGD, torch.optim.Muon]
)
def test_attach_refuses_a_metric_that_it_cannot_read(kind):
    model = nn.Linear(10, 3, bias=False)
    with pytest.raises(InvalidOption, match=rf"metric of {kind.__name__}(.|\n)*sparsify"):
        rt.attach(kind(model.parameters()), rt.L1(0.1), model)


def test_attach_refuses_a_subclass():
    class Mine(torch.optim.Adam):
        pass

    model = nn.Linear(3, 3)
    with pytest.raises(InvalidOption, match="metric of Mine"):
        rt.attach(Mine(model.parameters()), rt.L1(0.1), model)


def test_attach_says_what_is_missing():
    model = net()
    optimizer = torch.optim.SGD(model[2].parameters(), lr=0.1)
    with pytest.raises(InvalidOption, match=r"attach\(optimizer, rules, model\)"):
        rt.attach(optimizer, RULES)
    with pytest.raises(InvalidOption, match=r"does not hold 0\.weight"):
        rt.attach(optimizer, RULES, model)
    rt.attach(optimizer, {"2.weight": rt.L1(0.1)}, model)
    with pytest.raises(InvalidOption, match="its rules already"):
        rt.attach(optimizer, rt.bind(model, {"2.weight": rt.L1(0.1)}))
    with pytest.raises(InvalidOption, match="No parameter of this SGD"):
        rt.penalised(torch.optim.SGD(model.parameters(), lr=0.1))
    with pytest.raises(InvalidOption, match=r"ProxSGD\(model, rules, …\)"):
        rt.ProxSGD(model.parameters(), RULES, lr=0.1)


def test_parameters_and_what_is_bound():
    model = net()
    optimizer = rt.ProxSGD([{"params": model.parameters(), "lr": 0.1}], rt.bind(model, RULES))
    step(model, optimizer)
    assert len(rt.penalised(optimizer)) == 2


def test_width_is_checked():
    with pytest.raises(InvalidOption, match="width is"):
        rt.sparsify(net(), RULES, width=0.0)
