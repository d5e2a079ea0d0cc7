"""Help texts: every command shows examples as they are typed, and they run; every option is defined once."""

import argparse
import ast
import shlex

import pytest

from riata.cli import main
from riata.cli.app import command_modules

pytest.importorskip("polars", reason="the command line reads tables with the extra riata[table]")
pytest.importorskip("matplotlib", reason="one example draws, which needs the extra riata[plot]")

MODULES = command_modules()
# fit's examples are run, and looked at, in test_cli_families.py; demo's in test_cli.py.
ELSEWHERE = {"fit", "demo"}
EXAMPLES = {name: [line for line in module.__doc__.splitlines() if line.startswith("riata ")]
            for name, module in MODULES.items()}  # fmt: skip


@pytest.fixture
def folder(tables):
    """The tables, a model.json, and new rows for it."""
    assert main(["fit", "houses.csv", "-y", "price", "--drop", "town,rent", "-o", "model.json", "-q"]) == 0
    (tables / "new.csv").write_text("x0,x1,x2,distance\n1,2,3,4\n0,0,0,0\n")
    return tables


@pytest.mark.parametrize("name", MODULES)
def test_every_command_shows_an_example_as_it_is_typed(capsys, name):
    assert main([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert EXAMPLES[name]
    for line in EXAMPLES[name]:
        assert f"  {line}\n" in text
        assert shlex.split(line)[1] == name


@pytest.mark.parametrize("line", [line for name, lines in EXAMPLES.items() if name not in ELSEWHERE for line in lines])
def test_the_examples_run(folder, capsys, line):
    if "onnx" in line:
        pytest.importorskip("onnx", reason="that example needs the extra riata[onnx]")
    words = shlex.split(line)
    words = words[: next((k for k, word in enumerate(words) if word.startswith(">")), None)]  # the rest is the shell's
    capsys.readouterr()
    assert main(words[1:]) == 0
    out, err = capsys.readouterr()
    written = [words[k + 1] for k, word in enumerate(words) if word in ("-o", "--plot")]
    assert out.strip() or written
    assert all((folder / name).stat().st_size > 40 for name in written)
    assert "warning" not in err
    if "--json" in words:
        assert out.startswith("{")


def literal_options(source):
    """The option strings of every add_argument and put in a source file."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in (
            "add_argument",
            "put",
        ):
            yield from (a.value for a in node.args if isinstance(a, ast.Constant) and str(a.value).startswith("--"))


def test_an_option_of_several_commands_is_defined_in_one_place(repository):
    seen: dict[str, set[str]] = {}
    for file in (repository / "src" / "riata" / "cli").rglob("*.py"):
        for option in literal_options(file.read_text("utf-8")):
            seen.setdefault(option, set()).add(file.name)
    # What the commands mean by these words differs; their help says what.
    own = {"--output", "--report", "--json", "--method", "--table", "--version", "--folds"}
    assert {option: files for option, files in seen.items() if len(files) > 1 and option not in own} == {}
    assert len(seen) > 50


@pytest.mark.parametrize("name", ["fit", "path", "select", "compare", "doctor", "predict"])
def test_commands_that_read_a_table_read_it_alike(name):
    parser = argparse.ArgumentParser()
    MODULES[name].add_arguments(parser)
    have = {option for action in parser._actions for option in action.option_strings}
    want = {"--no-header", "--format", "--strict"}
    if name != "predict":
        want |= {"--target", "--na", "--drop", "--keep", "--categories", "--weights", "--family", "--time", "--event"}
    if name not in ("predict", "doctor"):
        want |= {"--json", "--plot", "--dry-run", "--threads"}
    assert want <= have
