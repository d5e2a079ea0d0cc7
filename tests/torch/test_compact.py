"""Cutting zero groups out of a model: the same outputs, and nothing left that could go."""

import pytest

torch = pytest.importorskip("torch")
import riata.torch as rt  # noqa: E402
from riata.core.errors import InvalidOption, RiataError  # noqa: E402
from riata.torch import compaction  # noqa: E402
from riata.torch.compaction import Pick, compact  # noqa: E402

nn, F = torch.nn, torch.nn.functional
torch.set_num_threads(1)


class Residual(nn.Module):
    """Padded convolutions, normalisation, a residual sum, a squeeze-and-excite product, flatten, two heads joined."""

    def __init__(self, batch_norm=True):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8) if batch_norm else nn.Identity()
        self.left = nn.Conv2d(8, 10, 3, padding=1)
        self.each = nn.Conv2d(10, 10, 3, padding=1, groups=10)
        self.right = nn.Conv2d(10, 8, 1)
        self.gate = nn.Conv2d(8, 8, 1)
        self.pool = nn.MaxPool2d(2)
        self.one, self.two = nn.Linear(8 * 9, 6), nn.Linear(8 * 9, 5)
        self.last = nn.Linear(11, 2)

    def forward(self, x):
        x = F.relu(self.norm(self.stem(x)))
        y = self.right(F.gelu(self.each(torch.sigmoid(self.left(x)))))
        x = x + y
        x = x * torch.sigmoid(self.gate(x.mean((2, 3), keepdim=True)))
        x = self.pool(x)
        x = x.view(x.size(0), -1)
        return self.last(torch.cat([torch.tanh(self.one(x)), self.two(x)], dim=1))


def make(seed, batch_norm=True):
    """The model, with statistics that are not those of a fresh one."""
    torch.manual_seed(seed)
    model = Residual(batch_norm).double().eval()
    with torch.no_grad():
        for p in model.parameters():
            p.normal_()
        if batch_norm:
            model.norm.running_mean.normal_()
            model.norm.running_var.uniform_(0.5, 2.0)
    return model


def shapes(model):
    return {name: tuple(p.shape) for name, p in model.named_parameters() if name.endswith("weight")}


X = torch.randn(4, 3, 6, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("seed", range(12))
def test_random_zero_rows_and_columns_change_no_output(seed):
    model, generator = make(seed, seed % 2 == 0), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for p in model.parameters():
            if p.ndim > 1:
                p[torch.rand(len(p), generator=generator) < 0.4] = 0.0
                p[:, torch.rand(p.shape[1], generator=generator) < 0.4] = 0.0
        if seed % 3 == 0:
            for name, p in model.named_parameters():
                if "bias" in name:
                    p[torch.rand(len(p), generator=generator) < 0.7] = 0.0
    small = compact(model, X)
    assert small.parameters[1] < small.parameters[0]
    other = torch.randn(7, 3, 6, 6, dtype=torch.float64, generator=generator)
    assert torch.allclose(model(other), small.model(other), rtol=1e-12, atol=1e-10)
    again = compact(small.model, X)
    assert again.parameters[1] == small.parameters[1]


@torch.no_grad()
def test_a_unit_that_is_zero_goes_everywhere():
    model = make(1)
    model.left.weight[3] = 0.0  # sigmoid(bias) is not 0, so the padded depthwise filter keeps the channel …
    assert shapes(compact(model, X).model) == shapes(model)
    model.each.weight[3] = 0.0  # … until it does not read it
    found = shapes(compact(model, X).model)
    assert found["left.weight"] == (9, 8, 3, 3)
    assert found["each.weight"] == (9, 1, 3, 3)
    assert found["right.weight"] == (8, 9, 1, 1)


@torch.no_grad()
def test_a_residual_channel_goes_only_when_both_branches_are_constant():
    model = make(2)
    model.right.weight[5] = 0.0
    assert shapes(compact(model, X).model) == shapes(model)
    model.norm.weight[5] = 0.0  # both are constants now; what relu leaves of this one is zero
    model.norm.bias[5] = -1.0
    found = shapes(compact(model, X).model)
    assert found["stem.weight"][0] == 8  # the gate still varies
    model.gate.weight[5] = 0.0
    found = shapes(compact(model, X).model)
    assert found["stem.weight"] == (7, 3, 3, 3)
    assert found["norm.weight"] == (7,)
    assert found["right.weight"] == (7, 10, 1, 1)
    assert found["one.weight"] == (6, 63)


@torch.no_grad()
def test_channels_that_nobody_reads_go():
    model = make(3)
    model.one.weight[:, 18:27] = 0.0
    model.two.weight[:, 18:27] = 0.0
    model.gate.weight[:, 2] = 0.0
    model.left.weight[:, 2] = 0.0
    assert shapes(compact(model, X).model)["stem.weight"] == (7, 3, 3, 3)
    model.left.weight[0, 2, 1, 1] = 1.0
    assert shapes(compact(model, X).model) == shapes(model)


@torch.no_grad()
def test_input_features_are_picked():
    net = nn.Sequential(nn.Linear(20, 8), nn.ReLU(), nn.Linear(8, 1)).double()
    net[0].weight[:, 5:] = 0.0
    small = compact(net, torch.ones(3, 20).double())
    pick = small.model[0][0]
    assert isinstance(pick, Pick)
    assert pick.index.tolist() == [0, 1, 2, 3, 4]
    assert small.parameters == (177, 5 * 8 + 8 + 9)
    assert small.layers == [("0", (8, 20), (8, 5))]
    assert "177 -> 57 (32%)" in str(small)
    assert net[0].weight.shape == (8, 20)


@torch.no_grad()
def test_a_layer_that_is_all_zero_keeps_one_unit():
    net = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 3)).double()
    net[0].weight.zero_()
    small = compact(net, torch.ones(2, 6).double())
    x = torch.randn(5, 6).double()
    assert torch.allclose(net(x), small.model(x), atol=1e-14)
    assert shapes(small.model) == {"0.1.weight": (1, 1), "2.weight": (3, 1)}


