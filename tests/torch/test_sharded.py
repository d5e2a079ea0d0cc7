"""FSDP2: a model whose parameters are spread over two processes trains as the whole one does."""

import datetime
import traceback

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed (pip install 'riata[torch]')")
import riata.torch as rt  # noqa: E402

nn, F = torch.nn, torch.nn.functional
STEPS, WORLD = 16, 2
X = torch.randn(64, 8, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
Y = X[:, :1] - X[:, 1:2]
RULES = {
    "l1": {"*": rt.L1(0.15)},
    "input": {"0.weight": rt.GroupLasso(0.3, group="input"), "2.weight": rt.L1(0.02)},
    "labels": {"0.weight": rt.SparseGroup(0.15, group=lambda shape: torch.arange(48).reshape(shape) % 5)},
}
CASES = [(way, rules) for way in ("latent", "proximal") for rules in RULES] + [("attached", "l1")]


def trained(way, rules, shard):
    """(weights, zeros of each rule, penalty, KKT residual) after training, with or without shards."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 1)).double()
    if way == "latent":
        rt.sparsify(net, RULES[rules])
    if shard:
        torch.distributed.fsdp.fully_shard(net)
    if way == "latent":
        where, optimizer = net, torch.optim.AdamW(rt.parameter_groups(net), lr=0.1)
    elif way == "proximal":
        where = optimizer = rt.ProxAdamW(net, RULES[rules], lr=0.1, weight_decay=0.0)
    else:
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
        where = rt.attach(optimizer, RULES[rules], net)
    for _ in range(STEPS):
        optimizer.zero_grad()
        F.mse_loss(net(X), Y).backward()
        optimizer.step()
    # Not zeroed: the gradients of the last step, with the penalty's pull in them, and those of one more pass.
    F.mse_loss(net(X), Y).backward()
    parts = rt.penalised(where)
    facts = {"zeros": rt.count_zeros(where), "l1": float(rt.l1_norm(where))}
    facts |= {f"share {k}": v.share for k, v in rt.sparsity(where).items()}
    facts |= {f"residual {part.name}": float(part.kkt_residual()) for part in parts}
    facts |= {f"dual norm {part.name}": float(part.dual_norm()) for part in parts}
    return [full(part.weight) for part in parts], facts


def full(t):
    return t.full_tensor() if hasattr(t, "full_tensor") else t


def work(rank, folder):
    torch.set_num_threads(1)
    store = torch.distributed.FileStore(str(folder / "store"), WORLD)
    torch.distributed.init_process_group(
        "gloo", store=store, rank=rank, world_size=WORLD, timeout=datetime.timedelta(seconds=60)
    )
    found = {}
    for way, rules in CASES:
        try:
            found[way, rules] = trained(way, rules, shard=True)
        except Exception:
            found[way, rules] = traceback.format_exc()
    torch.save(found, folder / f"{rank}.pt")
    torch.distributed.destroy_process_group()


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sharded")
    torch.multiprocessing.spawn(work, (folder,), nprocs=WORLD)
    return [torch.load(folder / f"{rank}.pt") for rank in range(WORLD)]


@pytest.mark.skipif(not torch.distributed.is_available(), reason="this torch has no torch.distributed")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("way", "rules"), CASES)
def test_two_shards_are_one_model(ranks, way, rules):
    torch.set_num_threads(1)
    weights, facts = trained(way, rules, shard=False)
    assert 0 < facts["zeros"] < sum(w.numel() for w in weights)
    for rank in ranks:
        assert not isinstance(rank[way, rules], str), rank[way, rules][-1500:]
        for mine, theirs in zip(weights, rank[way, rules][0], strict=True):
            assert torch.equal(mine == 0, theirs == 0)
            torch.testing.assert_close(mine, theirs, rtol=1e-9, atol=1e-12)
        assert rank[way, rules][1] == pytest.approx(facts, rel=1e-9)
