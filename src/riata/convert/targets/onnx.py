"""An ONNX graph in float64: one input of shape (rows, 1) for each column of the table, or X for a model of an array.

Numbers are doubles, NaN where missing; dates and durations are numbers of days (dates since 1970-01-01); categories
are strings, "" where missing. Of several targets or classes the output has a column for each.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from riata.convert.plan import Levels, Number, Plan
from riata.core.errors import need
from riata.model.record import Model

SUFFIX = ".onnx"
NOTE = 'an input for each column: numbers as float64, NaN where missing; categories as text, "" where missing.'
OPSET, ML_OPSET, IR = 17, 2, 8  # what onnxruntime reads since 1.12


def write(model: Model, kind: str, table: str) -> bytes:
    """The serialised graph."""
    plan = Plan.of(model, kind)
    plan.refuse_empty("an ONNX graph")
    graph = _Graph()
    eta = _linear(plan, graph, len(model.features))
    answer, labels = _answer(plan, graph, eta)
    made: bytes = graph.done(answer, labels, plan).SerializeToString()
    return made


class _Graph:
    """Nodes and constants in the order in which they are asked for."""

    def __init__(self) -> None:
        self.onnx = need("onnx", "onnx")
        self.inputs: list[Any] = []
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def input(self, name: str, text: bool = False, width: int = 1) -> str:
        kind = self.onnx.TensorProto.STRING if text else self.onnx.TensorProto.DOUBLE
        self.inputs.append(self.onnx.helper.make_tensor_value_info(name, kind, ["rows", width]))
        return name

    def constant(self, value: Any) -> str:
        array, name = np.asarray(value), f"riata_constant_{len(self.constants)}"
        if array.dtype.kind == "U":
            array = array.astype(object)
        self.constants.append(self.onnx.numpy_helper.from_array(array, name))
        return name

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        name = f"riata_{kind}_{len(self.nodes)}"
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, [name], domain=domain, **attributes))
        return name

    def done(self, answer: str, labels: list[Any] | None, plan: Plan) -> Any:
        helper, types = self.onnx.helper, self.onnx.TensorProto
        kind = types.DOUBLE
        if labels is not None:
            kind = {"U": types.STRING, "O": types.STRING, "i": types.INT64, "b": types.BOOL}.get(
                np.asarray(labels).dtype.kind, types.DOUBLE
            )
        self.nodes.append(helper.make_node("Identity", [answer], ["prediction"]))
        shape = ["rows"] if len(plan.outputs) == 1 else ["rows", len(plan.outputs)]
        output = helper.make_tensor_value_info("prediction", kind, shape)
        graph = helper.make_graph(self.nodes, "riata", self.inputs, [output], self.constants)
        sets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", ML_OPSET)]
        text = "\n".join([*plan.about, f"The columns of prediction are {', '.join(plan.outputs)}."])
        made = helper.make_model(graph, opset_imports=sets, ir_version=IR, doc_string=text, producer_name="riata")
        self.onnx.checker.check_model(made)
        return made


def _linear(plan: Plan, graph: _Graph, n_features: int) -> str:
    """η, (rows, K)."""
    numbers = [term for term in plan.inputs if isinstance(term, Number)]
    parts = [graph.constant([plan.intercept])]
    if numbers and not plan.by_name:
        whole = graph.input("X", width=n_features)
        some = graph.op("Gather", whole, graph.constant([term.place for term in numbers]), axis=1)
        parts.append(graph.op("MatMul", some, graph.constant([term.slope for term in numbers])))
    else:
        parts += [_number(term, graph) for term in numbers]
    parts += [_levels(term, graph) for term in plan.inputs if isinstance(term, Levels)]
    if plan.offset:
        parts.append(graph.input(plan.offset))
    if plan.exposure:
        parts.append(graph.op("Log", graph.input(plan.exposure)))
    return graph.op("Sum", *parts)


def _number(term: Number, graph: _Graph) -> str:
    x = graph.input(term.column)
    product = graph.op("Mul", x, graph.constant([term.slope]))
    if term.missing is None:
        return product
    return graph.op("Where", graph.op("IsNaN", x), graph.constant([term.missing]), product)


def _levels(term: Levels, graph: _Graph) -> str:
    """The row of a table: of a level, of a missing value, or the last one, for a level that is not known."""
    values = dict(term.values)
    if term.boolean:
        values |= {spelt: w for level, w in term.values.items() for spelt in (level.lower(), level.upper())}
    width = len(next(iter(values.values()), term.missing or (0.0,)))
    values.setdefault("", (float("nan"),) * width if term.missing is None else term.missing)
    place = graph.op(
        "LabelEncoder", graph.input(term.column, text=True), domain="ai.onnx.ml",
        keys_strings=list(values), values_int64s=list(range(len(values))), default_int64=len(values),
    )  # fmt: skip
    rows = graph.constant([*values.values(), (0.0,) * width])
    return graph.op("Gather", rows, graph.op("Squeeze", place, graph.constant([1])))


def _answer(plan: Plan, graph: _Graph, eta: str) -> tuple[str, list[Any] | None]:
    """What was asked for, (rows,) or (rows, K); and the labels, if it is a class."""
    if not plan.wide:
        eta = graph.op("Squeeze", eta, graph.constant([1]))
    if plan.classes is not None:
        place = (
            graph.op("ArgMax", eta, axis=1, keepdims=0)
            if plan.wide
            else graph.op("Cast", graph.op("Greater", eta, graph.constant(0.0)), to=graph.onnx.TensorProto.INT64)
        )
        return graph.op("Gather", graph.constant(plan.classes), place), plan.classes
    if plan.link == "logit":
        return graph.op("Sigmoid", eta), None
    if plan.link == "softmax":
        return graph.op("Softmax", eta, axis=1), None
    if plan.link == "log":
        return graph.op("Exp", graph.op("Sub", eta, graph.constant(plan.center))), None
    return eta, None
