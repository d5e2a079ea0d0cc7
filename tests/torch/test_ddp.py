"""Two processes that share the gradients do what one does."""

import pytest

torch = pytest.importorskip("torch")
import riata.torch as rt  # noqa: E402

nn, F = torch.nn, torch.nn.functional


def train(rank, folder, world):
    """Each rank has its half of every batch; what comes out is written by each."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 1)).double()
    rt.sparsify(net, {"0.weight": rt.GroupLasso(0.05, group="input")})
    model = net
    if world > 1:
        store = torch.distributed.FileStore(str(folder / "store"), world)
        torch.distributed.init_process_group("gloo", store=store, rank=rank, world_size=world)
        model = nn.parallel.DistributedDataParallel(net)
    X = torch.randn(64, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    y = X[:, :1] - X[:, 1:2]
    batches = rt.Batches(X[rank::world], y[rank::world], size=64)
    rt.Trainer(model, F.mse_loss, torch.optim.Adam(rt.parameter_groups(net), lr=0.02)).fit(batches, epochs=100)
    torch.save(rt.bake(net).state_dict(), folder / f"{world}-{rank}.pt")
    if world > 1:
        torch.distributed.destroy_process_group()


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch has no torch.distributed")
@pytest.mark.filterwarnings("ignore")
def test_two_ranks_are_one_process(tmp_path):
    torch.multiprocessing.spawn(train, (tmp_path, 2), nprocs=2)
    first, second = (torch.load(tmp_path / f"2-{rank}.pt") for rank in range(2))
    assert int((first["0.weight"] == 0).all(0).sum()) == 6
    for name in first:
        assert torch.equal(first[name], second[name])
    # one process on the whole batch takes the same mean gradient: batches of two halves
    torch.set_num_threads(1)
    train_whole(tmp_path)
    whole = torch.load(tmp_path / "whole.pt")
    for name in first:
        assert torch.allclose(first[name], whole[name], atol=1e-9), name


def train_whole(folder):
    train(0, folder, 1)
    (folder / "1-0.pt").rename(folder / "whole.pt")
