"""A fitted model: coefficients by name, how to make their columns from a table, and where all of it came from."""

from __future__ import annotations

import dataclasses
import os
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riata.core.drawn import Reported
from riata.core.errors import InvalidData, ModelFileError
from riata.model import schema
from riata.model.answer import as_kind, survival
from riata.model.design import Prediction, design_of
from riata.model.files import read_json, to_json, write_atomically
from riata.table.columns import RowLabel
from riata.table.encode import Encoder, frame_row

Floats = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Model(Reported):
    """A linear model and its history.

        prediction = mean(η),   η = offset + intercept + Σ coef[name] · column(name)

    with the mean of the family: η itself, the probability 1/(1 + e^−η) of the second class, the rate e^η, or for
    survival times the hazard relative to a row of average risk. A model of K classes or targets has K of each: its
    coefficients are lists, and η is (n_rows, K); the probabilities are e^ηₖ / Σ e^η.

    Attributes
    ----------
    family, rule : str;  lam : float, the chosen λ
    intercept : float, in units of y
    coef : dict name -> units of y per unit of the column; only non-zero ones
    coef_per_sd : dict name -> units of y per standard deviation of the column
    features : tuple of str, every column that could have been chosen, in order
    encoder : Encoder, or None for a model fitted on an array
    path : dict: lams, intercept, gap_rel, df, dev_ratio, and coef by name as {"at": indices of λ, "value": …}
    cv : dict: lams, cvm, cvse, loss, lam_min, lam_1se, …; empty without cross-validation
    certificate : dict: gap_rel at λ, the largest over all λ (path) and over all λ and folds, tol, status
    data : dict: label, sha256 of names and values, n_samples, n_features
    options, provenance : dict;  notes : tuple of str
    response : dict: link, and classes, exposure or baseline where the family has them
    outputs : names of the K classes or targets, in the order of intercept and coef; None for one
    """

    family: str
    rule: str
    lam: float
    intercept: Any
    coef: dict[str, Any]
    coef_per_sd: dict[str, Any]
    features: tuple[str, ...]
    encoder: Encoder | None
    path: dict[str, Any]
    cv: dict[str, Any]
    certificate: dict[str, Any]
    data: dict[str, Any]
    options: dict[str, Any]
    provenance: dict[str, Any]
    notes: tuple[str, ...] = ()
    response: dict[str, Any] = dataclasses.field(default_factory=lambda: {"link": "identity"})
    outputs: tuple[str, ...] | None = None

    def __repr__(self) -> str:
        size = f"{len(self.coef):,} of {len(self.features):,} features"
        return f"Model({self.family}, {size}, lam={self.lam:.6g}, rule={self.rule!r})"

    def predict(self, X: Any, offset: Any = None, kind: str = "response") -> Any:
        """Predictions for the rows of a frame or an array.

        ``kind`` is "response" (a number, the probability of the second class, a rate, a hazard ratio), "link" (η) or
        "class" (the most probable one). Of several targets, or of the probabilities of more than two classes, it is
        (n_rows, n_outputs), in the order of ``outputs``. Counts with an exposure are expected counts where the frame
        has its column, else rates for exposure 1.

        A frame may have its columns in any order and further ones; columns whose coefficients are all zero need not
        be there. Levels never seen at the fit, and means that filled a gap, give a UserWarning each.

        Raises InvalidData naming the column (with the closest name there is) or the row, column and value.
        """
        result = self.predict_table(X, offset=offset, kind=kind)
        for sentence in result.warnings:
            warnings.warn(sentence, UserWarning, stacklevel=2)
        return result.values

    def predict_survival(self, X: Any, times: Any, *, offset: Any = None, strata: Any = None) -> Floats:
        """Probability to be free of the event at each of ``times``, shape (n_rows, n_times); Cox models only.

        ``strata`` are the labels of the rows, where the model was fitted with strata.
        """
        return self.survival(self.predict(X, offset=offset, kind="link"), times, strata)

    def survival(self, eta: Floats, times: Any, strata: Any = None) -> Floats:
        """:meth:`predict_survival` from linear predictors."""
        return survival(self.response, eta, np.atleast_1d(np.asarray(times, dtype=np.float64)), strata)

    def predict_table(
        self, X: Any, *, offset: Any = None, row_label: RowLabel = frame_row, kind: str = "response"
    ) -> Prediction:
        """As :meth:`predict`, with the warnings and notes returned and none issued."""
        names, shape = list(self.coef), () if self.outputs is None else (len(self.outputs),)
        block = design_of(self, X, names, offset, row_label)
        weights = np.array([self.coef[name] for name in names], dtype=float).reshape(len(names), *shape)
        values = np.full((block.n, *shape), self.intercept)
        if names:
            values = values + np.asarray(block.X @ weights)
        if block.offset is not None:
            _check_offset(block.offset, values.shape)
            values = values + block.offset
        return Prediction(as_kind(self.response, values, kind), block.warnings, block.notes)

    def save(self, where: str | os.PathLike[str]) -> None:
        """Write the model to the JSON file ``where``: all of it or, if anything fails, nothing."""
        write_atomically(where, to_json(self.to_dict()))

    @classmethod
    def load(cls, where: str | os.PathLike[str]) -> Model:
        """Read a model file. Runs no code. Raises ModelFileError saying what is wrong with the file."""
        return cls.from_dict(read_json(where), os.fspath(where))

    def to_dict(self) -> dict[str, Any]:
        """JSON-able form, with the schema's name and version first."""
        body = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        body["lambda"] = body.pop("lam")
        body["features"], body["notes"] = list(self.features), list(self.notes)
        body["outputs"] = None if self.outputs is None else list(self.outputs)
        body["encoder"] = None if self.encoder is None else self.encoder.to_dict()
        order = list(schema.PARTS)
        return {"schema": {"name": schema.NAME, "version": schema.VERSION}} | {key: body[key] for key in order}

    @classmethod
    def from_dict(cls, data: Any, label: str = "the model") -> Model:
        """Inverse of :meth:`to_dict`; ModelFileError for anything else."""
        checked = schema.check(data, label)
        body = {key: checked[key] for key in schema.PARTS}
        try:
            encoder = None if body["encoder"] is None else Encoder.from_dict(body["encoder"])
        except (KeyError, TypeError, AttributeError) as error:
            raise ModelFileError(f'{label}: "encoder" is not what it should be.', got=str(error)) from error
        if encoder is not None and encoder.names != tuple(body["features"]):
            raise ModelFileError(f'{label}: "encoder" and "features" do not name the same columns.')
        body |= {"encoder": encoder, "lam": float(body.pop("lambda"))}
        body |= {"features": tuple(body["features"]), "notes": tuple(body["notes"])}
        body["outputs"] = None if body["outputs"] is None else tuple(body["outputs"])
        return cls(**body)


def _check_offset(offset: Floats, shape: tuple[int, ...]) -> None:
    if offset.shape != shape:
        raise InvalidData(
            "the offset does not fit the prediction.", expected=f"shape {shape}", got=f"shape {offset.shape}"
        )


def load_model(where: str | os.PathLike[str]) -> Model:
    """The model in the JSON file ``where``; see :meth:`Model.load`."""
    return Model.load(where)
