"""scikit-learn's own tests of its coordinate descent, run with our classes in the place of theirs.

The installed file sklearn/linear_model/tests/test_coordinate_descent.py is read, an import of our six names is put
behind its own imports, and every test that names one of the six is collected here as it stands. What scikit-learn
tests of other things in that file (its private solvers, the multi-task classes) would prove nothing about us.

Exclusions stand in sklearn_exclusions.toml, test -> reason. Each is a strict expected failure: one that passes fails.
"""

import ast
import importlib.util
import pathlib
import tomllib
import types

import pytest
import sklearn

import riata

OURS = ("ElasticNet", "ElasticNetCV", "Lasso", "LassoCV", "enet_path", "lasso_path")
EXCLUDED = tomllib.loads(pathlib.Path(__file__).with_name("sklearn_exclusions.toml").read_text(encoding="utf-8"))
WRITTEN_FOR = (1, 9)

pytestmark = pytest.mark.filterwarnings("default")


def installed_file() -> pathlib.Path | None:
    spec = importlib.util.find_spec("sklearn.linear_model.tests.test_coordinate_descent")
    return pathlib.Path(spec.origin) if spec and spec.origin else None


def with_our_classes(file: pathlib.Path) -> tuple[types.ModuleType, set[str]]:
    """The module in that file with our names in place of scikit-learn's, and the names of its tests that use them."""
    tree = ast.parse(file.read_text(encoding="utf-8"), filename=str(file))
    last_import = max(i for i, node in enumerate(tree.body) if isinstance(node, ast.Import | ast.ImportFrom))
    ours = ast.parse(f"from riata.estimators import {', '.join(OURS)}").body
    tree.body[last_import + 1 : last_import + 1] = ours
    module = types.ModuleType("sklearn_own_tests")
    exec(compile(ast.fix_missing_locations(tree), str(file), "exec"), module.__dict__)
    about_us = {
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and any(isinstance(part, ast.Name) and part.id in OURS for part in ast.walk(node))
    }
    return module, about_us


FILE = installed_file()
SUPPORTED = tuple(int(part) for part in sklearn.__version__.split(".")[:2]) >= WRITTEN_FOR
if FILE is None or not SUPPORTED:
    pytest.skip(
        f"scikit-learn {sklearn.__version__}: its tests of version 1.9 or later are needed.", allow_module_level=True
    )
MODULE, ABOUT_US = with_our_classes(FILE)
globals().update({name: getattr(MODULE, name) for name in sorted(ABOUT_US)})


def reason_for(test: str) -> str | None:
    """The reason why a test is excluded, by its full name or by its name without parameters."""
    return EXCLUDED.get(test, EXCLUDED.get(test.partition("[")[0]))


@pytest.fixture(params=[42])
def global_random_seed(request):
    """scikit-learn's own conftest has this fixture; 42 is the seed that it takes by default."""
    return request.param


@pytest.fixture(autouse=True)
def expected_failures(request):
    reason = reason_for(request.node.name)
    if reason is not None:
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))


def test_our_classes_are_the_ones_tested():
    assert len(ABOUT_US) >= 40
    for name in OURS:
        assert getattr(MODULE, name) is getattr(riata, name)
        assert getattr(MODULE, name).__module__.startswith("riata.")


def test_every_exclusion_names_a_test_and_gives_a_reason(request):
    here = [item for item in request.session.items if item.path == request.node.path]
    collected = {item.name for item in here} | {item.name.partition("[")[0] for item in here}
    if "test_our_classes_are_the_ones_tested" not in collected:
        pytest.skip("only a part of this file was collected")
    assert {name for name in EXCLUDED if name not in collected} == set()
    assert all(len(reason) > 30 for reason in EXCLUDED.values())
