"""The benchmark measures what it says: the judge is right, the search finds the loosest tolerance, tables can tell."""

import dataclasses
import itertools
import math
import os
import re

import numpy as np
import pytest
import scipy.sparse

import riata
from benchmarks import accuracy, figure, gap, measure, pool, registry, report, results, tasks
from benchmarks.accuracy import Try
from benchmarks.judge import Judge
from benchmarks.work import Work
from riata.certify import certify
from riata.path import make_problem

RNG = np.random.default_rng(3)
X = RNG.standard_normal((60, 12)) + 0.7
Y = X[:, :4] @ [1.0, -2.0, 0.5, 1.5] + RNG.standard_normal(60) + 3


def work_of(sparse=False, l1_ratio=1.0, weighted=False, intercept=True):
    """A small problem of each sort."""
    data = scipy.sparse.csc_matrix(np.where(np.abs(X) > 0.8, X, 0.0)) if sparse else np.asfortranarray(X)
    weights = np.linspace(0.2, 3.0, 60) if weighted else None
    work = Work(data, Y, np.ones(1), l1_ratio, weights, intercept)
    return dataclasses.replace(work, lams=tasks.top(work) * np.geomspace(1, 0.01, 7))


SORTS = list(itertools.product([False, True], [1.0, 0.5], [False, True], [False, True]))


@pytest.mark.parametrize("sort", SORTS)
def test_the_judge_finds_no_gap_at_the_minimum_and_one_beside_it(sort):
    work = work_of(*sort)
    path = riata.path(
        work.X, work.y, lams=work.lams, l1_ratio=work.l1_ratio, sample_weight=work.weights,
        fit_intercept=work.intercept, standardize=False, tol=1e-12,
    )  # fmt: skip
    intercept = path.intercept if work.intercept else None
    assert gap.bounds(work, path.coef, intercept).gap_rel() < 1e-11
    assert gap.bounds(work, 1.01 * path.coef, None).gap_rel() > 1e-6
    assert gap.bounds(work, path.coef + 1e-3, None).gap_rel() > 1e-7


def test_the_judge_sees_a_wrong_intercept():
    work = work_of()
    path = riata.path(work.X, work.y, lams=work.lams, standardize=False, tol=1e-12)
    assert gap.bounds(work, path.coef, path.intercept + 0.1).gap_rel() > 1e-4


def test_the_judge_never_promises_more_than_the_certificate():
    """The gap by the own residual is never below the one by the best bound, nor is riata's certificate."""
    work = work_of()
    exact = riata.path(work.X, work.y, lams=work.lams, standardize=False, tol=1e-12).coef
    rough = exact * (1 + 1e-3)
    judge = Judge(work)
    alone = judge.gaps(rough)
    judge.gaps(exact)
    best, own = judge.gaps(rough)
    assert alone[0] == alone[1] == own
    assert 0 < best < own
    problem = make_problem(work.X, work.y, standardize=False)
    centre = Y.mean() - X.mean(axis=0) @ rough
    certified = max(certify(problem, rough[:, k], centre[k], lam).gap_rel for k, lam in enumerate(work.lams))
    assert best <= certified + 1e-14  # both are differences of numbers near 1: rounding, and not more


def test_coefficients_that_are_not_finite_are_infinitely_far():
    work = work_of()
    assert gap.bounds(work, np.full((12, 7), np.nan)).gap_rel() == np.inf


@pytest.mark.parametrize("sparse", [False, True])
def test_by_hand_is_the_same_problem(sparse):
    work = work_of(sparse, weighted=True, intercept=not sparse)
    plain_X, plain_y = work.plain()
    plain = dataclasses.replace(work, X=plain_X, y=plain_y, weights=None, intercept=False)
    assert tasks.top(plain) == pytest.approx(tasks.top(work), rel=1e-12)
    coef = RNG.standard_normal((12, 7))
    one, other = gap.bounds(work, coef), gap.bounds(plain, coef)
    np.testing.assert_allclose(one.primal, other.primal, rtol=1e-12)


