"""Imports point down, frameworks live at the edge, files and functions stay small, `import riata` costs nothing."""

import ast
import inspect
import os
import pathlib
import subprocess
import sys
import textwrap

import pytest

from tests.surfaces.source_tree import (
    cython_functions_of,
    cython_imports_of,
    functions_of,
    imports_of,
    sources,
)

# Low to high; a layer may import those before it, never its equals or those after it.
ORDER = [
    ["core"],
    ["kernels"],
    ["design", "losses", "penalties", "projections", "scores"],
    ["certify"],
    ["solve"],
    ["path"],
    ["table"],
    ["model"],
    ["select"],
    ["inference"],
    ["doctor"],
    ["testing"],
    ["estimators", "torch", "dask"],
    ["convert"],
    ["plot"],
    ["geometry"],
    ["cli", "report"],
]
# What is narrower than the order: certify must not trust what it checks.
NARROWER = {
    "certify": {"core", "design", "losses", "penalties"},
    "table": {"core"},
    "model": {"core", "table"},
}
# Packages from outside: anywhere, or only in the layers named.
ANYWHERE = {"numpy", "scipy", "threadpoolctl"}
ONLY_IN = {
    "sklearn": {"estimators", "testing", "torch"},
    "narwhals": {"design", "table"},
    "polars": {"design", "table"},
    "pyarrow": {"design", "table"},
    "pandas": {"design", "table"},
    "rich": {"cli"},
    "matplotlib": {"plot", "geometry"},
    "torch": {"torch"},
    "lightning": {"torch"},
    "pytorch_lightning": {"torch"},
    "transformers": {"torch"},
    "onnx": {"convert"},
    "dask": {"dask"},
    "hypothesis": {"testing"},
    "pytest": {"testing"},
}
# Readers and bundled data sets of scikit-learn are no models: these layers may use them.
DATA_SETS, DATA_LAYERS = "sklearn.datasets", {"table", "cli"}
STANDARD = sys.stdlib_module_names | {"compression"}  # the last one since Python 3.14
CYTHON = {"cython", "cpython", "libc"}

LONGEST_FILE, LONGEST_BODY, LONGEST_KERNEL = 400, 40, 120
MOST_EXTRA_OPTIONS = 8


def may_import(layer: str) -> set[str]:
    """The layers that `layer` may import, itself included."""
    below: set[str] = set()
    for group in ORDER:
        if layer in group:
            return NARROWER.get(layer, below) | {layer}
        below |= set(group)
    return set()


def complaint(found, layer: str) -> str | None:
    """What is wrong with one import of a file in `layer`, or None."""
    if found.level:
        return f"{found}: write absolute imports"
    top, _, rest = found.module.partition(".")
    if top == "riata":
        target = rest.partition(".")[0]
        if target not in may_import(layer):
            return f"{found}, which is not below {layer}"
    elif found.module.startswith(DATA_SETS) and layer in DATA_LAYERS:
        return None
    elif top in ONLY_IN:
        if layer not in ONLY_IN[top]:
            return f"{found}, which belongs to {' and '.join(sorted(ONLY_IN[top]))} only"
    elif top not in ANYWHERE and top not in STANDARD and not (layer == "kernels" and top in CYTHON):
        return f"{found}, which is not among the dependencies"
    return None


def complaints(package: pathlib.Path) -> list[str]:
    """Every wrong import below `package` (the folder src/riata)."""
    wrong = []
    for file in sources(package, ".py", ".pyx", ".pxd", ".pxi"):
        relative = file.relative_to(package)
        if relative.parts == ("__init__.py",):
            continue  # the table of public names: see test_top_level.py
        layer = relative.parts[0].removesuffix(".py")
        read = imports_of if file.suffix == ".py" else cython_imports_of
        if not may_import(layer):
            wrong.append(f"{relative}: {layer} is not a layer of ORDER")
            continue
        wrong += [text for found in read(file.read_text("utf-8"), str(relative)) if (text := complaint(found, layer))]
    return wrong


def test_imports_point_down(repository):
    assert complaints(repository / "src" / "riata") == []


@pytest.mark.parametrize(
    ("file", "line", "why"),
    [
        ("solve/quadratic.py", "from riata.path import lam_grid", "not below solve"),
        ("design/dense.py", "import riata.solve.quadratic", "not below design"),
        ("design/dense.py", "from riata import path", "not below design"),
        ("design/dense.py", "from riata.penalties import l1", "not below design"),
        ("certify/check.py", "from riata.kernels import gram", "not below certify"),
        ("certify/check.py", "def f():\n    from riata.solve import quadratic", "not below certify"),
        ("table/encoder.py", "from riata.path import path", "not below table"),
        ("core/problem.py", "from .errors import RiataError", "absolute"),
        ("core/problem.py", "import riata", "not below core"),
        ("core/results.py", "import importlib\nm = importlib.import_module('riata.solve')", "not below core"),
        ("select/cv.py", "import sklearn.model_selection", "estimators and testing and torch only"),
        ("core/results.py", "need('matplotlib.pyplot', 'plot')", "geometry and plot only"),
        ("solve/quadratic.py", "import numba", "not among the dependencies"),
        ("kernels/gram.pyx", "from riata.design cimport x", "not below kernels"),
        ("kernels/gram.pyx", "from numba import njit", "not among the dependencies"),
        ("helpers/a.py", "import os", "not a layer"),
    ],
)
def test_the_import_test_can_tell(tmp_path, file, line, why):
    (tmp_path / file).parent.mkdir(parents=True)
    (tmp_path / file).write_text(line + "\n")
    assert len(found := complaints(tmp_path)) == 1
    assert why in found[0]


