"""What a result shows of itself at a prompt: a line, never its arrays; and tables that any frame library takes."""

import html.parser
import json
import pickle

import numpy as np
import pytest

import riata
from riata.core.result_frame import ResultFrame


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 200))
    return X, 2 * X[:, 0] - X[:, 3] + rng.normal(size=60)


@pytest.fixture(scope="module")
def chosen(data):
    return riata.select(*data, rule="min")


def test_results_show_themselves_in_one_line(data, chosen):
    path, cv, k = chosen.path, chosen.cv, len(chosen.features)
    shown = {
        f"Path(100 lambdas, {path.lams[0]:.4g} to": path,
        "CVResult(mse of 10 folds over 100 lambdas, best": cv,
        f"Model(gaussian, {k} of 200 features, lam={chosen.lam:.6g}, rule='min')": chosen.model,
        f"OutOfFold(60 of 60 samples, lam={chosen.lam:.6g})": chosen.out_of_fold(),
        "Constrained(2 radii, 200 features, gap_rel ≤": riata.constrained(*data, [0.5, 1.0]),
        "Relaxed(best mean squared error": riata.relaxed_lasso(*data),
        "LocalMFDR(": riata.mfdr(riata.path(*data)).local(),
        "Problem(gaussian, 60 samples × 200 features)": riata.make_problem(*data),
        "x0 is in the model": chosen.explain("x0"),
    }
    for begins, result in shown.items():
        said = repr(result)
        assert said.startswith(begins)
        assert "array(" not in said
        assert "\n" not in said
        assert len(said) < 250
    assert f"with {k} of 200 features)" in repr(cv)


def test_one_is_singular(data):
    X, y = data
    assert repr(riata.path(X, y, lams=[1.0])).startswith("Path(1 lambda, 1, up to 2 of 200 features,")
    assert repr(riata.constrained(X, y, 1.0)).startswith("Constrained(1 radius,")


def test_tables_print_with_words_left_and_numbers_right():
    frame = ResultFrame(feature=["a", "long name"], coef=[1.5, -22.123456789], on=[True, None])
    assert repr(frame) == (
        "feature        coef    on\n"
        "a               1.5  True\n"
        "long name  -22.1235\n"
        "[2 rows × 3 columns]"
    )  # fmt: skip


def test_long_tables_show_their_ends_and_long_cells_their_beginning():
    frame = ResultFrame(i=list(range(1000)), word=["x" * 500] * 1000)
    lines = repr(frame).splitlines()
    assert len(lines) == 1 + 10 + 1 + 5 + 1
    assert lines[-1] == "[1,000 rows × 2 columns]"
    assert lines[1].split()[0] == "0"
    assert lines[-2].split()[0] == "999"
    assert max(map(len, lines)) < 70
    assert repr(ResultFrame(i=[])) == "i\n[0 rows × 1 column]"
    assert repr(ResultFrame()) == "[0 rows × 0 columns]"


def test_names_cannot_drive_a_terminal_or_a_page():
    frame = ResultFrame({"<script>": ["a\x1b[31mb", "<b>"]})
    assert "\x1b" not in repr(frame)
    assert r"a\x1b[31mb" in repr(frame)
    tags = []
    parser = html.parser.HTMLParser()
    parser.handle_starttag = lambda tag, attrs: tags.append(tag)
    parser.feed(frame._repr_html_())
    assert set(tags) == {"table", "thead", "tbody", "tr", "th", "td", "p"}


def test_frame_libraries_take_tables(chosen):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    frame = chosen.to_frame()
    assert isinstance(frame, ResultFrame)
    assert frame.shape == (len(chosen.features), 3)
    assert polars.DataFrame(frame).rows() == list(zip(*frame.values(), strict=True))
    assert pandas.DataFrame(frame).to_dict("list") == frame
    assert pickle.loads(pickle.dumps(frame)) == frame
    assert json.loads(json.dumps(frame)) == frame


def test_every_table_of_a_result_is_such_a_frame(data, chosen):
    results = (
        chosen, chosen.path, chosen.twins(), chosen.out_of_fold(), riata.mfdr(chosen), riata.compare(*data),
        riata.relaxed_lasso(*data), riata.stability_selection(*data), riata.doctor(*data),
    )  # fmt: skip
    for frame in [*(result.to_frame() for result in results), chosen.criteria()]:
        assert isinstance(frame, ResultFrame)
        assert len({len(column) for column in frame.values()}) == 1
