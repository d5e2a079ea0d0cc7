"""The networks: which rules they bring, what keeps those from being empty, what is read off them."""

import pytest

torch = pytest.importorskip("torch")
import riata.torch as rt  # noqa: E402
from riata.core.errors import InvalidOption  # noqa: E402

nn, F = torch.nn, torch.nn.functional
torch.set_num_threads(1)


def relevant(rows=500, features=12, seed=0):
    """y depends on features 0 and 1, not linearly."""
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(rows, features, generator=generator)
    return X, X[:, :1] * X[:, 1:2] + X[:, 1:2]


def train(net, rules, X, y, steps, lr=0.01):
    optimizer = rt.ProxAdam(net, rules, lr=lr)
    for _ in range(steps):
        optimizer.zero_grad()
        F.mse_loss(net(X), y).backward()
        optimizer.step()


def test_rules_fit_every_network():
    for net in (rt.SparseMLP(5, 2, (4, 3)), rt.SparseInputMLP(5, 2, (4, 3)), rt.LassoNet(5, 2, (4, 3))):
        rt.bind(net, net.rules(0.1))
        assert net(torch.ones(7, 5)).shape == (7, 2)
    neurons = rt.SparseMLP(5, 2, (4, 3)).rules(0.1, neurons=True)
    assert [type(p).__name__ for p in neurons.values()] == ["GroupLasso", "GroupLasso", "L1"]


def test_the_first_layer_cannot_shrink_for_free():
    """Rescaling the layers leaves the function alone; with the rules of the network it pays in one way or the other."""
    torch.manual_seed(0)
    net = rt.SparseInputMLP(6, 1, (8,))
    rules = net.rules(0.05)

    def price(c, which):
        scaled = rt.SparseInputMLP(6, 1, (8,))
        scaled.load_state_dict(net.state_dict())
        with torch.no_grad():
            scaled.first.weight *= c
            scaled.first.bias *= c
            scaled.body[1].weight /= c
        x = torch.randn(20, 6)
        assert torch.allclose(scaled(x), net(x), rtol=1e-3, atol=1e-4)
        return float(rt.penalty_loss(scaled, which).detach())

    alone = {"first.weight": rules["first.weight"]}
    assert price(1e-3, alone) < 2e-3 * price(1.0, alone)  # the trap
    assert price(1e-3, rules) > 10.0 * price(1.0, rules)
    with pytest.raises(InvalidOption, match="rescaling"):
        net.rules(0.1, ridge=0.0)


@pytest.mark.parametrize("kind", [rt.SparseInputMLP, rt.LassoNet])
def test_the_relevant_features_are_found(kind):
    torch.manual_seed(1)
    X, y = relevant()
    net = kind(12, 1, (16,))
    train(net, net.rules(0.2 if kind is rt.SparseInputMLP else 15.0), X, y, 300, lr=0.02)
    report = rt.feature_report(net, [f"f{j}" for j in range(12)])
    assert sorted(report.names[: report.selected]) == ["f0", "f1"]
    assert sum(report.importance) == pytest.approx(1.0)
    assert "2 of 12 features are read" in str(report)
    assert report.to_frame()["selected"][:3] == [True, True, False]
    x = torch.randn(50, 12)
    moved = x.clone()
    moved[:, 2:] = 7.0
    assert torch.equal(net(x), net(moved))


def test_lassonet_holds_its_bound_and_takes_any_body():
    torch.manual_seed(2)
    X, y = relevant()
    body = nn.Sequential(nn.Tanh(), nn.Linear(5, 5), nn.SiLU(), nn.Linear(5, 1))
    net = rt.LassoNet(12, 1, body=body, units=5, M=2.0)
    train(net, net.rules(0.1), X, y, 100)
    skip, inner = net.first.weight[:1], net.first.weight[1:]
    assert bool((inner.abs().amax(0) <= 2.0 * skip.norm(dim=0) * (1 + 1e-5)).all())
    x, bias = torch.randn(3, 12), net.first.bias
    with torch.no_grad():
        both = x @ skip.T + bias[:1] + body(x @ inner.T + bias[1:])
        assert torch.allclose(net(x), both, atol=1e-6)
    with pytest.raises(InvalidOption, match="body and units"):
        rt.LassoNet(12, 1, body=body)


def test_importances_of_a_compacted_network_keep_their_places():
    net = rt.SparseInputMLP(6, 1, (4,))
    with torch.no_grad():
        net.first.weight[:, [0, 3, 5]] = 0.0
    small = rt.compact(net, torch.ones(2, 6)).model
    assert rt.feature_importances(small).tolist() == pytest.approx(rt.feature_importances(net)[:5].tolist())
    with pytest.raises(InvalidOption, match="every feature"):
        rt.feature_report(net, ["a"])
