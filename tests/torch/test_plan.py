"""Plans: λ by steps, a support that stays, a refit; in our loop, in Lightning's and in the Hugging Face Trainer's."""

import importlib
import math
import sys

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (pip install 'riata[torch]')")
import riata.torch as rt  # noqa: E402
from riata.core.errors import InvalidOption, MissingExtra  # noqa: E402

nn, F = torch.nn, torch.nn.functional
torch.set_num_threads(1)
GENERATOR = torch.Generator().manual_seed(0)
X = torch.randn((64, 8), generator=GENERATOR)
Y = 2.0 * X[:, :1] - X[:, 1:2]
RULES = {"0.weight": rt.GroupLasso(0.3, group="input"), "2.weight": rt.ElasticNet(0.1, l1_ratio=0.0)}
STEPS, FREEZE = 48, 32  # eight batches an epoch, six epochs


def net():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 1))


def latent():
    model = rt.sparsify(net(), RULES)
    return model, torch.optim.Adam(rt.parameter_groups(model), lr=0.03), model


def proximal():
    model = net()
    optimizer = rt.ProxAdam(model, RULES, lr=0.03)
    return model, optimizer, optimizer


WAYS = {"latent": latent, "proximal": proximal}
over_ways = pytest.mark.parametrize("way", WAYS)


def plan(**options):
    return rt.Plan(rt.ramp(16), **{"freeze_at": FREEZE, **options})


def batches():
    return rt.Batches(X, Y, size=8)


class Watched(rt.Plan):
    """A plan that notes what was in force at each step, and the support."""

    def before_step(self, done):
        super().before_step(done)
        self.seen = [*getattr(self, "seen", []), (done, self.parts[0].lam, self.parts[0].zero_mask())]


def watched():
    return Watched(rt.ramp(16), FREEZE)


def expected(seen, where):
    """The λs of the plan; no unit comes back after the freeze, and the ridge kept its λ."""
    assert [done for done, *_ in seen] == list(range(STEPS))
    lams = [lam for _, lam, _ in seen]
    wanted = [0.3 * min(k / 16, 1.0) if k < FREEZE else 0.0 for k in range(STEPS)]
    assert lams == pytest.approx(wanted)
    frozen = seen[FREEZE][2]
    assert 3 <= int(frozen.sum()) <= 7
    assert all(bool(mask[frozen].all()) for _, _, mask in seen[FREEZE:])
    ridge = rt.penalised(where)[1]
    assert ridge.lam == 0.1
    return frozen


# --- our own loop ----------------------------------------------------------------------------------------------------


@over_ways
def test_a_plan_in_the_trainer(way):
    model, optimizer, where = WAYS[way]()
    mine = watched()
    history = rt.Trainer(model, F.mse_loss, optimizer, plan=mine).fit(batches(), epochs=6)
    frozen = expected(mine.seen, where)
    assert history["lam/0.weight"] == pytest.approx([0.3 * 7 / 16, 0.3 * 15 / 16, 0.3, 0.3, 0.0, 0.0])
    assert bool(rt.penalised(where)[0].zero_mask()[frozen].all())
    assert history["train_loss"][-1] < 0.7 * history["train_loss"][3]  # what is left is no longer shrunk


@over_ways
def test_without_the_freeze_units_would_come_back(way):
    """The test of a frozen support can fail: without it the refit lets units in."""
    model, optimizer, where = WAYS[way]()
    mine = Watched(lambda done: float(done < FREEZE))
    rt.Trainer(model, F.mse_loss, optimizer, plan=mine).fit(batches(), epochs=6)
    assert int(mine.seen[FREEZE][2].sum()) > int(rt.penalised(where)[0].zero_mask().sum())


@over_ways
@pytest.mark.parametrize("refit", [True, False])
def test_a_training_resumed_after_the_freeze_is_bitwise(way, refit, tmp_path):
    options = {"epochs": 5, "checkpoint": tmp_path / "state.pt"}
    model, optimizer, _ = WAYS[way]()
    whole = rt.Trainer(model, F.mse_loss, optimizer, plan=plan(refit=refit))
    whole.fit(batches(), **options)
    whole.fit(batches(), epochs=1)
    other, optimizer, _ = WAYS[way]()
    again = rt.Trainer(other, F.mse_loss, optimizer, plan=plan(refit=refit)).load(options["checkpoint"])
    again.fit(batches(), epochs=1)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, other.state_dict()[name]), name


@over_ways
def test_freezing_changes_no_weight_and_can_be_undone(way):
    model, optimizer, where = WAYS[way]()
    rt.Trainer(model, F.mse_loss, optimizer).fit(batches(), epochs=4)
    (first, _), before = rt.penalised(where), [part.weight.clone() for part in rt.penalised(where)]
    handle = rt.freeze_support(optimizer, rt.penalised(where))
    assert all(torch.equal(part.weight, w) for part, w in zip(rt.penalised(where), before, strict=True))
    handle.remove()
    first.lam = 0.0
    rt.Trainer(model, F.mse_loss, optimizer).fit(batches(), epochs=4)
    assert int(first.zero_mask().sum()) == 0


def test_ramps():
    cubic = rt.ramp(10, start=0.1, power=3.0)
    assert [cubic(k) for k in (0, 5, 10, 20)] == pytest.approx([0.1, 1 - 0.9 / 8, 1.0, 1.0])
    with pytest.raises(InvalidOption, match="steps ≥ 1"):
        rt.ramp(0)


def test_a_plan_needs_something_to_plan():
    model = net()
    with pytest.raises(InvalidOption, match="no λ to plan"):
        rt.Trainer(model, F.mse_loss, torch.optim.Adam(model.parameters()), plan=plan())