@torch.no_grad()
def test_what_is_used_twice_or_unknown_is_left_alone():
    shared = nn.Linear(5, 5)
    shared.weight[2] = 0.0
    twice = nn.Sequential(shared, nn.ReLU(), shared)
    assert compact(twice, torch.ones(2, 5)).layers == []
    layer_norm = nn.Sequential(nn.Linear(5, 5), nn.LayerNorm(5), nn.Linear(5, 1))
    layer_norm[0].weight[2] = 0.0
    assert compact(layer_norm, torch.ones(2, 5)).layers == []


@torch.no_grad()
def test_what_a_zero_slope_does_not_read_goes():
    net = nn.Sequential(nn.Conv2d(3, 4, 1), nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4), nn.Conv2d(4, 2, 3, padding=1))
    net = net.double().eval()
    net[2].weight[2], net[2].bias[2] = 0.0, 1.0  # a constant that padding keeps, whatever channel 2 before it was
    keeps = net[1].weight[2, 1].clone()
    net[1].weight[:, 1] = 0.0
    net[1].weight[2, 1] = keeps  # so nobody needs the one that only it reads
    assert shapes(compact(net, X).model)["0.weight"] == (3, 3, 1, 1)


@torch.no_grad()
def test_axes_that_are_not_those_of_the_channels():
    along_rows = nn.Sequential(nn.Conv2d(2, 6, 1), nn.ReLU(), nn.Linear(6, 3)).double()  # 6 columns, and 6 maps
    along_rows[0].weight[1] = 0.0
    along_rows[2].weight[:, 4] = 0.0
    x = torch.randn(3, 2, 5, 6).double()
    small = compact(along_rows, x)
    assert torch.allclose(along_rows(x), small.model(x), atol=1e-12)
    assert shapes(small.model) == {"0.weight": (6, 2, 1, 1), "2.1.weight": (3, 5)}
    one = nn.Sequential(nn.Conv2d(2, 4, 1), nn.ReLU(), nn.Conv2d(4, 1, 1)).double()
    one[0].weight[1] = 0.0
    assert compact(one, x[0]).layers == []
    assert compact(one, x).layers != []


def test_a_sparsified_model_is_baked_and_its_zeros_go():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(30, 16), nn.ReLU(), nn.Linear(16, 1))
    rt.sparsify(net, {"0.weight": rt.GroupLasso(0.02, group="input")})
    x = torch.randn(256, 30)
    y = x[:, :1] - x[:, 1:2]
    optimizer = torch.optim.Adam(rt.parameter_groups(net), lr=0.01)
    for _ in range(300):
        optimizer.zero_grad()
        ((net(x) - y) ** 2).mean().backward()
        optimizer.step()
    small = compact(net, x)
    assert small.parameters[1] < small.parameters[0] / 3
    assert torch.allclose(net(x), small.model(x), atol=1e-6)
    assert rt.penalised(net)  # and the model itself is as it was


def test_a_defect_is_not_returned(monkeypatch):
    net = nn.Sequential(nn.Linear(6, 4), nn.ReLU(), nn.Linear(4, 3))
    net[0].weight.data[0] = 0.0
    real = compaction._slice

    def backwards(layer, leaf, index, axis=0):
        real(layer, leaf, index.flip(0) if axis == 1 else index, axis)

    monkeypatch.setattr(compaction, "_slice", backwards)
    with pytest.raises(RiataError, match="defect of compact"):
        compact(net, torch.randn(8, 6))


def test_control_flow_is_refused():
    class Branch(nn.Module):
        def forward(self, x):
            return x if x.sum() > 0 else -x

    with pytest.raises(InvalidOption, match=r"torch\.fx cannot trace"):
        compact(Branch(), torch.ones(2, 2))


@torch.no_grad()
def test_export(tmp_path):
    model = make(4).float()
    model.left.weight[3] = 0.0
    model.each.weight[3] = 0.0
    small = compact(model, X.float())
    other = torch.randn(9, 3, 6, 6)
    assert torch.allclose(small.export().module()(other), small.model(other), atol=1e-5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
@torch.no_grad()
def test_onnx(tmp_path):
    onnx = pytest.importorskip("onnx", reason="ONNX files need the package onnx")
    pytest.importorskip("onnxscript", reason="torch writes ONNX files with onnxscript")
    reference = pytest.importorskip("onnx.reference")
    model = make(5).float()
    model.norm.weight[1] = 0.0
    small = compact(model, X.float())
    file = tmp_path / "small.onnx"
    small.to_onnx(file)
    x = torch.randn(4, 3, 6, 6)
    run = reference.ReferenceEvaluator(onnx.load(file))
    (found,) = run.run(None, {run.input_names[0]: x.numpy()})
    assert torch.allclose(torch.from_numpy(found), small.model(x), atol=1e-4)
