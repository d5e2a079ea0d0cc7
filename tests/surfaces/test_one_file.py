"""One idea, one file: what `make new` writes into a registry's folder is seen by all who ask, with no other change."""

import importlib

import numpy as np
import pytest

import benchmarks.libraries
import benchmarks.problems
import riata.losses
import riata.penalties
import riata.select.rules
from benchmarks.registry import libraries, problems
from tools import new, penalty_table


@pytest.fixture
def plug_in(tmp_path, monkeypatch):
    """A function that writes a new file of some kind into a folder that the registry's package also looks at."""

    def write(kind, name, package):
        folder = tmp_path / new.TEMPLATES[kind][0]
        folder.mkdir(parents=True)
        new.write(kind, name, tmp_path)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
        importlib.invalidate_caches()

    return write


@pytest.fixture
def fresh_rules():
    """Nobody before or after sees the toy rule."""
    riata.select.rules.rules.cache_clear()
    yield riata.select.rules
    riata.select.rules.rules.cache_clear()


def test_a_new_rule_is_chosen_by_name(plug_in, fresh_rules):
    plug_in("rule", "toy", fresh_rules)
    assert set(fresh_rules.rules()) >= {"min", "1se", "toy"}
    X = [[float((i * 7) % 11), float((i * 5) % 13)] for i in range(40)]
    y = [row[0] + 0.1 * (i % 3) for i, row in enumerate(X)]
    by_toy, by_min = (riata.select(X, y, rule=rule) for rule in ("toy", "min"))
    assert by_toy.rule == "toy"
    assert by_toy.lam == by_min.lam


@pytest.fixture
def fresh_losses():
    """Nobody before or after sees the toy loss."""
    riata.losses.losses.cache_clear()
    yield riata.losses
    riata.losses.losses.cache_clear()


def test_a_new_loss_is_found_and_certified(plug_in, fresh_losses):
    plug_in("loss", "toy_loss", fresh_losses)
    toy = fresh_losses.find("toy_loss")
    assert toy.__name__ == "ToyLoss"
    X, y = np.array([[1.0], [-1.0]]), np.array([2.0, -2.0])
    problem = riata.make_problem(X, y, standardize=False).replace(loss=toy.parse(y))
    assert riata.certify(problem, np.array([1.5]), 0.0, 0.5).gap_rel <= 1e-15
    assert riata.certify(problem, np.array([1.0]), 0.0, 0.5).gap_rel == pytest.approx(0.0625)


@pytest.fixture
def fresh_penalties():
    """Nobody before or after sees the toy penalty."""
    riata.penalties.penalties.cache_clear()
    yield riata.penalties
    riata.penalties.penalties.cache_clear()


def test_a_new_penalty_is_solved_listed_and_selected(plug_in, fresh_penalties):
    plug_in("penalty", "toy_penalty", fresh_penalties)
    assert fresh_penalties.find("toy_penalty").__name__ == "ToyPenalty"
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 5))
    y = 3 * X[:, 1] + rng.standard_normal(60)
    path = riata.path(X, y, penalty="toy_penalty", gamma=0.5, n_lams=10)
    assert path.stationarity.max() <= 1e-8
    lasso = riata.path(X, y, lams=path.lams)
    assert np.abs(path.coef[1] - lasso.coef[1]).max() > 0.1  # it is not the lasso
    assert riata.select(X, y, penalty="toy_penalty", n_lams=20).features == ["x1"]
    assert "| `toy_penalty` | say in a line" in penalty_table.page()
    assert ("toy_penalty", "cox") in penalty_table.combinations()


def test_a_new_problem_is_listed(plug_in):
    plug_in("problem", "toy", benchmarks.problems)
    assert "toy" in problems()


def test_a_new_library_is_listed(plug_in):
    plug_in("library", "toy", benchmarks.libraries)  # its facts are read; nothing has to be installed for that
    assert [library.MODULE for library in libraries(["toy"])] == ["toy"]
