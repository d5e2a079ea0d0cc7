"""The report without a browser: it says what was stored, holds no markup of the data, and its recipes work."""

import dataclasses
import html
import json
import re
import shlex
import types
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

import riata
from riata.cli import fitting, main
from riata.cli.app import parsers
from riata.core.errors import InvalidData
from riata.report import reproduce
from riata.report.content import content_of
from riata.report.svg import Frame, decades, inside, nice
from riata.select.options import Options, describe
from riata.select.summary import _less, number
from riata.testing.datasets import load
from tests.surfaces.reports import NASTY, Page, nasty_frame, path_of

CAP = 1_000_000  # bytes


@pytest.fixture(scope="module")
def diabetes():
    return load_diabetes(return_X_y=True, as_frame=True, scaled=False)


@pytest.fixture(scope="module")
def selection(diabetes):
    return riata.select(*diabetes)


@pytest.fixture(scope="module")
def page(selection):
    return Page(riata.report.html(selection))


def test_the_page_is_whole_and_asks_nobody(page, selection):
    text = riata.report.html(selection)
    assert page.faults == []
    assert not re.search(r"https?://|@import|url\(|<link(?! rel=\"icon\" href=\"data:)|\bsrc=", text)
    assert [attributes.get("id") for attributes in page.named("script")] == ["numbers", None]
    assert page.named("html") == [{"lang": "en"}]


def test_the_script_is_small(repository):
    assert len((repository / "src/riata/report/page.js").read_bytes()) <= 15_000


def test_the_numbers_are_the_stored_path(page, selection):
    path, numbers = selection.path, page.numbers
    stored = path_of(page, len(path.lams))
    assert {name for name, _ in stored} == {path.feature_names[j] for j in path.active}
    for j, row in zip(path.active, path.coef_active, strict=True):
        np.testing.assert_allclose(stored[path.feature_names[j], None], row, rtol=1e-7, atol=0)
    np.testing.assert_allclose(numbers["lams"], path.lams, rtol=1e-7)
    np.testing.assert_allclose(numbers["cvm"], selection.cv.cvm, rtol=1e-7)
    np.testing.assert_allclose(numbers["cvse"], selection.cv.cvse, rtol=1e-7)
    np.testing.assert_allclose(numbers["mfdr"], riata.mfdr(selection).rate, rtol=1e-7, atol=1e-12)
    assert numbers["df"] == path.df.tolist()
    assert numbers["index"] == selection.index
    sds = {row["n"]: row["sd"] for row in numbers["rows"]}
    assert all(sds[path.feature_names[j]] == pytest.approx(path.scale[j], rel=1e-9) for j in path.active)


def test_the_table_is_the_selection_without_javascript(page, selection):
    head, *lines = page.tables[0]
    assert head[:3] == ["feature", "coefficient", "per SD"]
    expected = [[row["feature"], number(row["coef"]), number(row["coef_per_sd"])] for row in selection.coef_table]
    assert [line[:3] for line in lines] == expected
    assert selection.summary().splitlines()[0] in page.words


def test_the_verdict_of_a_model_file_is_that_of_its_selection(selection):
    assert content_of(selection.model).verdict == content_of(selection).verdict
    assert content_of(selection.model).verdict == " ".join(selection.summary().splitlines()[:2])


@pytest.mark.parametrize(
    ("options", "columns"),
    [({"family": "binomial"}, ["odds ratio", "local mfdr", "stands in for"]), ({"rule": "min", "penalty": "mcp"}, [])],
)
def test_what_the_data_say_stands_beside_each_feature(options, columns):
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    selection = riata.select(X, y, n_lams=20, **options)
    head, *lines = Page(riata.report.html(selection)).tables[0]
    assert set(columns) <= set(head)
    table = [dict(zip(head, line, strict=True)) for line in lines]
    local = riata.mfdr(selection).local(selection.lam)
    for row in table:
        j = local.feature_names.index(row["feature"])
        assert row["local mfdr"] == f"{local.rate[j]:.3f}"
        r = X.corr()[row["feature"]].drop(row["feature"])
        like = r[abs(r) >= 0.8].sort_values(key=abs, ascending=False)
        said = ", ".join(f"{name} (r {value:.2f})" for name, value in like[:3].items())
        assert row["stands in for"] == said + (f" and {len(like) - 3} more" if len(like) > 3 else "")


