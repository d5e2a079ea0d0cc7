"""How to get the same model again: in Python, on the command line, with glmnet, and with scikit-learn."""

from __future__ import annotations

import dataclasses
import json
import math
import shlex
from typing import Any

from riata.model.record import Model
from riata.select.options import Options, describe
from riata.table.words import printable

# Keywords of select() whose flags have other names, and those that no flag stands for.
FLAGS = {"lam": "--lambda", "sample_weight": "--weights"}
SWITCHES = {"standardize": (False, "--no-standardize"), "fit_intercept": (False, "--no-intercept"),
            "positive": (True, "--positive")}  # fmt: skip
NO_FLAG = {"lams", "lower", "upper", "cv", "feature_names", "threads"}
# What changes the problem, so that other libraries' calls as written here would solve another one.
BEYOND = {"penalty_factor": "penalty factors", "sample_weight": "sample weights", "offset": "an offset",
          "exposure": "an exposure", "strata": "strata", "lower": "bounds", "upper": "bounds"}  # fmt: skip
APART = "y"  # the name of a target that was given beside the features
LONGEST = 2000  # letters of an option's value: thousands of names of features are no code to copy
GLMNET = ("gaussian", "binomial", "poisson", "multinomial", "cox")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Code in one language, and a sentence about it; ``code`` is empty where there is no such call."""

    title: str
    code: str
    note: str = ""


def recipes(model: Model) -> list[Recipe]:
    """All of them, ours first."""
    return [python(model), shell(model), scikit_learn(model), glmnet(model)]


def changed(model: Model) -> dict[str, Any]:
    """The options that are not at their defaults, those of the penalty among them."""
    defaults = describe(Options())
    given = {key: value for key, value in model.options.items() if key in defaults and value != defaults[key]}
    return given | given.pop("penalty_options", {})


def unwritten(value: Any) -> bool:
    """Whether an option was an array or an object, of which a model file keeps the kind alone; or is a long list."""
    return (isinstance(value, str) and value.startswith("given (")) or len(repr(value)) > LONGEST


def about(model: Model) -> str:
    """Which data the code is about."""
    data = model.data
    label = f"{printable(data['label'], keep='')}, " if data.get("label") else ""  # one line: it ends in a comment
    return f"{label}{data['n_samples']} rows, sha256 {data['sha256'][:16]}"


def targets(model: Model) -> list[str]:
    """The names of the target's columns."""
    return [part.strip() for part in str(model.data["target"]).split(",")]


def python(model: Model) -> Recipe:
    given = changed(model)
    lacking = [name for name, value in given.items() if unwritten(value)]
    words = [f"{name}={value!r}" for name, value in given.items() if name not in lacking]
    names = targets(model)
    by_name = model.encoder is not None and names != [APART]
    first = ["df", repr(names[0] if len(names) == 1 else names)] if by_name else ["X", "y"]
    code = f"import riata\n\n# {'df: the table' if by_name else 'X, y: features and target'}; {about(model)}\n"
    code += f"selection = riata.select({', '.join(first + words)})\nprint(selection.summary())"
    note = f"Also given, as arrays or objects: {', '.join(lacking)}." if lacking else ""
    return Recipe("Python", code, note)


def shell(model: Model) -> Recipe:
    argv = model.provenance.get("argv")
    if argv:
        return Recipe("Command line", shlex.join(argv))
    given = changed(model)
    lacking = [name for name, value in given.items() if unwritten(value) or (name in NO_FLAG and name != "threads")]
    words = ["riata", "fit", model.data.get("label") or "data.csv"]
    names = targets(model)
    if model.family == "cox":
        time, event = names[-2:] if len(names) > 1 else ("time", "event")
        words += ["--time", time, "--event", event]
    else:
        words += ["-y", ",".join(names)]
    for name, value in given.items():
        if name not in lacking and name not in NO_FLAG:
            words += flag(name, value)
    note = f"Without a flag of its own: {', '.join(lacking)}." if lacking else ""
    return Recipe("Command line", shlex.join([*words, "-o", "model.json"]), note)


def flag(name: str, value: Any) -> list[str]:
    """One option as words of the command line."""
    if name in SWITCHES:
        return [SWITCHES[name][1]] if value == SWITCHES[name][0] else []
    word = FLAGS.get(name, f"--{name.replace('_', '-')}")
    if isinstance(value, dict):
        return [part for key, member in value.items() for part in (word, f"{key}={member}")]
    return [word, ",".join(map(str, value)) if isinstance(value, list) else str(value)]


