"""`riata.<name>`: every public name resolves, whatever was imported before it, and can be read, pickled and asked."""

import ast
import inspect
import itertools
import pickle
import pydoc
import subprocess
import sys
import warnings

import pytest

import riata
from riata.core.callable_module import make_callable

CALLABLE = ["path", "select", "certify"]


@pytest.mark.parametrize("name", sorted(riata.__all__))
def test_every_public_name_resolves(name):
    assert getattr(riata, name) is not None
    assert name in dir(riata)


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(AttributeError, match=r"no attribute 'lassso_path'.*lasso_path"):
        _ = riata.lassso_path


def test_type_checkers_see_the_same_names(repository):
    tree = ast.parse((repository / "src/riata/__init__.py").read_text("utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imported = {
        alias.asname: f"riata.{alias.name}" if node.module == "riata" else node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert imported == riata._HOME


@pytest.mark.parametrize("name", CALLABLE)
def test_a_callable_package_looks_like_its_function(name):
    package = getattr(riata, name)
    function = getattr(package, name)
    assert callable(package)
    assert inspect.signature(package) == inspect.signature(function)
    assert pickle.loads(pickle.dumps(package)) is package
    assert f"{name}(" in pydoc.render_doc(package, renderer=pydoc.plaintext)
    assert inspect.getdoc(function)


def test_calls_work_after_any_import_order():
    """The package hides behind its own name: after `import riata.path.grid`, `riata.path` must still be callable."""
    lines = ["import riata.path.grid", "import riata.select.folds", "import riata.certify", "from riata import path"]
    for order in itertools.permutations(lines, 2):
        code = "\n".join(
            [*order, "import riata", "assert all(map(callable, (riata.path, riata.select, riata.certify)))"]
        )
        out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
        assert out.returncode == 0, f"{code}\n{out.stderr}"


def test_no_frame_between_the_caller_and_the_function(monkeypatch):
    """A warning raised with stacklevel=2 must point at the line that called."""
    module = type(sys)("toy")
    monkeypatch.setitem(sys.modules, "toy", module)

    def toy(X):
        """A toy."""
        warnings.warn("look", UserWarning, stacklevel=2)
        return X

    make_callable("toy", toy)
    with pytest.warns(UserWarning, match="look") as seen:
        assert module(3) == 3
    assert seen[0].filename == __file__
