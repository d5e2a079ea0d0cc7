"""The training loop: what it records, when it stops, that it resumes bit for bit, what it warns of."""

import math

import pytest

torch = pytest.importorskip("torch")
import riata.torch as rt  # noqa: E402
from riata.core.errors import NotConverged  # noqa: E402

nn, F = torch.nn, torch.nn.functional
torch.set_num_threads(1)


def data(rows=200, seed=0):
    generator = torch.Generator().manual_seed(seed)
    X = torch.randn(rows, 10, generator=generator, dtype=torch.float64)
    return X, X[:, :1] - 2.0 * X[:, 1:2] + 0.1 * torch.randn(rows, 1, generator=generator, dtype=torch.float64)


def make(lam=0.1, rate=0.02, **options):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(10, 6), nn.Dropout(0.2), nn.ReLU(), nn.Linear(6, 1)).double()
    rules = {"0.weight": rt.GroupLasso(lam, group="input"), "3.weight": rt.L1(0.001)}
    return rt.Trainer(net, F.mse_loss, lambda groups: torch.optim.Adam(groups, lr=rate), rules, **options)


def loader(seed=None, **options):
    return rt.Batches(*data(**options), size=32, shuffle=True, seed=seed)


def test_history_records_what_happened():
    seen = []
    trainer = make(log=seen.append)
    history = trainer.fit(loader(), rt.Batches(*data(seed=1)), epochs=15, certificate=True)
    assert len(history) == len(seen) == 15
    frame = history.to_frame()
    assert history["train_loss"][-1] < 0.3 * history["train_loss"][0]
    assert history["val_loss"][-1] == pytest.approx(trainer.evaluate(rt.Batches(*data(seed=1), size=7)))
    assert frame["penalty"][-1] == pytest.approx(float(sum(p.value() for p in trainer.parts)))
    assert frame["l1_norm"][-1] == pytest.approx(float(rt.l1_norm(trainer.model)))
    assert frame["sparsity/0.weight"][-1] == rt.sparsity(trainer.model)["0.weight"].share > 0.5
    assert frame["lam/0.weight"] == [0.1] * 15
    changes = sum(frame["support_changes"])
    assert changes >= sum(int(p.zero_mask().sum()) for p in trainer.parts)
    assert history.stopped == "all 15 epochs done"
    assert str(history).startswith("epoch 15: train_loss")


def test_the_certificate_is_the_distance_from_stationarity():
    X, y = data()
    net = nn.Linear(10, 1, bias=False).double()
    trainer = rt.Trainer(net, lambda o, t: 0.5 * F.mse_loss(o, t), torch.optim.Adam(net.parameters(), lr=0.02),
                         {"weight": rt.L1(0.1)})  # fmt: skip
    whole = rt.Batches(X, y, size=64)
    early = trainer.fit(whole, epochs=5, certificate=True)["kkt_residual"][-1]
    gradient = X.T @ (X @ trainer.parts[0].weight.T - y) / len(X)
    assert early == pytest.approx(float(rt.L1(0.1).kkt_residual(trainer.parts[0].weight, gradient.T)), rel=1e-10)
    rows = rt.Batches(X, y, size=len(X))
    late = trainer.fit(rows, epochs=700, certificate=True)["kkt_residual"][-1]
    assert late < 1e-6 < 0.1 < early


@pytest.mark.parametrize("seed", [None, 5])
def test_resume_is_bitwise(tmp_path, seed):
    options = {"epochs": 3, "checkpoint": tmp_path / "state.pt"}
    torch.manual_seed(3)
    whole, batches = make(), loader(seed)
    whole.fit(batches, **options)
    straight = whole.fit(batches, epochs=4)
    torch.manual_seed(99)  # another process
    again, batches = make(), loader(seed)
    again.load(options["checkpoint"], batches)
    resumed = again.fit(batches, epochs=4)
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, again.model.state_dict()[name]), name
    assert straight["train_loss"] == resumed["train_loss"]
    assert len(resumed) == 7


def test_early_stopping_goes_back_to_the_best():
    X, y = data(40)
    trainer = make(lam=0.0, rate=0.05)
    val = rt.Batches(*data(40, seed=7))
    history = trainer.fit(rt.Batches(X, torch.randn_like(y), size=20), val, epochs=200, patience=5)
    assert len(history) < 200
    assert "back to epoch" in history.stopped
    assert trainer.evaluate(val) == pytest.approx(history.best["val_loss"], rel=1e-12)
    assert history.best["val_loss"] < history["val_loss"][-1]