def test_names_are_words_and_never_markup():
    frame = nasty_frame()
    selection = riata.select(frame, "<i>y</i>", rule="min")
    page = Page(riata.report.html(selection))
    assert len(selection.features) == len(NASTY)
    assert page.faults == []
    names = {name for name, _ in page.elements}
    assert not names & {"img", "b", "i"}
    assert len(page.named("script")) == 2
    seen = {line[0] for line in page.tables[0][1:]}
    assert seen == {name.replace("\x1b", "\\x1b") for name in NASTY}
    assert {row["n"] for row in page.numbers["rows"]} == seen
    md = selection.to_markdown()
    assert "\x1b" not in md
    assert r"A & b \| \`c\`" in md
    assert r"\<script\>alert(1)\</script\>" in md


def test_no_row_of_the_data_is_in_it():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 4))
    y = X @ [3.0, 2.0, 0.0, 1.0] + rng.standard_normal(60)
    found = riata.select(X, y)
    texts = [riata.report.html(found), found.to_json(), found.to_markdown()]
    for text in texts:
        assert not [v for v in (*X.ravel(), *y) if f"{abs(v):.7g}"[:8] in text and abs(v) > 0.1]
    # twenty times as many rows, the same path: the same page but for a few digits, once bins have their number
    many, more = (
        riata.select(np.tile(X, (k, 1)), np.tile(y, k), foldid=np.tile(np.arange(60) % 10, k)) for k in (20, 400)
    )
    assert len(riata.report.html(more)) < 1.02 * len(riata.report.html(many))


def wide_model(model, n_features, n_lams=100):
    """A model whose path is full: every coefficient non-zero at every λ, with long names."""
    rng = np.random.default_rng(1)
    names = [
        f"a rather long name of a column, number {j} of a table that came out of a laboratory"
        for j in range(n_features)
    ]
    at = list(range(n_lams))
    coef = {name: {"at": at, "value": rng.standard_normal(n_lams).tolist()} for name in names}
    last = {name: entry["value"][-1] for name, entry in coef.items()}
    lams = np.geomspace(1, 1e-3, n_lams).tolist()
    flat = rng.random(n_lams).tolist()
    path = {**model.path, "coef": coef, "sd": dict.fromkeys(names, 1.0), "lams": lams, "df": [n_features] * n_lams,
            "dev_ratio": flat, "gap_rel": flat}  # fmt: skip
    choices = {name: entry | {"index": min(entry["index"], n_lams - 1)} for name, entry in model.cv["choices"].items()}
    cv = {**model.cv, "lams": lams, "cvm": flat, "cvse": flat, "choices": choices}
    features = (*names, *(f"never{j}" for j in range(20_000 - n_features)))
    return dataclasses.replace(model, features=features, path=path, cv=cv, coef=last, coef_per_sd=last, lam=lams[-1])


@pytest.mark.parametrize(("n_features", "n_lams", "room"), [(30, 100, 30), (2_000, 100, 360), (9_000, 4, 600)])
def test_a_report_of_20_000_features_stays_below_a_megabyte(selection, n_features, n_lams, room):
    text = riata.report.html(wide_model(selection.model, n_features, n_lams))
    assert len(text.encode()) < CAP
    page = Page(text)
    assert len(page.numbers["rows"]) == room
    assert ("had no room" in page.words) == (room < n_features)


@pytest.mark.parametrize(("data", "family"), [("riboflavin", "gaussian"), ("dorothea", "binomial")])
def test_reports_of_wide_sets_stay_small(shared_data, data, family):
    """4 088 dense features, and 88 119 sparse ones."""
    held = load(shared_data / "data", data)
    selection = riata.select(held.X, held.y, family=family, n_lams=30, folds=3)
    assert len(riata.report.html(selection).encode()) < CAP


