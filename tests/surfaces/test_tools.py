"""The first minutes of a newcomer: preflight's sentences, `make new`, `make help`."""

import ast
import os
import pathlib
import re
import subprocess
import sys

import pytest

from tools import new, requires

ROOT = pathlib.Path(__file__).resolve().parents[2]
PREFLIGHT = ROOT / "tools" / "preflight.py"

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the fake programs are shell scripts")


def fake_python(folder, name, version, missing=(), implementation="cpython"):
    """A program that says of itself what preflight asks an interpreter for."""
    facts = f'{{"version": {list(version)}, "path": "{folder / name}", "missing": {list(missing)}, '
    facts = facts.replace("'", '"') + f'"implementation": "{implementation}"}}'
    return script(folder, name, f"echo '{facts}'")


def script(folder, name, body):
    """An executable shell script."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)
    return folder / name


def preflight(folder, *argv, cc=None):
    """Run it with nothing on PATH but `folder`, and with a compiler that works unless another is named."""
    cc = cc or str(script(folder, "fake-cc", "exit 0"))
    env = {"PATH": str(folder), "CC": cc, "HOME": str(folder)}
    return subprocess.run(
        [sys.executable, str(PREFLIGHT), *argv], capture_output=True, text=True, check=False, env=env, timeout=120
    )


def test_the_newest_suitable_python_is_taken(tmp_path):
    for name, version in [("python3", (3, 11, 2)), ("python3.12", (3, 12, 1)), ("python3.13", (3, 13, 0))]:
        fake_python(tmp_path, name, version, missing=["ensurepip"] if name == "python3.13" else [])
    script(tmp_path, "python3.14", "echo 'shim: command not found' >&2; exit 127")
    out = preflight(tmp_path)
    assert (out.returncode, out.stdout.strip()) == (0, str(tmp_path / "python3.12"))


def test_the_python_that_is_named_is_taken(tmp_path):
    fake_python(tmp_path, "python3.13", (3, 13, 0))
    chosen = fake_python(tmp_path, "mine", (3, 11, 9))
    assert preflight(tmp_path, str(chosen)).stdout.strip() == str(chosen)


@pytest.mark.parametrize(
    ("version", "missing", "implementation", "sentence"),
    [
        ((3, 10, 4), [], "cpython", "needs CPython 3.11 or newer and the newest found is Python 3.10.4: install"),
        ((3, 12, 0), [], "pypy", "needs CPython 3.11 or newer and none was found: install"),
        ((3, 12, 0), ["ensurepip"], "cpython", "lacks ensurepip, which riata needs to build: on Debian"),
        ((3, 12, 0), ["Python.h"], "cpython", "lacks Python.h, which riata needs to build: on Debian"),
    ],
)
def test_an_unsuitable_python_gets_one_sentence(tmp_path, version, missing, implementation, sentence):
    fake_python(tmp_path, "python3", version, missing, implementation)
    out = preflight(tmp_path)
    assert (out.returncode, out.stdout, out.stderr.count("\n")) == (2, "", 1)
    assert sentence in out.stderr


def test_no_python_gets_one_sentence(tmp_path):
    out = preflight(tmp_path)
    assert out.returncode == 2
    assert "none was found" in out.stderr


def test_no_compiler_gets_one_sentence(tmp_path):
    fake_python(tmp_path, "python3", (3, 12, 0))
    out = preflight(tmp_path, cc="no-such-compiler")
    assert (out.returncode, out.stdout, out.stderr.count("\n")) == (2, "", 1)
    assert "needs a C compiler and found none (looked for no-such-compiler): on Debian" in out.stderr


def test_a_broken_compiler_gets_one_sentence(tmp_path):
    fake_python(tmp_path, "python3", (3, 12, 0))
    out = preflight(tmp_path, cc=str(script(tmp_path, "broken", "echo 'stdio.h: no such file' >&2; exit 1")))
    assert (out.returncode, out.stderr.count("\n")) == (2, 1)
    assert "cannot build a three-line program (stdio.h: no such file)" in out.stderr


def test_make_says_the_sentence_and_exits_with_2(tmp_path):
    """The whole way through make, from a copy of the tree that has no environment yet."""
    for name in ["Makefile", "tools", "pyproject.toml", "meson.build"]:
        (tmp_path / name).symlink_to(ROOT / name)
    old = fake_python(tmp_path / "bin", "old", (3, 9, 1))
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    command = ["make", "test", f"PYTHON={old}"]
    out = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert out.returncode == 2
    assert "the newest found is Python 3.9.1" in out.stderr
    assert not (tmp_path / ".venv").exists()


def test_preflight_has_no_syntax_newer_than_python_3_6():
    ast.parse(PREFLIGHT.read_text("utf-8"), feature_version=(3, 6))


@pytest.mark.parametrize("kind", sorted(new.TEMPLATES))
def test_new_writes_one_file_that_is_python(tmp_path, kind):
    folder = tmp_path / new.TEMPLATES[kind][0]
    folder.mkdir(parents=True)
    said = new.write(kind, "toy", tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [folder / "toy.py"]
    tree = ast.parse((folder / "toy.py").read_text("utf-8"))
    assert ast.get_docstring(tree)
    assert "then run: make" in said


@pytest.mark.parametrize(
    ("kind", "name", "sentence"),
    [
        ("rules", "toy", 'there is no kind "rules" \\(did you mean "rule"\\?\\)'),
        ("", "toy", "rule|problem"),
        ("rule", "two words", "a Python word in lower case"),
        ("rule", "Toy", "a Python word in lower case"),
        ("rule", "class", "a Python word in lower case"),
        ("rule", "", "a Python word in lower case"),
    ],
)
def test_new_refuses_with_what_there_is(tmp_path, kind, name, sentence):
    with pytest.raises(SystemExit, match=sentence):
        new.write(kind, name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_new_never_overwrites(tmp_path):
    (tmp_path / new.TEMPLATES["problem"][0]).mkdir(parents=True)
    new.write("problem", "toy", tmp_path)
    with pytest.raises(SystemExit, match="exists already"):
        new.write("problem", "toy", tmp_path)


def test_a_new_problem_can_be_timed_at_once():
    space = {}
    exec(new.fill("problem", new.PROBLEM, "toy"), space)
    X, y = space["PROBLEMS"]["toy"]()
    assert X.shape[0] == len(y)


def test_help_lists_every_target():
    text = (ROOT / "Makefile").read_text("utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", text, re.M).group(1).split()
    documented = re.findall(r"^([a-z-]+):.*## \S", text, re.M)
    assert sorted(documented) == sorted(phony)


def test_the_build_requirements_are_read_from_pyproject(capsys):
    assert requires.main(["requires.py"]) == 0
    assert any(line.startswith("meson-python") for line in capsys.readouterr().out.splitlines())


@pytest.mark.parametrize(
    ("present", "required", "outcome"),
    [(True, "", "1 passed"), (True, "1", "1 passed"), (False, "", "1 skipped"), (False, "1", "1 error")],
)
def test_missing_data_skip_with_their_reason_and_fail_where_they_are_required(tmp_path, present, required, outcome):
    (tmp_path / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    (tmp_path / "test_it.py").write_text("def test_it(shared_data):\n    assert (shared_data / 'data').is_dir()\n")
    folder = tmp_path / "elsewhere"
    if present:
        (folder / "data").mkdir(parents=True)
    env = {**os.environ, "RIATA_SHARED": str(folder), "RIATA_REQUIRE_SHARED": required}
    out = subprocess.run(
        [sys.executable, "-m", "pytest", "-ra", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert outcome in out.stdout, out.stdout
    if not present:
        assert f"the larger data sets are not at {folder}" in out.stdout


def test_continuous_integration_requires_the_data_and_runs_make_test():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = script.read_text("utf-8")
    assert "export RIATA_REQUIRE_SHARED=1" in text
    assert "make test" in text