def test_a_loss_that_is_no_number_keeps_the_last_good_state():
    trainer, (X, y) = make(), data()
    trainer.fit(rt.Batches(X, y, size=50), epochs=2)
    good = {name: t.clone() for name, t in trainer.model.state_dict().items()}
    bad = y.clone()
    bad[120] = math.nan
    with pytest.warns(NotConverged, match="became nan in epoch 3, batch 3"):
        history = trainer.fit(rt.Batches(X, bad, size=50), epochs=5)
    assert len(history) == 2
    assert all(torch.equal(t, good[name]) for name, t in trainer.model.state_dict().items())


def test_a_summed_loss_is_noticed():
    net = nn.Linear(10, 1).double()
    X, y = data()
    summed = nn.MSELoss(reduction="sum")
    trainer = rt.Trainer(net, summed, torch.optim.Adam(net.parameters()), {"weight": rt.L1(0.1)})
    with torch.no_grad():
        residual = 2.0 * (net(X) - y)
    top = float((residual.T @ X).abs().max())
    with pytest.warns(UserWarning, match=rf"rows the gradient reaches λ_max = {top:.3g}; .* would be {top / 200:.3g}"):
        trainer.fit(rt.Batches(X, y), epochs=1)
    make().fit(loader(), epochs=1)  # a mean is no reason to warn: warnings are errors here


def test_accumulated_batches_are_one_step():
    one, two = make(), make(accumulate=4)
    for trainer, size in ((one, 200), (two, 50)):
        trainer.model[1].p = 0.0
        trainer.fit(rt.Batches(*data(), size=size), epochs=5)
    for a, b in zip(one.parts, two.parts, strict=True):
        assert torch.allclose(a.weight, b.weight, atol=1e-10)


def test_an_optimizer_that_penalises_itself():
    net = nn.Linear(10, 1).double()
    trainer = rt.Trainer(net, F.mse_loss, rt.ProxAdam(net, {"weight": rt.L1(0.5)}, lr=0.02))
    history = trainer.fit(loader(), epochs=30)
    assert history["sparsity/weight"][-1] == 0.8


def test_losses_are_means_over_rows_not_batches():
    X, y = data()
    net = nn.Linear(10, 1).double()
    trainer = rt.Trainer(net, F.mse_loss, torch.optim.SGD(net.parameters(), lr=0.0))
    row = trainer.fit(rt.Batches(X, y, size=150), rt.Batches(X, y, size=190), epochs=1).rows[0]
    with torch.no_grad():
        mean = float(F.mse_loss(net(X), y))
    assert row["train_loss"] == pytest.approx(mean, rel=1e-6)
    assert row["val_loss"] == pytest.approx(mean, rel=1e-6)


def test_plain_training_and_autocast():
    net = nn.Linear(10, 1)
    X, y = (t.float() for t in data())
    trainer = rt.Trainer(net, F.mse_loss, torch.optim.SGD(net.parameters(), lr=0.1), autocast=torch.bfloat16)
    history = trainer.fit(rt.Batches(X, y), epochs=10)
    assert history["train_loss"][-1] < 0.5 * history["train_loss"][0]
    assert history["penalty"][-1] == 0.0


def test_noise_on_the_inputs_is_of_the_columns_size():
    X = torch.randn(4000, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([1.0, 100.0, 0.0]) + 5.0
    y = torch.arange(4000)
    one, two = (torch.cat([x for x, _ in rt.Batches(X, y, size=512, seed=3, noise=0.4)]) for _ in range(2))
    assert torch.equal(one, two)
    cut = (one - X).std(0)
    assert cut[0] == pytest.approx(0.4, rel=0.05)
    assert cut[1] == pytest.approx(40.0, rel=0.05)
    assert cut[2] == 0.0
    again = list(rt.Batches(X, y, size=512, seed=3, noise=0.4))
    assert torch.equal(torch.cat([labels for _, labels in again]), y)
    assert torch.equal(next(iter(rt.Batches(y, X, noise=1.0)))[0], y[:256])  # integers are no measurements