def special(model: Model, families: tuple[str, ...]) -> str:
    """Why another library's call would not be the same problem, or nothing."""
    options = model.options
    if model.family not in families:
        return f"It has no lasso for the family {model.family}."
    if options.get("penalty", "l1") != "l1":
        return f"It has no penalty {options['penalty']}, or in another form."
    beyond = [words for key, words in BEYOND.items() if options.get(key) is not None]
    if beyond:
        return f"This fit has {' and '.join(dict.fromkeys(beyond))}, which would have to be carried over by hand."
    return ""


def scikit_learn(model: Model) -> Recipe:
    title = "scikit-learn"
    why = special(model, ("gaussian", "binomial", "multinomial"))
    o, lam = model.options, model.lam
    if not why and not o["fit_intercept"] and o["standardize"]:
        why = "StandardScaler centres the columns, which a model without an intercept must not."
    if not why and model.family != "gaussian" and o["positive"]:
        why = "Its LogisticRegression has no sign constraint."
    if not why and lam == 0:
        why = "λ = 0 is no penalty: its LinearRegression or LogisticRegression."
    if why:
        return Recipe(title, "", why)
    more = "" if o["fit_intercept"] else ", fit_intercept=False"
    if model.family == "gaussian":
        more += ", positive=True" if o["positive"] else ""
        ratio = "" if o["l1_ratio"] == 1 else f", l1_ratio={o['l1_ratio']!r}"
        name = "ElasticNet" if ratio else "Lasso"
        call = f"{name}(alpha={lam!r}{ratio}{more}, tol=1e-10, max_iter=1_000_000)"
        note = "alpha is λ as it is."
    else:
        name, n, ratio = "LogisticRegression", model.data["n_samples"], o["l1_ratio"]
        call = f'{name}(C={1 / (n * lam)!r}, l1_ratio={ratio!r}, solver="saga", tol=1e-10, max_iter=1_000_000{more})'
        note = f"C = 1/(n·λ) = 1/({n} × {lam:.6g}); scikit-learn 1.8 or newer."
    lines = [f"from sklearn.linear_model import {name}"]
    if o["standardize"]:
        lines += ["from sklearn.pipeline import make_pipeline", "from sklearn.preprocessing import StandardScaler"]
        call = f"make_pipeline(\n    StandardScaler(),\n    {call},\n)"
        note += " Its coefficients are per standard deviation."
    which = "" if model.encoder is None else ", text as 0/1 columns"
    lines += [
        "",
        f"# X: the {len(model.features):,} features as numbers{which}; y: the target",
        f"fit = {call}.fit(X, y)",
    ]
    return Recipe(title, "\n".join(lines), note)


def glmnet(model: Model) -> Recipe:
    title = "glmnet (R)"
    why, o = special(model, GLMNET), model.options
    ridge = o["l1_ratio"] < 1
    if not why and ridge and model.family == "gaussian" and not o["fit_intercept"]:
        why = "It scales the target in another way where there is no intercept, which changes the ridge part."
    if why:
        return Recipe(title, "", why)
    lam, alpha, note = model.lam, o["l1_ratio"], "lambda is λ as it is."
    if ridge and model.family == "gaussian":
        lam, alpha = for_glmnet(model.lam, o["l1_ratio"], math.sqrt(model.path["null_deviance"]))
        note = "glmnet divides the ridge part by the standard deviation of y: lambda and alpha are converted."
    words = [f'family = "{model.family}"', f"alpha = {alpha!r}", f"standardize = {r_logical(o['standardize'])}"]
    words += [] if o["fit_intercept"] or model.family == "cox" else ["intercept = FALSE"]
    words += ["lower.limits = 0"] if o["positive"] else []
    y = "survival::Surv(time, event)" if model.family == "cox" else "y"
    code = f"library(glmnet)\n# x: the numeric matrix of the {len(model.features):,} features\n"
    code += f"fit <- glmnet(x, {y}, {', '.join(words)}, thresh = 1e-14)\n"
    code += f"coef(fit, s = {lam!r}, exact = TRUE, x = x, y = {y})"
    return Recipe(title, code, note + (" Its coefficients are in the units of the data." if o["standardize"] else ""))


def for_glmnet(lam: float, l1_ratio: float, sd: float) -> tuple[float, float]:
    """(lambda, alpha) of a Gaussian elastic net in glmnet, which solves it for y / sd and scales back.

    There ½ λ'(1 − α) ‖w/sd‖² stands beside λ'α ‖w/sd‖₁ with λ' = lambda / sd: lambda·alpha must be λ·l1_ratio, and
    lambda·(1 − alpha) must be λ·(1 − l1_ratio)·sd.
    """
    lasso, ridge = lam * l1_ratio, lam * (1 - l1_ratio) * sd
    return lasso + ridge, lasso / (lasso + ridge)


def r_logical(value: bool) -> str:
    return json.dumps(value).upper()