def fitted(name):
    """A selection of each kind that the page must be able to hold."""
    X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    rng = np.random.default_rng(2)
    few = {"n_lams": 12, "folds": 3}
    if name == "none":
        return riata.select(rng.standard_normal((40, 5)), rng.standard_normal(40), **few)
    if name == "one lambda":
        return riata.select(X, y, lams=[5.0], lam=5.0, folds=3)
    if name == "lambda 0":
        return riata.select(X, y, lams=[20.0, 5.0, 0.0], rule="min", folds=3)
    if name == "poisson":
        return riata.select(X, np.round(y / 20), family=name, **few)
    if name == "cox":
        frame = X.assign(time=y, event=(rng.random(len(y)) < 0.7).astype(float))
        return riata.select(frame, ["time", "event"], family=name, **few)
    if name == "multinomial":
        return riata.select(*load_iris(return_X_y=True, as_frame=True), family=name, lam_min_ratio=0.01, **few)
    if name == "multigaussian":
        return riata.select(X.assign(a=y, b=y**2 / 100), ["a", "b"], family=name, **few)
    if name == "group":
        return riata.select(X, y, penalty=name, groups={"blood": ["s1", "s2", "s3"]}, **few)
    if name == "auc":
        return riata.select(X, (y > 150).astype(float), family="binomial", measure=name, **few)
    return riata.select(X, y, **({"penalty": name} if name == "scad" else {"family": name}), **few)


KINDS = ["none", "one lambda", "lambda 0", "poisson", "cox", "multinomial", "multigaussian", "group", "auc", "scad",
         "huber", "sqrt"]  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model_has_a_report(kind):
    selection = fitted(kind)
    page = Page(riata.report.html(selection))
    assert page.faults == []
    assert "NaN" not in page.scripts[0]
    assert all(not re.search(r"\bnan\b|\binf\b", value) for _, a in page.elements for value in a.values() if value)
    assert len(page.tables[0]) - 1 == len(selection.coef_table)
    shown = {
        (line[0], float(line[1 + (selection.path.outputs is not None)].replace(",", ""))) for line in page.tables[0][1:]
    }
    assert shown == {(row["feature"], float(number(row["coef"]).replace(",", ""))) for row in selection.coef_table}
    facts = json.loads(selection.to_json())
    assert facts["lambda"] == selection.lam
    assert len(facts["features"]) == len(selection.coef_table)
    assert selection.to_markdown().count("\n| ") >= len(selection.coef_table)


def test_a_selection_of_nothing_says_so():
    page = Page(riata.report.html(fitted("none")))
    assert "None of 5 features helps" in page.words
    assert "hidden" not in next(a for a in page.named("p") if a.get("id") == "none")


def test_warnings_come_first(selection):
    warned = dataclasses.replace(selection, warnings=["this is <odd>: do that."])
    text = riata.report.html(warned)
    assert text.index("this is &lt;odd&gt;: do that.") < text.index("<svg")


def test_a_model_without_cross_validation_is_refused(selection):
    with pytest.raises(InvalidData, match="nothing to report"):
        riata.report.html(dataclasses.replace(selection.model, cv={}))


def test_a_notebook_gets_the_page_in_a_frame(selection):
    (frame,) = re.findall(r'srcdoc="([^"]*)"', selection._repr_html_())
    assert html.unescape(frame) == riata.report.html(selection)


# --- the same model again --------------------------------------------------------------------------------------------


def code_of(result, title):
    (recipe,) = [recipe for recipe in reproduce.recipes(result.model) if recipe.title == title]
    return recipe


@pytest.mark.parametrize(
    "options", [{}, {"rule": "min", "l1_ratio": 0.5, "seed": 3}, {"lam": 2.5, "standardize": False}]
)
def test_the_python_call_gives_the_same_model(diabetes, options):
    X, y = diabetes
    frame = X.assign(target=y)
    first = riata.select(frame, "target", **options)
    scope = {"df": frame}
    code = code_of(first, "Python").code
    exec(code.replace("print(", "("), scope)
    assert scope["selection"].lam == first.lam
    assert scope["selection"].coef_table == first.coef_table