# --- scalars ---------------------------------------------------------------------------------------------------------


class Writer:
    def __init__(self):
        self.seen = {}

    def add_scalar(self, name, value, step):
        self.seen[name, step] = value


def test_scalars_are_those_of_the_history():
    live, late = Writer(), Writer()
    model, optimizer, _ = latent()
    history = rt.Trainer(model, F.mse_loss, optimizer, log=rt.Scalars(live, "run/")).fit(batches(), epochs=3)
    rt.Scalars(late, "run/").write(history)
    assert live.seen == late.seen
    names = set(history.rows[0]) - {"epoch", "val_loss"}
    assert set(live.seen) == {(f"run/{name}", step) for name in names for step in (1, 2, 3)}
    assert live.seen["run/sparsity/0.weight", 3] == history["sparsity/0.weight"][2]
    assert not any(math.isnan(value) for value in live.seen.values())


# --- frameworks ------------------------------------------------------------------------------------------------------

needs_lightning = pytest.mark.skipif(
    not any(importlib.util.find_spec(name) for name in ("lightning", "pytorch_lightning")),
    reason="Lightning is not installed (pip install 'riata[lightning]')",
)
needs_transformers = pytest.mark.skipif(
    not all(importlib.util.find_spec(name) for name in ("transformers", "accelerate")),
    reason="transformers or accelerate is not installed (pip install 'riata[huggingface]')",
)


@pytest.mark.parametrize(
    ("module", "missing", "extra"),
    [
        ("riata.torch.lightning", ("lightning", "pytorch_lightning"), "lightning"),
        ("riata.torch.huggingface", ("transformers",), "huggingface"),
    ],
)
def test_a_missing_framework_says_how_to_install_it(module, missing, extra, monkeypatch):
    monkeypatch.delitem(sys.modules, module, raising=False)
    for name in missing:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtra) as error:
        importlib.import_module(module)
    assert f"pip install 'riata[{extra}]'" in str(error.value)


def lightning_training(way, callback, folder=None, resume=None, epochs=6):
    try:
        import lightning.pytorch as pl
    except ModuleNotFoundError:
        import pytorch_lightning as pl

    class Module(pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.net, self.made, *self.where = WAYS[way]()  # in a list: no submodule

        def training_step(self, batch, index):
            return F.mse_loss(self.net(batch[0]), batch[1])

        def configure_optimizers(self):
            return self.made

    module = Module()
    trainer = pl.Trainer(
        max_epochs=epochs, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
        enable_model_summary=False, accumulate_grad_batches=2, callbacks=[callback],
    )  # fmt: skip
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(X, Y), batch_size=4)
    trainer.fit(module, loader, ckpt_path=resume)
    if folder is not None:
        trainer.save_checkpoint(folder / "state.ckpt")
    return module, trainer


@needs_lightning
@pytest.mark.filterwarnings("ignore")
@over_ways
def test_lightning(way, tmp_path):
    from riata.torch.lightning import SparsityCallback

    mine = watched()
    module, trainer = lightning_training(way, SparsityCallback(mine))
    frozen = expected(mine.seen, module.where[0])
    part = rt.penalised(module.where[0])[0]
    assert bool(part.zero_mask()[frozen].all())
    assert float(trainer.callback_metrics[f"riata/sparsity/{part.rule}"]) == pytest.approx(
        float(frozen.double().mean())
    )
    lightning_training(way, SparsityCallback(watched()), tmp_path, epochs=5)
    again, _ = lightning_training(way, SparsityCallback(watched()), resume=tmp_path / "state.ckpt")
    for name, tensor in module.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name


def hugging_training(way, callback, folder, resume=None, epochs=6):
    import transformers

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.net, self.made, *self.where = WAYS[way]()  # in a list: no submodule

        def forward(self, x, labels):
            return {"loss": F.mse_loss(self.net(x), labels)}

    model = Model()
    args = transformers.TrainingArguments(
        output_dir=str(folder), num_train_epochs=epochs, per_device_train_batch_size=4, gradient_accumulation_steps=2,
        use_cpu=True, report_to=[], disable_tqdm=True, logging_steps=8, save_strategy="epoch", max_grad_norm=0.0,
        lr_scheduler_type="constant", dataloader_pin_memory=False,
    )  # fmt: skip
    rows = [{"x": x, "labels": y} for x, y in zip(X, Y, strict=True)]
    trainer = transformers.Trainer(
        model, args, train_dataset=rows, callbacks=[callback], optimizers=(model.made, None),
    )  # fmt: skip
    trainer.train(resume_from_checkpoint=resume)
    return model, trainer


@needs_transformers
@pytest.mark.filterwarnings("ignore")
@over_ways
def test_hugging_face(way, tmp_path):
    from riata.torch.huggingface import SparsityCallback

    mine, told = watched(), []
    model, trainer = hugging_training(way, SparsityCallback(mine, log=told.append), tmp_path)
    frozen = expected(mine.seen, model.where[0])
    part = rt.penalised(model.where[0])[0]
    assert bool(part.zero_mask()[frozen].all())
    logged = [row for row in trainer.state.log_history if "loss" in row]
    assert [row[f"riata/lam/{part.rule}"] for row in logged][-1] == 0.0
    assert told[-1][f"riata/sparsity/{part.rule}"] == part.zero_mask().double().mean()
    again, _ = hugging_training(way, SparsityCallback(watched()), tmp_path, str(tmp_path / "checkpoint-40"))
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, again.state_dict()[name]), name
