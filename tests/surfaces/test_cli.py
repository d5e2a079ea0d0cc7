"""The command line: what it prints where, its exit codes, and the files it leaves."""

import contextlib
import json
import os
import subprocess
import sys
import time

import numpy as np
import pytest

from riata.cli import main
from riata.cli.app import command_names
from riata.cli.screen import as_flags

pytest.importorskip("polars", reason="the command line reads tables with the extra riata[table]")

FIT_OPTIONS = [
    "--rule", "--lambda", "--l1-ratio", "--folds", "--foldid", "--fold-groups", "--repeats", "--seed", "--weights",
    "--offset", "--drop", "--keep", "--na", "--no-standardize", "--no-intercept", "--penalty-factor", "--positive",
    "--json", "--strict", "--quiet", "--verbose", "--format", "--threads", "--tol", "--debug", "--output", "--target",
    "--penalty", "--groups", "--group-weights", "--gamma", "--pilot", "--share",
]  # fmt: skip


@pytest.fixture
def houses(tmp_path):
    """A table with numbers, text, an identifier and a missing value."""
    rng = np.random.default_rng(7)
    n = 80
    size, rooms, town = rng.gamma(3, 40, n), rng.integers(1, 7, n), rng.choice(["bonn", "oslo", "rome"], n)
    price = 3 * size + 30 * (town == "rome") + 8 * rng.standard_normal(n)
    lines = ["key,size,rooms,living area,town,price"]
    for i in range(n):
        lines.append(f"h{i},{size[i]:.3f},{rooms[i]},{rng.integers(20, 99)},{town[i]},{price[i]:.2f}")
    path = tmp_path / "houses.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def riata(*words, **environment):
    """Run the real command in its own process."""
    return subprocess.run(
        [sys.executable, "-m", "riata.cli", *map(str, words)],
        capture_output=True, text=True, timeout=120, env={**os.environ, **environment},
    )  # fmt: skip


def test_fit_prints_the_result_and_keeps_its_voice_down(houses, tmp_path, capsys):
    assert main(["fit", str(houses), "-y", "price", "-o", str(tmp_path / "m.json")]) == 0
    out, err = capsys.readouterr()
    assert "features predict price (80 rows, λ = " in out
    for words in ("size", "town=rome", "per SD", "1se (chosen)", "min", "± SE", "certificate: largest gap_rel"):
        assert words in out, words
    assert "note: left out" in err
    assert "key (every value differs)" in err
    assert "m.json" in err
    assert "note:" not in out
    assert (tmp_path / "m.json").exists()