def test_permuted_rows_keep_their_folds():
    work = dataclasses.replace(work_of(), folds=tasks.contiguous(60))
    order = RNG.permutation(60)
    moved = work.permuted(order)
    np.testing.assert_array_equal(moved.y[order], work.y)
    np.testing.assert_array_equal(moved.X[order], work.X)
    for k, piece in enumerate(np.array_split(order, 10)):  # how a library cuts its folds from `order`
        np.testing.assert_array_equal(np.sort(piece), np.flatnonzero(moved.folds == k))


def test_prepared_columns_have_one_scale_and_sparse_ones_stay_sparse():
    dense, y = tasks.prepared(np.column_stack([X, np.full(60, 7.0)]), Y)
    np.testing.assert_allclose(dense[:, :12].std(axis=0), 1)
    np.testing.assert_allclose(dense.mean(axis=0), 0, atol=1e-12)
    assert (dense[:, 12] == 0).all()
    assert abs(y.mean()) < 1e-12
    raw = scipy.sparse.random(60, 20, 0.3, format="csc", rng=1)
    scaled, _ = tasks.prepared(raw, Y)
    assert scipy.sparse.issparse(scaled)
    sizes = np.asarray(scaled.multiply(scaled).mean(axis=0)).ravel()
    np.testing.assert_allclose(sizes[np.diff(raw.indptr) > 0], 1)


def searched(gaps, start, slow=()):
    """The search on a made-up library; decades in `slow` end late."""
    seen = []

    def attempt(decade):
        seen.append(decade)
        return Try(decade, np.inf, 1.0, late=True) if decade in slow else Try(decade, gaps(decade), 1.0)

    return accuracy.loosest(attempt, start), seen


@pytest.mark.parametrize("start", [0, 3, 6, 9, 14])
def test_the_search_finds_the_loosest_sufficient_tolerance_from_anywhere(start):
    found, seen = searched(lambda decade: 10.0 ** (-decade - 0.5), start)
    assert found.decade == 6
    assert found.reached
    assert len(seen) == len(set(seen))


def test_what_cannot_get_there_shows_its_best_gap():
    found, seen = searched(lambda decade: max(10.0**-decade, 3e-4), 2)
    assert (found.reached, found.gap) == (False, 3e-4)
    assert len(seen) < 8, "it was stalled"


def test_a_call_that_takes_too_long_ends_the_search():
    found, seen = searched(lambda decade: 10.0**-decade, 4, slow=range(5, 20))
    assert (found.decade, found.late, found.reached) == (4, True, False)
    assert seen == [4, 5]
    found, _ = searched(lambda decade: 10.0**-decade, 4, slow=range(3, 20))
    assert (found.decade, found.late) == (2, True)


def test_rows_are_replaced_by_their_key(tmp_path):
    file = tmp_path / "t.csv"
    row = dict.fromkeys(results.COLUMNS, "")
    results.merge(file, [row | {"problem": "a", "seconds": "1"}, row | {"problem": "b", "seconds": "2"}])
    results.merge(file, [row | {"problem": "a", "seconds": "3"}, row | {"problem": "c", "seconds": "4"}])
    assert [(r["problem"], r["seconds"]) for r in results.read(file)] == [("a", "3"), ("b", "2"), ("c", "4")]


def rows_of(**seconds):
    """Rows of one wide problem."""
    fixed = dict.fromkeys(results.COLUMNS, "") | {"problem": "p", "kind": "wide", "n": "5", "p": "9", "task": "path"}
    fixed |= {"threads": "2", "reached": "yes", "gap_rel": "1e-9"}
    return [fixed | {"library": name, "seconds": str(value)} for name, value in seconds.items()]


