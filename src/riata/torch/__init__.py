"""Exact zeros in PyTorch models: penalties, four ways to enforce them, and what can be read off a sparse model.

    minimise over the weights w   mean loss(w) + Σ over rules  λ·R(w)

λ is always the coefficient in that sum, whatever the optimizer, its momentum, its metric or its precision: the same λ
has the same minimiser everywhere, and for a linear model it is the λ of :func:`riata.path`.

Words
-----
penalty   a pure, frozen value such as ``L1(1e-4)``: λ and R, nothing about optimizers. Every one has ``.lam``,
          ``value``, ``prox``, ``pull``, ``dual_norm``, ``kkt_residual``, ``zero_mask`` (riata.torch.penalties.base).
rules     who is penalised by what: ``{"pattern of parameter names" or module class: penalty or None}``, or one penalty
          for every weight. The first rule that fits a parameter has it. Biases, normalisation and embeddings are left
          alone unless named (riata.torch.rules). ``explain(model, rules)`` prints the table.
way       how a penalty is enforced. The penalty, the rules and the meaning of λ are the same for all four:

          ``sparsify(model, rules)``        latent weights; exact zeros under any optimizer; the default
          ``ProxSGD, ProxAdam, ProxAdamW, ProxAdagrad``      (model, rules, lr=…, …): torch's own and a proximal step
          ``attach(optimizer, rules, model)``                that proximal step for an optimizer one already has
          ``penalty_loss(model, rules)``    added to the loss; the baseline: no exact zeros

``penalised(where)`` of a model after ``sparsify``, or of an optimizer after ``attach``, is the list of
:class:`Penalised`: one for each parameter under a rule, with ``name``, ``rule``, ``penalty``, ``weight`` (the tensor
that the model computes with), ``lam`` (read and set: a schedule is an assignment), ``gradient`` (of the mean loss at
``weight``), ``kkt_residual()`` and ``zero_mask()``. Whatever trains, logs or follows a path needs nothing else.
``bake(model)`` turns latent weights into plain parameters, zeros and all.

λ and the latent width are saved with ``model.state_dict()`` (sparsify) or ``optimizer.state_dict()`` (the others), so
that training resumes bit for bit.

Examples
--------
>>> import torch, riata.torch as rt
>>> model = torch.nn.Sequential(torch.nn.Linear(20, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
>>> model = rt.sparsify(model, {"0.weight": rt.GroupLasso(0.01, group="input"), "2.weight": rt.L1(1e-3)})
>>> optimizer = torch.optim.AdamW(rt.parameter_groups(model, weight_decay=0.01), lr=1e-3)
"""

from riata.core.errors import need

need("torch", "torch")  # MissingExtra with the command that installs it, before anything below asks for torch

from riata.torch.baseline import penalty_loss  # noqa: E402
from riata.torch.batches import Batches  # noqa: E402
from riata.torch.climb import PathPoint  # noqa: E402
from riata.torch.compaction import Compacted, compact  # noqa: E402
from riata.torch.estimators import (  # noqa: E402
    LassoNetClassifier,
    LassoNetRegressor,
    SparseMLPClassifier,
    SparseMLPRegressor,
)
from riata.torch.features import FeatureReport, feature_importances, feature_report  # noqa: E402
from riata.torch.groups import heads  # noqa: E402
from riata.torch.history import History  # noqa: E402
from riata.torch.latent import bake, parameter_groups, sparsify  # noqa: E402
from riata.torch.measure import count_zeros, l1_norm, sparsity  # noqa: E402
from riata.torch.networks import LassoNet, SparseInputMLP, SparseMLP  # noqa: E402
from riata.torch.optim import ProxAdagrad, ProxAdam, ProxAdamW, ProxSGD  # noqa: E402
from riata.torch.paths import SparsePath, sparse_path  # noqa: E402
from riata.torch.penalised import Penalised, penalised  # noqa: E402
from riata.torch.penalties import (  # noqa: E402
    L1,
    MCP,
    SCAD,
    ElasticNet,
    GroupLasso,
    Hierarchical,
    LHalf,
    Penalty,
    SparseGroup,
)
from riata.torch.plan import Plan, freeze_support, ramp  # noqa: E402
from riata.torch.proximal import attach  # noqa: E402
from riata.torch.rules import bind, explain  # noqa: E402
from riata.torch.scalars import Scalars  # noqa: E402
from riata.torch.stability import stability_selection  # noqa: E402
from riata.torch.trainer import Trainer  # noqa: E402

__all__ = [
    "L1",
    "MCP",
    "SCAD",
    "Batches",
    "Compacted",
    "ElasticNet",
    "FeatureReport",
    "GroupLasso",
    "Hierarchical",
    "History",
    "LHalf",
    "LassoNet",
    "LassoNetClassifier",
    "LassoNetRegressor",
    "PathPoint",
    "Penalised",
    "Penalty",
    "Plan",
    "ProxAdagrad",
    "ProxAdam",
    "ProxAdamW",
    "ProxSGD",
    "Scalars",
    "SparseGroup",
    "SparseInputMLP",
    "SparseMLP",
    "SparseMLPClassifier",
    "SparseMLPRegressor",
    "SparsePath",
    "Trainer",
    "attach",
    "bake",
    "bind",
    "compact",
    "count_zeros",
    "explain",
    "feature_importances",
    "feature_report",
    "freeze_support",
    "heads",
    "l1_norm",
    "parameter_groups",
    "penalised",
    "penalty_loss",
    "ramp",
    "sparse_path",
    "sparsify",
    "sparsity",
    "stability_selection",
]
