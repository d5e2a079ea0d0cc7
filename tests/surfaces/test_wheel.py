"""The built wheel, installed into an empty environment outside the repository, fits a path and answers on the shell."""

import importlib.util
import os
import pathlib
import subprocess
import sys
import time
import zipfile

import pytest

FIT = """
import time, numpy
start = time.perf_counter()
import riata
seconds = time.perf_counter() - start
assert seconds <= 0.2, f"import riata took {seconds:.2f} s beyond numpy"

import pathlib, sys
assert pathlib.Path(riata.__file__).is_relative_to(sys.prefix), riata.__file__
assert riata.__version__ == VERSION, riata.__version__

rng = numpy.random.default_rng(0)
X = rng.standard_normal((60, 200))
y = X[:, :3] @ [3.0, -2.0, 1.0] + 0.1 * rng.standard_normal(60)
path = riata.path(X, y, n_lams=30)
assert path.gap_rel.max() <= 1e-8, path.gap_rel
assert set(numpy.flatnonzero(path.coef[:, -1])) >= {0, 1, 2}
"""


def run(*command, cwd, timeout=600, **environment):
    """Run, and fail with the whole output: half of it explains nothing."""
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    out = subprocess.run(
        [str(part) for part in command],
        cwd=cwd, env={**clean, **environment}, capture_output=True, text=True, check=False, timeout=timeout,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert out.returncode == 0, f"{command}\n{out.stdout}\n{out.stderr}"
    return out.stdout


@pytest.fixture(scope="module")
def wheel(repository, tmp_path_factory) -> pathlib.Path:
    """A wheel from the source tree; with the build tools of this environment where it has them."""
    folder = tmp_path_factory.mktemp("wheel")
    here = [] if any(importlib.util.find_spec(name) is None for name in ("mesonpy", "Cython", "ninja")) else [
        "--no-build-isolation"
    ]  # fmt: skip
    path = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    run(sys.executable, "-m", "pip", "wheel", repository, "--no-deps", *here, "-w", folder, cwd=folder, PATH=path)
    (built,) = folder.glob("riata-*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel, tmp_path_factory) -> pathlib.Path:
    """The folder of programs of an empty environment into which only the wheel was installed."""
    folder = tmp_path_factory.mktemp("elsewhere") / "env"
    run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    programs = folder / ("Scripts" if os.name == "nt" else "bin")
    patient = ["--retries", "8", "--timeout", "60", "--disable-pip-version-check", "--prefer-binary"]
    run(programs / "python", "-m", "pip", "install", "-q", *patient, wheel, cwd=folder.parent)
    return programs


def test_the_wheel_holds_what_it_should(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert "riata/__init__.py" in names
    assert "riata/py.typed" in names
    assert any(name.startswith("riata/kernels/gram.") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    unwanted = [n for n in names if n.endswith((".pyx", ".c", ".build", ".pyc")) or not n.startswith("riata")]
    assert unwanted == []


def test_the_wheel_fits_outside_the_repository(wheel, environment, tmp_path):
    version = wheel.name.split("-")[1]
    run(environment / "python", "-c", f"VERSION = {version!r}\n{FIT}", cwd=tmp_path)


def test_the_command_answers_quickly_without_any_extra(environment, tmp_path):
    """`riata --help` within 0.5 s, the best of five, where only the required dependencies are installed."""
    seconds = []
    for _ in range(5):
        start = time.perf_counter()
        assert "fit" in run(environment / "riata", "--help", cwd=tmp_path)
        seconds.append(time.perf_counter() - start)
    assert min(seconds) <= 0.5
