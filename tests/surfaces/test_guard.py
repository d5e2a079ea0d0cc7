"""The counted work of fixed problems has not grown since it was committed, and the guard would tell."""

import pytest

from benchmarks import guard, results


@pytest.mark.parametrize(
    ("name", "task"), [(name, task) for name in guard.PROBLEMS for task in guard.tasks(name)], ids=lambda v: v
)
def test_no_more_work_than_committed(name, task):
    known = {(row["problem"], row["task"]): row for row in results.read(guard.FILE)}
    assert guard.more(guard.count(name, task), known[name, task]) == []


@pytest.mark.parametrize(("trick", "name", "count"), [("span", "wide", "full_passes"), ("foretell", "tall", "rounds")])
def test_the_guard_tells_when_a_trick_is_lost(trick, name, count):
    known = {(row["problem"], row["task"]): row for row in results.read(guard.FILE)}
    lost = guard.more(guard.count(name, "path", {trick: False}), known[name, "path"])
    assert any(line.startswith(count) for line in lost)


def test_a_single_pass_covers_a_wide_lambda_at_most():
    """Never above one pass over X for each λ, and at most 20 for 100 of them (60 here: 12)."""
    for name in ("wide", "wide_correlated"):
        found = guard.count(name, "path")
        assert found["full_passes"] + found["partial_passes"] <= 60