def test_what_is_allowed_is_not_complained_about(tmp_path):
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "gram.pyx").write_text("from libc.math cimport sqrt\ncimport numpy as cnp\n")
    (tmp_path / "select").mkdir()
    (tmp_path / "select" / "cv.py").write_text("import os\nimport scipy.sparse\nfrom riata.path.grid import lam_grid\n")
    assert complaints(tmp_path) == []


def test_files_are_short(repository):
    roots = [repository / name for name in ("src/riata", "tools", "benchmarks")]
    files = [file for root in roots for file in sources(root, ".py", ".pyx", ".pxi")]
    long = {str(f.relative_to(repository)): n for f in files if (n := len(f.read_text("utf-8").splitlines())) > 400}
    assert files
    assert long == {}, f"more than {LONGEST_FILE} lines"


def test_functions_are_short(repository):
    long = []
    for root in ("src/riata", "tools", "benchmarks"):
        for file in sources(repository / root, ".py"):
            text, name = file.read_text("utf-8"), str(file.relative_to(repository))
            long += [str(found) for found in functions_of(text, name) if found.lines > LONGEST_BODY]
    for file in sources(repository / "src", ".pyx", ".pxi"):
        text, name = file.read_text("utf-8"), str(file.relative_to(repository))
        long += [str(found) for found in cython_functions_of(text, name) if found.lines > LONGEST_KERNEL]
    assert long == [], f"bodies of more than {LONGEST_BODY} lines (kernels {LONGEST_KERNEL}), docstring excluded"


def test_lengths_are_counted_without_the_docstring():
    python = 'def f(a,\n      b):\n    """One\n\n    two.\n    """\n    c = a\n\n    return c\n'
    assert [found.lines for found in functions_of(python, "f.py")] == [3]
    cython = (
        'cdef double dot(double[::1] a,\n                double[::1] b) noexcept nogil:\n    """Doc."""\n'
        "    cdef int i\n    return a[0]\n\n\ndef g(int n):\n    return n\n"
    )
    assert [(found.name, found.lines) for found in cython_functions_of(cython, "f.pyx")] == [("dot", 2), ("g", 1)]


def test_options_are_a_budget():
    """Beyond the parameters of the scikit-learn class of the same name: at most 8, keyword-only."""
    import sklearn.linear_model

    import riata.estimators

    classes = [c for c in vars(riata.estimators).values() if inspect.isclass(c) and hasattr(c, "get_params")]
    assert classes
    for cls in classes:
        ours = inspect.signature(cls.__init__).parameters
        twin = getattr(sklearn.linear_model, cls.__name__, None)
        known = {"self", "alphas" if cls.__name__.endswith("CV") else "alpha", "l1_ratio"}
        known = set(inspect.signature(twin.__init__).parameters) if twin else known
        extra = {name: p for name, p in ours.items() if name not in known}
        assert len(extra) <= MOST_EXTRA_OPTIONS, f"{cls.__name__}: {sorted(extra)}"
        assert all(p.kind is p.KEYWORD_ONLY for p in extra.values()), f"{cls.__name__}: {sorted(extra)}"
        must = known if twin else known - {"l1_ratio"}  # a concave or square-root penalty does not mix
        assert must <= set(ours), f"{cls.__name__} lacks {sorted(must - set(ours))}"


def python(code: str, **environment: str) -> str:
    """What a fresh interpreter prints for `code`."""
    out = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **environment},
    )  # fmt: skip
    assert out.returncode == 0, out.stderr
    return out.stdout.strip()


HEAVY = ["numpy", "scipy", "sklearn", "pandas", "polars", "pyarrow", "matplotlib", "torch", "dask", "threadpoolctl"]


def test_import_riata_loads_nothing_heavy():
    code = f"""
        import sys
        import riata
        dir(riata)
        print([name for name in {HEAVY} if name in sys.modules])
    """
    assert python(code) == "[]"


def test_the_functions_load_no_framework():
    code = f"""
        import sys
        import riata
        riata.path, riata.select, riata.certify
        print([name for name in {HEAVY} if name in sys.modules])
    """
    loaded = ast.literal_eval(python(code))
    assert set(loaded) <= {"numpy", "scipy", "threadpoolctl"}


def test_import_riata_is_quick(repository):
    """At most 0.2 s beyond numpy, the best of five fresh interpreters.

    The sources are read directly: an editable install looks for changed kernels first, which is no part of the import.
    """
    code = f"""
        import sys, time, numpy
        sys.meta_path = [finder for finder in sys.meta_path if "Mesonpy" not in type(finder).__name__]
        sys.path.insert(0, {str(repository / "src")!r})
        start = time.perf_counter()
        import riata
        print(time.perf_counter() - start)
    """
    assert min(float(python(code)) for _ in range(5)) <= 0.2


def test_tests_of_torch_are_skipped_where_it_is_missing(repository):
    """A clone without it has it in no environment: a file that imports it first would end the run in an error."""
    files = sorted((repository / "tests" / "torch").glob("test_*.py"))
    assert len(files) > 10
    for file in files:
        lines = file.read_text().splitlines()
        asked = [k for k, line in enumerate(lines) if 'pytest.importorskip("torch"' in line]
        loads = ("import torch", "from torch", "import riata.torch", "from riata.torch")
        first = [k for k, line in enumerate(lines) if line.startswith(loads)]
        assert asked, file.name
        assert min(first, default=len(lines)) > asked[0], file.name