def test_a_missed_target_is_called_missed():
    assert "| 30× | 30× | 30× | ≥ 15× | met |" in report.targets(report.duels(rows_of(riata=1, b=30, c=40)))
    assert "| 14× | 14× | 14× | ≥ 15× | missed on 1 of 1 |" in report.targets(report.duels(rows_of(riata=1, b=14)))


def test_only_accurate_runs_are_compared():
    rows = rows_of(riata=1, fast=2, right=30)
    rows[1] |= {"reached": "no", "gap_rel": "1e-3"}
    duel = report.duels(rows)[0]
    assert (duel.best["library"], duel.ratio) == ("right", 30)
    assert "no: 1e-03 in 2" in report.everything([duel])
    assert "fast" not in figure.by_problem([duel], "path")
    assert "right" in figure.by_problem([duel], "path")


def test_the_figure_by_work_marks_what_was_promised():
    drawn = figure.by_work(report.duels(rows_of(riata=1, b=30, c=40)))
    assert drawn.count("<circle") == 2 + 2  # the legend's and the problem's
    marks = re.findall(r"x1='([\d.]+)'[^>]*stroke='#c00000'", drawn)
    powers = [float(x) for x in re.findall(r"x1='([\d.]+)' y1='56'", drawn)]  # 1, 10 and 100 times ours
    assert len(marks) == 1
    assert len(powers) == 3
    assert float(marks[0]) == pytest.approx(powers[0] + (powers[2] - powers[0]) * math.log10(15) / 2, abs=0.1)


def test_where_no_other_gets_there_the_time_they_were_given_is_a_bound():
    rows = rows_of(riata=0.01, slow=3, never=2)
    rows[1] |= {"reached": "timeout", "limit": "8"}
    rows[2] |= {"reached": "no", "limit": "60"}
    duel = report.duels(rows)[0]
    assert duel.ratio == 800
    assert "| none in time | 0.01 s | – | > 800× |" in report.best_of_each([duel], ("path",))


def test_a_bound_below_the_target_leaves_it_open():
    rows = rows_of(riata=1, slow=8)
    rows[1] |= {"reached": "timeout", "limit": "8"}
    assert "| ≥ 15× | met on 0, open on 1 |" in report.targets(report.duels(rows))
    rows[1] |= {"limit": "16"}
    assert "| ≥ 15× | met |" in report.targets(report.duels(rows))
    assert report.standing(5, 2, 1) == "missed on 2 of 5, open on 1"


def family_row(library, seconds, **other):
    """A row of a family that glmnet and others have."""
    row = rows_of(**{library: seconds})[0] | {"kind": "poisson", "family": "poisson"}
    return row | other


def test_a_target_against_one_library_does_not_look_at_the_others():
    rows = [family_row("riata", 1), family_row("glmnet", 5), family_row("glum", 2)]
    assert "| 5.0× | 5.0× | 5.0× | ≥ 3× | met |" in report.family_targets(report.duels(rows))
    rows[1]["seconds"] = "2.5"
    assert "missed on 1 of 1" in report.family_targets(report.duels(rows))
    assert report.duels(rows)[0].best["library"] == "glum"


def test_folds_that_cost_more_than_promised_are_called_missed():
    rows = [family_row("riata", 1), family_row("riata", 3, task="cv")]
    assert "10-fold CV over its path, poisson | 1 | 3.0× | 3.0× | 3.0× | ≤ 4× | met |" in report.family_targets(
        report.duels(rows)
    )
    rows[1]["seconds"] = "4.5"
    assert "missed on 1 of 1" in report.family_targets(report.duels(rows))


