"""`riata completion`: what the shells themselves make of the scripts."""

import shlex
import shutil
import subprocess

import pytest

from riata.cli import main
from riata.cli.app import command_modules, parsers


def script(capsys, shell):
    assert main(["completion", shell]) == 0
    return capsys.readouterr().out


def completed(file, *words):
    """What bash offers for the last word."""
    line = (
        f"source {file}; COMP_WORDS=({' '.join(shlex.quote(w) for w in words)}); COMP_CWORD={len(words) - 1}; _riata; "
    )
    done = subprocess.run(
        ["bash", "-c", line + 'printf "%s\\n" "${COMPREPLY[@]}"'], capture_output=True, text=True, timeout=60,
        cwd=file.parent,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_bash(tmp_path, capsys):
    file = tmp_path / "riata.bash"
    file.write_text(script(capsys, "bash"))
    (tmp_path / "houses.csv").write_text("a\n")
    assert completed(file, "riata", "f") == ["fit"]
    assert set(completed(file, "riata", "")) == {*command_modules(), "--help", "--version"}
    assert completed(file, "riata", "fit", "--fam") == ["--family"]
    assert completed(file, "riata", "fit", "houses.csv", "--family", "po") == ["poisson"]
    assert completed(file, "riata", "select", "--method", "kn") == ["knockoffs"]
    assert completed(file, "riata", "completion", "z") == ["zsh"]
    assert completed(file, "riata", "fit", "hou") == ["houses.csv"]
    assert completed(file, "riata", "fit", "--config", "hou") == ["houses.csv"]
    assert completed(file, "riata", "fit", "--early") == [], "path's option is no option of fit"
    assert completed(file, "riata", "path", "--early") == ["--early-stop"]
    assert completed(file, "riata", "path", "--early-stop", "hou") == ["houses.csv"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_knows_every_option_and_value(capsys, shell):
    text = script(capsys, shell)
    modules = command_modules()
    _, by_name = parsers(modules, list(modules))
    for name, parser in by_name.items():
        assert name in text
        for action in parser._actions:
            for word in [*action.option_strings, *map(str, action.choices or ())]:
                fish = f"-l {word[2:]}" if word.startswith("--") else f"-s {word[1:]}" if word[0] == "-" else word
                assert (fish if shell == "fish" else word) in text, (name, word)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_can_read_it(tmp_path, capsys, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    (tmp_path / "script").write_text(script(capsys, shell))
    done = subprocess.run([shell, "-n", str(tmp_path / "script")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


@pytest.mark.skipif(shutil.which("fish") is None, reason="fish is not installed")
def test_fish(tmp_path, capsys):
    (tmp_path / "script").write_text(script(capsys, "fish"))
    ask = f"source {tmp_path}/script; complete -C 'riata fit --family po'"
    done = subprocess.run(["fish", "-c", ask], capture_output=True, text=True, timeout=60)
    assert done.stdout.split("\t")[0] == "poisson"
