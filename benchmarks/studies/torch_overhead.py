"""What a proximal or latent step costs: seconds of a training step of a 10-million-parameter network, against plain.

A step is forward, backward and the optimizer's step at a batch of 256. The variants of one optimizer take turns in one
process, so that all see the same machine; the ratio is the median over rounds of each to the plain step of its round.
On a GPU the time is taken between CUDA events.
"""

import itertools
import statistics
import time

from benchmarks.report import table

TITLE = "PyTorch: a training step with exact zeros against a plain one (784-2048-2048-2048 network, batch 256)"
KEY = ["device", "optimizer", "penalty", "way"]
COLUMNS = [*KEY, "parameters", "plain_ms", "ms", "ratio", "rounds"]
WIDTHS, BATCH, ROUNDS, WARM = (784, 2048, 2048, 2048, 10), 256, 12, 2


def run(libraries):
    import torch

    devices = ["cuda"] if torch.cuda.is_available() else []
    for device in [*devices, "cpu"]:
        for optimizer in ("SGD", "AdamW"):
            for penalty in ("l1", "input groups"):
                yield from compare(torch, device, optimizer, penalty)


def compare(torch, device, optimizer, penalty):
    """A row for each way."""
    variants = {way: trainer(torch, device, optimizer, penalty, way) for way in ("plain", "latent", "proximal")}
    seconds = {way: [] for way in variants}
    for number in range(WARM + ROUNDS):
        for way, (step, _) in variants.items():
            taken = timed(torch, device, step)
            if number >= WARM:
                seconds[way].append(taken)
    for way in ("latent", "proximal"):
        ratios = [one / plain for one, plain in zip(seconds[way], seconds["plain"], strict=True)]
        facts = {"device": device, "optimizer": optimizer, "penalty": penalty, "way": way, "rounds": ROUNDS}
        times = {"plain_ms": 1e3 * statistics.median(seconds["plain"]), "ms": 1e3 * statistics.median(seconds[way])}
        numbers = {name: f"{value:.4g}" for name, value in (times | {"ratio": statistics.median(ratios)}).items()}
        yield facts | numbers | {"parameters": variants["plain"][1]}


def trainer(torch, device, optimizer, penalty, way):
    """(a function that takes one training step, number of parameters)."""
    import riata.torch as rt

    torch.manual_seed(0)
    nn = torch.nn
    layers = [part for a, b in itertools.pairwise(WIDTHS) for part in (nn.Linear(a, b), nn.ReLU())][:-1]
    model = nn.Sequential(*layers).to(device)
    count = sum(p.numel() for p in model.parameters())
    rules = rt.L1(1e-5) if penalty == "l1" else rt.GroupLasso(1e-5, group="input")
    options = {"lr": 0.01, "momentum": 0.9} if optimizer == "SGD" else {"lr": 1e-4, "weight_decay": 0.0}
    kind = getattr(torch.optim, optimizer)
    if way == "latent":
        rt.sparsify(model, rules)
    steps = kind(model.parameters(), **options)
    if way == "proximal":
        rt.attach(steps, rules, model)
    x, y = torch.randn(BATCH, WIDTHS[0], device=device), torch.randint(0, WIDTHS[-1], (BATCH,), device=device)

    def step():
        steps.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        steps.step()

    return step, count


def timed(torch, device, step):
    """Seconds of one step."""
    if device == "cpu":
        start = time.perf_counter()
        step()
        return time.perf_counter() - start
    first, last = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    first.record()
    step()
    last.record()
    torch.cuda.synchronize()
    return 1e-3 * first.elapsed_time(last)


def section(rows):
    cells = [
        [row["device"], row["optimizer"], row["penalty"], row["way"], row["plain_ms"], row["ms"], row["ratio"]]
        for row in rows
    ]
    return table(["device", "optimizer", "penalty", "way", "plain ms", "ms", "ratio"], cells)
