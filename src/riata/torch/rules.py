"""Rules: which parameter of a model is penalised by what, decided once and shown on request.

    {"0.weight": GroupLasso(0.01, group="input"), torch.nn.Linear: L1(1e-4), "head.*": None}

A key is a pattern of parameter names (``*`` and ``?`` as in file names) or a module class, whose weights are meant; the
value is a penalty, or None to leave alone. The first key that fits a parameter decides. A penalty alone stands for
``{"*": penalty}``. Left alone unless named are

* biases: named by a pattern whose last word is a bias ("*.bias");
* normalisation and embeddings: named by their full parameter name or by their class.

Every rule must find something: one that does not is an error, with the name that was probably meant.
"""

from __future__ import annotations

import dataclasses
import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor, nn
from torch.nn.utils.parametrize import ParametrizationList

from riata.core.errors import InvalidOption, did_you_mean
from riata.torch.penalties.base import Penalty

Rules = Mapping[Any, Penalty | None] | Penalty
EMBEDDINGS = (nn.Embedding, nn.EmbeddingBag)
WILD = set("*?[")


@dataclasses.dataclass(frozen=True)
class Bound:
    """One parameter and the penalty that it is under; ``leaf`` is its name within ``module``."""

    name: str
    module: nn.Module
    leaf: str
    penalty: Penalty
    rule: str

    @property
    def parameter(self) -> Tensor:
        """The tensor that the module computes with."""
        return getattr(self.module, self.leaf)


def bind(model: nn.Module, rules: Rules | Sequence[Bound]) -> list[Bound]:
    """The parameters of ``model`` that ``rules`` penalise, in the model's order; groups are resolved for their shapes.

    What is bound already is handed back.

    Raises
    ------
    InvalidOption
        A rule that fits no parameter, or only such as are left alone unless named; groups that do not fit a shape;
        parameters flattened by FSDP1.
    """
    if isinstance(rules, Sequence) and not isinstance(rules, str):
        return list(rules)
    table = _table(rules)
    found, used, spared = [], set(), {}
    for name, module, leaf, weight in parameters(model):
        kind = left_alone(module, leaf)
        for key, penalty in table.items():
            if not _fits(key, name, module, leaf):
                continue
            if not weight.requires_grad or (kind and not _names(key, name, module, kind)):
                spared[key] = f"{name} ({kind if weight.requires_grad else 'frozen'})"
                continue
            used.add(key)
            if penalty is not None:
                found.append(Bound(name, module, leaf, _on(penalty, name, module, weight), _label(key)))
            break
    for key in table:
        if key not in used:
            raise _unused(key, model, spared.get(key))
    return found


def explain(model: nn.Module, rules: Rules | None = None) -> None:
    """Print every parameter of ``model`` with its penalty and the rule that brought it, or why it is left alone.

    Without ``rules`` the model is one that was made sparse by ``sparsify``.
    """
    from riata.torch.penalised import penalised

    if rules is not None:
        known = {b.name: (b.penalty, b.rule) for b in bind(model, rules)}
    else:
        known = {p.name: (p.penalty.at(p.lam), p.rule) for p in penalised(model)}
    lines = []
    for name, module, leaf, weight in parameters(model, latent=True):
        shape = "×".join(map(str, weight.shape)) or "1"
        if name in known:
            penalty, rule = known[name]
            lines.append((name, shape, penalty.words(), f"rule {rule}"))
        else:
            why = left_alone(module, leaf) or ("" if weight.requires_grad else "frozen") or "no rule"
            lines.append((name, shape, "–", why))
    widths = [max(len(line[k]) for line in lines) for k in range(3)] if lines else [0, 0, 0]
    for line in lines:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(line, widths, strict=False)), line[3]]))