@pytest.mark.parametrize(
    "options",
    [{}, {"rule": "min", "seed": 3, "folds": 5, "positive": True}, {"lam": 2.5, "standardize": False, "l1_ratio": 0.3},
     {"penalty": "mcp", "gamma": 2.5, "n_lams": 20}, {"drop": ["s1", "s2"], "fit_intercept": False}],
)  # fmt: skip
def test_the_command_says_the_same_options(diabetes, options):
    X, y = diabetes
    first = riata.select(X.assign(target=y), "target", **options)
    words = shlex.split(code_of(first, "Command line").code)
    assert words[:2] == ["riata", "fit"]
    from riata.cli.commands import fit

    args = parsers({"fit": fit}, ["fit"])[0].parse_args(words[1:])
    said, meant = describe(Options.of(**fitting.given(args))), first.model.options
    rule = said["rule"] if first.model.rule != "given" else meant["rule"]
    dropped = [name for words in said["drop"] for name in words.split(",")]
    assert said | {"rule": rule, "drop": dropped} == meant | {"drop": list(meant["drop"])}
    assert args.target == ["target"]


@pytest.mark.parametrize("options", [{}, {"l1_ratio": 0.4, "rule": "min"}, {"standardize": False}, {"positive": True}])
def test_scikit_learn_finds_the_same_coefficients(diabetes, options):
    X, y = diabetes
    selection = riata.select(X, y, **options)
    scope = {"X": X, "y": y}
    exec(code_of(selection, "scikit-learn").code, scope)
    scaled = options.get("standardize", True)
    theirs = (scope["fit"][-1] if scaled else scope["fit"]).coef_ / (selection.path.scale if scaled else 1.0)
    np.testing.assert_allclose(theirs, selection.path.coef[:, selection.index], rtol=1e-5, atol=1e-8)


def test_scikit_learn_finds_the_same_logistic_model():
    X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    selection = riata.select(X[X.columns[:6]], y, family="binomial", n_lams=30, rule="1se")
    code = code_of(selection, "scikit-learn").code
    scope = {"X": X[X.columns[:6]], "y": y}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        exec(code.replace("1_000_000", "20_000").replace("tol=1e-10", "tol=1e-7"), scope)
    ours = selection.path.coef[:, selection.index] * selection.path.scale
    np.testing.assert_allclose(scope["fit"][-1].coef_[0], ours, atol=1e-3)


def test_glmnet_lambda_and_alpha_of_an_elastic_net(diabetes):
    """glmnet solves the problem of y / sd(y) and scales back: so must the converted numbers give the same model."""
    X, y = diabetes
    lam, ratio, sd = 3.0, 0.3, float(y.std(ddof=0))
    given, alpha = reproduce.for_glmnet(lam, ratio, sd)
    theirs = riata.path(X, y / sd, lams=[given / sd], l1_ratio=alpha).coef[:, 0] * sd
    ours = riata.path(X, y, lams=[lam], l1_ratio=ratio).coef[:, 0]
    np.testing.assert_allclose(theirs, ours, rtol=1e-6)
    code = code_of(riata.select(X, y, l1_ratio=ratio, lam=lam), "glmnet (R)").code
    assert f"alpha = {alpha!r}" in code
    assert float(re.search(r"s = ([\d.e+-]+),", code)[1]) == pytest.approx(given, rel=1e-12)


@pytest.mark.parametrize(
    ("options", "why"),
    [({"family": "huber"}, "no lasso for the family huber"), ({"penalty": "scad"}, "no penalty scad"),
     ({"sample_weight": np.ones(442)}, "sample weights")],
)  # fmt: skip
def test_what_others_cannot_say_is_not_written(diabetes, options, why):
    selection = riata.select(*diabetes, n_lams=10, folds=3, **options)
    for title in ("scikit-learn", "glmnet (R)"):
        recipe = code_of(selection, title)
        assert recipe.code == ""
        assert why in recipe.note


def test_the_name_of_a_file_stays_in_its_comment(selection):
    label = "a.csv\nimport os"
    model = dataclasses.replace(selection.model, data=selection.model.data | {"label": label})
    assert "\nimport os" not in reproduce.python(model).code
    assert label in shlex.split(reproduce.shell(model).code)