def test_folds_of_large_dense_problems_are_held_to_their_own_bound():
    large = {"n": "2000", "p": "500", "kind": "tall"}
    rows = [rows_of(riata=1)[0] | large, rows_of(riata=3)[0] | large | {"task": "cv"}]
    line = "10-fold CV over its path, n ≥ p dense, X of 1,000,000 numbers or more | 1 | 3.0× | 3.0× | 3.0× | ≤ 3× | "
    assert f"{line}met |" in report.targets(report.duels(rows))
    rows[1]["seconds"] = "3.1"
    assert "≤ 3× | missed on 1 of 1 |" in report.targets(report.duels(rows))
    small = [row | {"p": "499"} for row in rows]
    assert "over its path" not in report.targets(report.duels(small))


def test_paths_are_held_to_products_where_x_is_large():
    rows = [{"n": "2000", "p": "500", "ratio": "2.5"}, {"n": "2000", "p": "499", "ratio": "90"}]
    line = "path over one X'X, n ≥ p dense, X of 1,000,000 numbers or more | 1 | 2.5× | 2.5× | 2.5× | ≤ 2.5× | met |"
    assert line in report.targets([], rows)
    assert "missed on 1 of 1" in report.targets([], [rows[0] | {"ratio": "2.6"}])


def test_where_nobody_gets_there_a_target_is_open():
    nobody = [row | {"problem": "q", "reached": "timeout", "limit": "3"} for row in rows_of(riata=3, b=3)]
    found = report.duels([*rows_of(riata=1, b=30), *nobody])
    assert "| 2 | 30× | 30× | 30× | ≥ 15× | met on 1, open on 1 |" in report.targets(found)
    assert "| 1 | – | – | – | ≥ 15× | met on 0, open on 1 |" in report.targets(report.duels(nobody))
    wrong = [nobody[0] | {"reached": "no"}, nobody[1]]
    assert "| ≥ 15× | missed on 1 of 1 |" in report.targets(report.duels(wrong))


def test_a_library_without_the_family_shows_a_dash_and_no_reason():
    rows = [family_row("riata", 1), family_row("celer", "", reached="not run", gap_rel="", note="it has no poisson")]
    found = report.duels(rows)
    assert "| p | path | 1 | – |" in report.everything(found)
    assert report.refusals(found) == ""


def test_old_rows_without_a_family_are_gaussian():
    assert report.duels(rows_of(riata=1))[0].family == "gaussian"


def test_our_own_failure_counts_as_a_miss():
    rows = rows_of(riata=1, other=30)
    rows[0] |= {"reached": "no", "gap_rel": "1e-3"}
    assert "missed on 1 of 1" in report.targets(report.duels(rows))


def test_every_library_states_its_facts_and_every_task_has_a_call():
    found = registry.libraries()
    assert found[0].NAME == registry.OURS
    assert len(found) >= 8
    assert {library.MODULE for library in found} >= {"glmnet", "adelie", "celer", "skglm", "glum", "skein_glm"}
    assert set(tasks.NEEDS.values()) <= set().union(*(library.CAN for library in found))


@pytest.fixture
def worker(tmp_path):
    """riata's process with a small problem loaded."""
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", Y)
    process = pool.Process(next(library for library in registry.libraries() if library.NAME == registry.OURS))
    process.load("data", folder=str(tmp_path))
    yield process
    process.end()


@pytest.mark.skipif(os.name == "nt", reason="waits on pipes")
def test_a_worker_runs_and_is_started_again_after_it_was_ended(worker, tmp_path):
    work = work_of()
    file = pool.save_task(tmp_path, lams=work.lams)
    worker.load("task", file=file, l1_ratio=1.0, intercept=True, threads=1)
    cell = measure.Cell(worker, "path", work, {}, tmp_path)
    first = cell.attempt(8, 60.0)
    assert first.reached
    with pytest.raises(pool.TimeUp):
        worker.ask(0.0, op="run", call="path", tol=1e-8)
    assert worker.child is None
    assert cell.attempt(8, 60.0).gap == pytest.approx(first.gap, abs=1e-12)
    with pytest.raises(pool.Failed, match="AttributeError"):
        worker.ask(60.0, op="run", call="nonsense", tol=1e-8)