def parameters(model: nn.Module, latent: bool = False) -> Iterator[tuple[str, nn.Module, str, Tensor]]:
    """(name, module, its own name there, tensor) of every floating-point parameter, shared ones once.

    Parametrized weights appear only with ``latent``, under the name that they had before, as they are computed.
    """
    seen: set[int] = set()
    for prefix, module in model.named_modules():
        if isinstance(module, ParametrizationList):
            continue
        own = dict(module.named_parameters(recurse=False))
        held = getattr(module, "parametrizations", {}) if latent else {}
        own = {leaf: getattr(module, leaf) for leaf in held} | own
        for leaf, weight in own.items():
            name = f"{prefix}.{leaf}" if prefix else leaf
            if type(weight).__name__ == "FlatParameter" or leaf == "_flat_param":
                raise InvalidOption(
                    f"{name} is a flat parameter of FSDP1, in which the shapes of weights and with them their groups "
                    "are lost.",
                    hint="shard with torch.distributed.fsdp.fully_shard (FSDP2), after sparsify",
                )  # fmt: skip
            if nn.parameter.is_lazy(weight):
                raise InvalidOption(f"{name} has no shape yet.", hint="run the model once before rules are bound")
            if id(weight) not in seen and weight.is_floating_point():
                seen.add(id(weight))
                yield name, module, leaf, weight


def left_alone(module: nn.Module, leaf: str) -> str:
    """What sort of parameter it is that rules leave alone unless they name it; "" for all others."""
    if "bias" in leaf:
        return "bias"
    if isinstance(module, EMBEDDINGS):
        return "embedding"
    if "Norm" in type(module).__name__ or isinstance(module, nn.modules.batchnorm._NormBase):
        return "normalisation"
    return ""


def _table(rules: Rules) -> dict[Any, Penalty | None]:
    if isinstance(rules, Penalty):
        return {"*": rules}
    if not isinstance(rules, Mapping) or not rules:
        raise InvalidOption(
            "rules say who is penalised by what.", got=rules,
            expected='{"pattern" or module class: penalty or None, …}, or one penalty',
        )  # fmt: skip
    for key, penalty in rules.items():
        if not isinstance(key, str) and not (isinstance(key, type) and issubclass(key, nn.Module)):
            raise InvalidOption("A rule's key is a pattern of parameter names or a module class.", got=key)
        if penalty is not None and not isinstance(penalty, Penalty):
            raise InvalidOption(f"The rule {_label(key)} has no penalty.", expected="a Penalty or None", got=penalty)
    return dict(rules)


def _label(key: Any) -> str:
    return key if isinstance(key, str) else key.__name__


def _fits(key: Any, name: str, module: nn.Module, leaf: str) -> bool:
    if isinstance(key, str):
        return fnmatch.fnmatchcase(name, key)
    return isinstance(module, key) and "bias" not in leaf


def _names(key: Any, name: str, module: nn.Module, kind: str) -> bool:
    """Whether a rule that fits means this parameter, which is left alone unless named."""
    if not isinstance(key, str):
        return issubclass(key, EMBEDDINGS) or "Norm" in key.__name__
    last = key.rpartition(".")[2]
    return key == name or (kind == "bias" and not WILD & set(last))


def _on(penalty: Penalty, name: str, module: nn.Module, weight: Tensor) -> Penalty:
    """The penalty for this weight; the error of one that does not fit names the parameter."""
    group = getattr(penalty, "group", None)
    if isinstance(module, nn.modules.conv._ConvNd) and group in ("input", "output", "channel"):
        if module.groups > 1 and (group == "input" or module.transposed):
            raise InvalidOption(f"{name}: a grouped convolution has no groups by {group!r}.", got=f"{module.groups}")
        if module.transposed:  # its weight is (in, out, …)
            penalty = dataclasses.replace(penalty, group="output" if group == "input" else "input")  # type: ignore[call-arg]
    try:
        return penalty.on(weight.shape)
    except InvalidOption as error:
        raise InvalidOption(f"{name}: {error.what}", got=error.got, expected=error.expected, hint=error.hint) from None


def _unused(key: Any, model: nn.Module, spared: str | None) -> InvalidOption:
    if spared:
        return InvalidOption(
            f"The rule {_label(key)!r} finds only parameters that are left alone unless named, such as {spared}, or "
            "that an earlier rule has.",
            hint='name them: "*.bias", a full parameter name, or the class of the module',
        )  # fmt: skip
    names = [name for name, *_ in parameters(model, latent=True)]
    return InvalidOption(
        f"The rule {_label(key)!r} penalises nothing: no parameter fits that an earlier rule does not have.",
        expected="a name or pattern of " + ", ".join(names[:8]) + (", …" if len(names) > 8 else ""),
        hint=did_you_mean(_label(key), names),
    )  # fmt: skip