def test_survival_times_in_memory_have_a_command_too(diabetes):
    X, y = diabetes
    found = riata.select(X, np.column_stack([y, np.arange(len(y)) % 3 > 0]), family="cox", n_lams=20, folds=3)
    words = shlex.split(reproduce.shell(found.model).code)
    assert "-y" not in words
    assert words[words.index("--time") + 1 :][:3] == ["time", "--event", "event"]


def test_nearly_all_is_never_said_to_be_all():
    assert _less(0.0009, 94.5) == " (over 99 % less)"
    assert _less(0.6, 1.0) == " (40 % less)"
    assert _less(0.0, 1.0) == " (100 % less)"


# --- pictures --------------------------------------------------------------------------------------------------------


def test_axes():
    assert nice(-3, 17) == [0.0, 5.0, 10.0, 15.0]
    assert decades(0.001, 10) == [0.001, 0.01, 0.1, 1.0, 10.0]
    frame = Frame([100.0, 10.0, 1.0, 0.0], 0.0, 1.0)
    assert frame.shares() == [0.0, 0.5, 1.0, 1.0]
    assert (frame.y(0.0), frame.y(1.0)) == (270.0, 44.0)


def test_words_at_the_edge_stay_inside_and_those_of_rules_above_the_curves(page):
    words = inside("12,600", 472.0, 10.0)
    assert float(re.search(r'x="([\d.]+)"', words)[1]) < 460
    heights = [float(y) for line in page.named("polyline") if line.get("class") in ("curve", "named")
               for y in re.findall(r",([\d.]+)", line["points"])]  # fmt: skip
    assert len(heights) > 300
    assert min(heights) > 44 + 14  # the words of the rules stand in the uppermost 14


def test_each_named_line_ends_at_its_stored_value(page, selection):
    lines = [a for a in page.named("polyline") if a.get("class") == "named"]
    order = [row["n"] for row in page.numbers["rows"]]
    path = selection.path
    ends = {}
    for a in lines:
        points = [tuple(map(float, pair.split(","))) for pair in a["points"].split()]
        ends[order[int(a["data-row"])]] = points[-1][1]
    names = [path.feature_names[j] for j in path.active]
    values = (path.coef_active * path.scale[path.active, None])[:, -1]
    by_value = sorted(zip(values, names, strict=True))
    assert [name for _, name in by_value] == sorted(ends, key=lambda name: -ends[name])
    # heights are linear in the values
    fit = np.polyfit(values, [ends[name] for name in names], 1)
    np.testing.assert_allclose(np.polyval(fit, values), [ends[name] for name in names], atol=0.11)


# --- the command line ------------------------------------------------------------------------------------------------


def test_the_commands_write_reports(tmp_path, diabetes, capsys):
    pytest.importorskip("polars", reason="the command line reads tables with the extra riata[table]")
    X, y = diabetes
    data, model, own, late = (tmp_path / name for name in ("d.csv", "m.json", "a.html", "b.html"))
    X.assign(target=y).to_csv(data, index=False)
    assert main(["fit", str(data), "-y", "target", "-o", str(model), "--report", str(own)]) == 0
    assert f"the report is in {own}." in capsys.readouterr().err
    assert main(["report", str(model), "-o", str(late)]) == 0
    assert capsys.readouterr().out.strip() == str(late)
    assert Page(own.read_text("utf-8")).tables[0][0] == ["feature", "coefficient", "per SD", "stands in for"]
    assert Page(late.read_text("utf-8")).tables[0][0] == ["feature", "coefficient", "per SD"]
    assert shlex.join(["riata", "fit", str(data)]) in late.read_text("utf-8")
    assert main(["report", str(model), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["schema"] == {"name": "riata.report", "version": 1}
    assert main(["report", str(model), "--markdown"]) == 0
    assert capsys.readouterr().out.startswith("# What predicts target")
    assert main(["report", str(model), "-o", str(model)]) == 2
    assert isinstance(riata.report, types.ModuleType)
    assert Options().rule == "1se"