def test_quiet_is_quiet(houses, capsys):
    assert main(["fit", str(houses), "-y", "price", "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_the_same_command_gives_the_same_answer(houses, capsys):
    outs = []
    for _ in range(2):
        assert main(["fit", str(houses), "-y", "price", "--seed", "3"]) == 0
        outs.append(capsys.readouterr().out)
    assert outs[0] == outs[1]


def test_fit_predict_inspect(houses, tmp_path, capsys):
    import polars as pl

    from riata.model import load_model

    model, preds = tmp_path / "m.json", tmp_path / "p.csv"
    assert main(["fit", str(houses), "-y", "price", "-o", str(model)]) == 0
    assert main(["predict", str(model), str(houses), "-o", str(preds)]) == 0
    capsys.readouterr()
    assert main(["predict", str(model), str(houses), "-q"]) == 0
    assert capsys.readouterr().out == preds.read_text()
    frame = pl.read_csv(preds)
    assert frame.columns == ["prediction"]
    direct = load_model(model).predict(pl.read_csv(houses))
    assert frame["prediction"].to_list() == direct.tolist(), "no digit is lost"
    assert np.corrcoef(direct, pl.read_csv(houses)["price"])[0, 1] > 0.9
    assert main(["inspect", str(model)]) == 0
    out = capsys.readouterr().out
    for words in ("gaussian model for price", "needs:", "certificate:", "command:", "riata fit", "sha256", "town=rome"):
        assert words in out, words
    assert main(["inspect", str(model), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(model.read_text())


def test_json_is_the_whole_of_stdout(houses, capsys):
    assert main(["fit", str(houses), "-y", "price", "--json", "--lambda", "20"]) == 0
    data = json.loads(capsys.readouterr().out)
    assert data["schema"] == {"name": "riata.fit", "version": 1}
    assert data["lambda"] == 20
    assert data["rule"] == "given"
    assert data["certificate"]["largest"] <= 1e-8
    assert data["features"][0]["feature"] == "size"
    assert set(data["choices"]) == {"min", "1se"}
    assert data["model"] is None


def test_options_mean_what_the_keywords_mean(houses, capsys):
    import polars as pl

    import riata as library

    def table():
        return pl.read_csv(houses)

    cases = [
        (["--rule", "min", "--folds", "4", "--seed", "5"], {"rule": "min", "folds": 4, "seed": 5}),
        (["--l1-ratio", "0.5", "--repeats", "2"], {"l1_ratio": 0.5, "repeats": 2}),
        (["--no-standardize", "--no-intercept"], {"standardize": False, "fit_intercept": False}),
        (["--drop", "living area,k*", "--positive"], {"drop": ["living area", "key"], "positive": True}),
        (["--keep", "size", "--keep", "town"], {"keep": ["size", "town"]}),
        (["--penalty-factor", "size=0,town=inf"], {"penalty_factor": {"size": 0, "town": np.inf}}),
        (["--weights", "rooms", "--offset", "living area"], {"sample_weight": "rooms", "offset": "living area"}),
        (["--fold-groups", "rooms", "--folds", "3"], {"fold_groups": "rooms", "folds": 3}),
        (["--foldid", "rooms", "--measure", "mae"], {"foldid": "rooms", "measure": "mae"}),
        (["--categories", "rooms", "--n-lams", "20", "--lam-min-ratio", "0.01"],
         {"categories": "rooms", "n_lams": 20, "lam_min_ratio": 0.01}),
    ]  # fmt: skip
    default = library.select(table(), "price")
    for words, keywords in cases:
        assert main(["fit", str(houses), "-y", "price", "--json", *words]) == 0
        data = json.loads(capsys.readouterr().out)
        sel = library.select(table(), "price", **keywords)
        assert data["lambda"] == pytest.approx(sel.lam, rel=1e-9), words
        assert {r["feature"]: r["coef"] for r in data["features"]} == pytest.approx(sel.model.coef, rel=1e-9), words
        assert sel.cv.cvm[0] != default.cv.cvm[0] or sel.coef_table != default.coef_table, f"{words} changed nothing"


def test_penalty_factors_from_a_file(houses, tmp_path, capsys):
    factors = tmp_path / "factors.csv"
    factors.write_text("name,factor\nsize,inf\nliving area,0\n")
    assert main(["fit", str(houses), "-y", "price", "--json", "--penalty-factor", str(factors)]) == 0
    names = [row["feature"] for row in json.loads(capsys.readouterr().out)["features"]]
    assert "living area" in names
    assert "size" not in names
    factors.write_text("size;0\n")
    assert main(["fit", str(houses), "-y", "price", "--penalty-factor", str(factors)]) == 3
    assert "line 1 has 1 field" in capsys.readouterr().err
    assert main(["fit", str(houses), "-y", "price", "--penalty-factor", "size"]) == 2
    assert "neither NAME=VALUE nor a file" in capsys.readouterr().err


def test_strict(houses, tmp_path, capsys, monkeypatch):
    model = tmp_path / "m.json"
    words = ["fit", str(houses), "-y", "price", "-o", str(model), "--strict"]
    assert main(words) == 0
    model.unlink()
    assert main([*words, "--tol", "1e-300"]) == 1
    assert "above tol" in capsys.readouterr().err
    assert not model.exists()
    assert main([*words, "--lambda", "1e9"]) == 1
    assert "no feature was selected" in capsys.readouterr().err
    import riata.certify

    monkeypatch.setattr(riata.certify, "certify", lambda *a: type("C", (), {"gap_rel": 0.5})())
    assert main(words) == 1
    assert "recomputed at the chosen lambda is 5.0e-01" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["a.parquet", "a.feather", "a.tsv.gz"])
def test_other_formats(houses, tmp_path, capsys, name):
    import gzip

    import polars as pl

    frame, path = pl.read_csv(houses), tmp_path / name
    if name.endswith("gz"):
        path.write_bytes(gzip.compress(frame.write_csv(separator="\t").encode()))
    else:
        frame.write_parquet(path) if name.endswith("parquet") else frame.write_ipc(path)
    outs = []
    for source in (houses, path):
        assert main(["fit", str(source), "-y", "price"]) == 0
        outs.append(capsys.readouterr().out)
    assert outs[0] == outs[1]


def test_matrices(tmp_path, capsys):
    import scipy.sparse

    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 5))
    y = X[:, 3] + rng.standard_normal(60) / 4
    np.savez(tmp_path / "a.npz", X=X, y=y, feature_names=list("abcde"))
    np.save(tmp_path / "y.npy", y)
    np.save(tmp_path / "all.npy", np.column_stack([y, X]))
    scipy.sparse.save_npz(tmp_path / "s.npz", scipy.sparse.csc_matrix(X))
    lines = [f"{v!r} " + " ".join(f"{j + 1}:{x!r}" for j, x in enumerate(row)) for v, row in zip(y, X, strict=True)]
    (tmp_path / "a.svm").write_text("\n".join(lines).replace("np.float64(", "").replace(")", "") + "\n")
    runs = {"a.npz": "d", "s.npz": "x3", "all.npy": "x4", "a.svm": "x3"}
    for name, feature in runs.items():
        target = {"s.npz": ["-y", str(tmp_path / "y.npy")], "all.npy": ["-y", "x0"]}.get(name, [])
        model = tmp_path / f"{name}.json"
        assert main(["fit", str(tmp_path / name), *target, "-o", str(model), "--json"]) == 0, name
        assert json.loads(capsys.readouterr().out)["features"][0]["feature"] == feature
    assert main(["predict", str(tmp_path / "a.npz.json"), str(tmp_path / "a.npz"), "-q"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 61
    (tmp_path / "new.svm").write_text("0 4:1.5\n0 1:2\n")
    assert main(["predict", str(tmp_path / "a.svm.json"), str(tmp_path / "new.svm"), "-q"]) == 0
    coef = json.loads((tmp_path / "a.svm.json").read_text("utf-8"))
    first = coef["intercept"] + 1.5 * coef["coef"]["x3"]
    assert float(capsys.readouterr().out.splitlines()[1]) == pytest.approx(first, rel=1e-12)
    assert main(["fit", str(tmp_path / "s.npz")]) == 2
    assert "-y FILE.npy" in capsys.readouterr().err


def test_standard_input(houses):
    done = subprocess.run(
        [sys.executable, "-m", "riata.cli", "fit", "-", "-y", "price", "-q"],
        input=houses.read_bytes(), capture_output=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "predict price" in done.stdout.decode()


def test_the_folder_is_the_registry():
    assert command_names() == [
        "fit", "path", "select", "predict", "report", "inspect", "compare", "doctor", "convert", "demo", "completion",
    ]  # fmt: skip


def test_help_names_every_command_and_option(capsys):
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert all(name in out for name in command_names())
    assert main(["fit", "--help"]) == 0
    out = capsys.readouterr().out
    assert [option for option in FIT_OPTIONS if option not in out] == []
    assert main([]) == 2


def test_options_are_the_keywords_of_select():
    """Every option of fit that is not about files or messages is a keyword of riata.select, and none is lost."""
    import argparse
    import dataclasses

    from riata.cli.commands import fit
    from riata.penalties import penalties
    from riata.select.options import Options

    parser = argparse.ArgumentParser()
    fit.add_arguments(parser)
    ours = {action.dest for action in parser._actions}
    keywords = {f.name for f in dataclasses.fields(Options)}
    own = {option for kind in penalties().values() for option in kind.options()}
    target = {"target", "time", "event", "start"} | own
    files = {"data", "output", "no_header", "format", "report", "plot"}
    assert ours - keywords == {"help", "json", "strict", "dry_run"} | files | target
    python_only = {"penalty_options", "cv", "lams", "feature_names", "lower", "upper"}
    assert keywords - ours == python_only
    for action in parser._actions:
        if action.dest in keywords | own:
            assert action.default is argparse.SUPPRESS, f"{action.dest}: the default stands in Options, once"


# The sources are read directly: an editable install looks for changed kernels first, which is no part of the command.
DIRECT = """
import sys
sys.meta_path = [finder for finder in sys.meta_path if "Mesonpy" not in type(finder).__name__]
sys.path.insert(0, {src!r})
from riata.cli import main
code = main({words!r})
heavy = ("numpy", "scipy", "polars", "rich", "sklearn", "narwhals", "pandas", "pyarrow")
print([name for name in heavy if name in sys.modules], file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.parametrize("words", [["--help"], ["fit", "--help"], ["select", "--help"], ["--version"]])
def test_starting_is_quick(repository, words):
    """The best of five, half a second at most; nothing heavy is imported for it."""
    code, times = DIRECT.format(src=str(repository / "src"), words=words), []
    for _ in range(5):
        start = time.perf_counter()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
        times.append(time.perf_counter() - start)
        assert done.returncode == 0, done.stderr
        assert done.stderr.strip() == "[]"
    assert min(times) <= 0.5


def test_version():
    done = riata("--version")
    assert done.returncode == 0
    assert done.stdout.startswith("riata ")


@pytest.mark.skipif(os.name == "nt", reason="signals and pipes are those of POSIX")
def test_a_broken_pipe_is_silent(houses):
    done = subprocess.run(
        f'"{sys.executable}" -m riata.cli fit "{houses}" -y price -q | head -c 5; exit ${{PIPESTATUS[0]}}',
        shell=True, capture_output=True, text=True, timeout=120, executable="/bin/bash",
    )  # fmt: skip
    assert done.returncode == 0
    assert done.stderr == ""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "riata.cli", "fit", str(houses), "-y", "price", "-q"],
        stdout=writer, stderr=subprocess.PIPE, text=True, timeout=120,
    )  # fmt: skip
    os.close(writer)
    assert done.returncode == 0
    assert done.stderr == ""


def test_an_interrupt_is_exit_130(houses, tmp_path, capsys, monkeypatch):
    import riata.select.target

    monkeypatch.setattr(riata.select.target, "prepare", lambda *a, **k: (_ for _ in ()).throw(KeyboardInterrupt))
    assert main(["fit", str(houses), "-y", "price", "-o", str(tmp_path / "m.json")]) == 130
    assert "interrupted" in capsys.readouterr().err
    assert not (tmp_path / "m.json").exists()


def test_colour_only_on_a_terminal_that_wants_it(houses, monkeypatch):
    pty = pytest.importorskip("pty")
    pytest.importorskip("rich")

    def on_a_terminal(**environment):
        main_end, other = pty.openpty()
        done = subprocess.Popen(
            [sys.executable, "-m", "riata.cli", "fit", str(houses), "-y", "price"],
            stdout=other, stderr=other, env={**os.environ, "TERM": "xterm", **environment},
        )  # fmt: skip
        os.close(other)
        out = b""
        with contextlib.suppress(OSError):
            while part := os.read(main_end, 65536):
                out += part
        os.close(main_end)
        assert done.wait(timeout=60) == 0
        return out

    monkeypatch.delenv("NO_COLOR", raising=False)
    assert b"\x1b[36mnote:" in on_a_terminal()
    plain = on_a_terminal(NO_COLOR="1")
    assert b"\x1b[36m" not in plain
    assert b"note:" in plain
    assert "\x1b" not in riata("fit", houses, "-y", "price").stderr


def test_without_rich_the_tables_are_plain(houses, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "rich", None)
    monkeypatch.setattr("riata.cli.screen.use_colour", lambda stream: True)
    for name in [m for m in sys.modules if m.startswith("rich.")]:
        monkeypatch.setitem(sys.modules, name, None)
    assert main(["fit", str(houses), "-y", "price"]) == 0
    assert "  feature " in capsys.readouterr().out


def test_demo_does_the_main_job_and_shows_its_commands(tmp_path, capsys):
    pytest.importorskip("sklearn")
    folder = tmp_path / "out"
    assert main(["demo", "--out", str(folder)]) == 0
    out = capsys.readouterr().out
    assert f"$ riata fit {folder}/diabetes.csv -y progression -o {folder}/model.json" in out.replace(os.sep, "/")
    assert "$ riata predict" in out
    assert {p.name for p in folder.iterdir()} == {"diabetes.csv", "model.json", "predictions.csv", "summary.txt"}
    last = out.strip().splitlines()[-1]
    assert last.startswith("largest gap_rel over all 100 lambdas and 10 folds: ")
    assert float(last.split(": ")[1]) <= 1e-8
    assert "bmi" in (folder / "summary.txt").read_text("utf-8")
    assert len((folder / "predictions.csv").read_text().splitlines()) == 443
    from sklearn.datasets import load_diabetes

    bunch = load_diabetes(scaled=False)
    written = np.loadtxt(folder / "diabetes.csv", delimiter=",", skiprows=1)
    assert written == pytest.approx(np.column_stack([bunch.data, bunch.target]), rel=1e-9)


@pytest.mark.parametrize(
    ("python", "flags"),
    [
        ('na="drop" leaves', "--na drop leaves"),
        ('drop="living area"', "--drop 'living area'"),
        ('use header=False or format="csv".', "use --no-header or --format csv."),
        ("beyond the grid (lower lam_min_ratio).", "beyond the grid (lower --lam-min-ratio)."),
        ('did you mean "price"?', 'did you mean "price"?'),
        ("drop= one of each; repeats=10 averages.", "--drop one of each; --repeats 10 averages."),
        ("see riata.stability_selection, not riata.select", "see riata select --method stability, not riata fit"),
        ("family=yes and drop=no are levels", "family=yes and drop=no are levels"),
    ],
)
def test_python_words_become_options(python, flags):
    assert as_flags(python) == flags
