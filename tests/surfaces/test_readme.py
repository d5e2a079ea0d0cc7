"""The documents are true: their Python and shell lines run, their links lead somewhere, their numbers are fresh."""

import os
import pathlib
import re
import shlex
import subprocess
import sys

import pytest

from tools import calibration_table, penalty_table, readme, source_map

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def blocks(document: pathlib.Path, language: str) -> list[str]:
    """The fenced code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text("utf-8"), re.S | re.M)


def programs() -> str:
    """PATH with the folder of this interpreter first: there lies `riata`."""
    return os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_lines_run(document, tmp_path):
    """All Python blocks of a document in one program, then every line of its shell blocks that calls riata."""
    python = "\n".join(blocks(document, "python"))
    if "import torch" in python:
        pytest.importorskip("torch", reason="torch is not installed (pip install 'riata[torch]')")
    if python:
        out = subprocess.run(
            [sys.executable, "-W", "error", "-c", python],
            cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert out.returncode == 0, f"{out.stdout}\n{out.stderr}"
    for line in "".join(blocks(document, "sh")).splitlines():
        if line.startswith("riata "):
            out = subprocess.run(
                shlex.split(line, comments=True),
                cwd=tmp_path, env={**os.environ, "PATH": programs()}, stdin=subprocess.DEVNULL,
                capture_output=True, text=True, check=False, timeout=120,
            )  # fmt: skip
            assert out.returncode == 0, f"{line}\n{out.stdout}\n{out.stderr}"


def test_the_readme_shows_eight_lines_of_python_and_one_of_shell():
    python, *_ = blocks(ROOT / "README.md", "python")
    assert len([line for line in python.splitlines() if line.strip()]) <= 8
    assert any(line.startswith("riata fit ") for line in "".join(blocks(ROOT / "README.md", "sh")).splitlines())


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document):
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text("utf-8"))
    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_make_targets_that_are_named_exist(document):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.M))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", document.read_text("utf-8"), re.M))
    assert named <= targets


def test_every_source_file_says_what_it_does():
    files = [file for file in (ROOT / "src").rglob("*") if file.suffix in (".py", ".pyx", ".pxi")]
    assert files
    assert [str(file.relative_to(ROOT)) for file in files if not source_map.first_sentence(file)] == []


def test_the_source_map_shows_the_sources():
    assert source_map.main(["--check"]) == 0


def test_the_table_of_penalties_is_what_the_registries_give():
    assert penalty_table.main(["--check"]) == 0


def test_the_table_of_error_rates_is_what_the_simulations_gave(monkeypatch):
    assert calibration_table.main(["--check"]) == 0
    monkeypatch.setattr(calibration_table.study, "read", lambda name: [])
    assert calibration_table.main(["--check"]) == 1


def test_the_source_map_knows_every_layer():
    folders = {file.parent.name for file in (ROOT / "src" / "riata").glob("*/__init__.py")}
    assert folders <= set(source_map.LAYERS)


def test_the_numbers_are_those_of_the_results_files():
    assert readme.main(["--check"]) == 0


def test_the_check_of_numbers_can_tell(monkeypatch, capsys):
    """A changed number in the results makes every document that shows it stale."""
    rows = readme.results.read(readme.TIMINGS)
    assert rows, "no results are committed"
    changed = [row | {"seconds": "123.4"} for row in rows]
    monkeypatch.setattr(readme.results, "read", lambda file: changed if file == readme.TIMINGS else [])
    assert readme.main(["--check"]) == 1
    assert "README.md, docs/benchmarks.md" in capsys.readouterr().err


def test_what_stands_between_the_markers_is_replaced_and_nothing_else():
    page = f"a\n{readme.BEGIN}\nold\n{readme.END}\nb"
    assert readme.fill(page, "new") == f"a\n{readme.BEGIN}\n\nnew\n\n{readme.END}\nb"
    assert readme.fill(readme.fill(page, "new"), "new") == readme.fill(page, "new")
