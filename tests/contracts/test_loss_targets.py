"""What can be passed as y: labels of any type, proportions, counts, times; and what is refused, in a sentence."""

import numpy as np
import pytest

from riata.core.errors import InvalidData, InvalidOption
from riata.losses import find

EVEN = np.full(4, 0.25)


@pytest.mark.parametrize(
    "y",
    [
        ["no", "yes", "yes", "no"],
        [False, True, True, False],
        [-1, 1, 1, -1],
        [1.0, 2.0, 2.0, 1.0],
        np.array(["no", "yes", "yes", "no"], dtype=object),
        np.array([[0], [1], [1], [0]]),
    ],
)
def test_binomial_takes_any_two_labels(y):
    loss = find("binomial").parse(y)
    assert loss.y.tolist() == [0.0, 1.0, 1.0, 0.0]
    assert loss.classes.size == 2
    assert loss.multiplicity is None


def test_binomial_positive_label():
    loss = find("binomial").parse(["a", "b", "b", "a"], positive="a")
    assert loss.y.tolist() == [1.0, 0.0, 0.0, 1.0]
    assert loss.classes.tolist() == ["b", "a"]
    with pytest.raises(InvalidOption, match="none of the labels"):
        find("binomial").parse(["a", "b"], positive="c")


def test_proportions_with_trials_are_successes_and_failures():
    counts = np.array([[3, 1], [0, 5], [2, 2], [0, 0]])
    one = find("binomial").parse(counts)
    n = counts.sum(axis=1)
    other = find("binomial").parse(np.array([0.75, 0.0, 0.5, 0.9]), trials=n)
    assert one.multiplicity.tolist() == n.tolist() == other.multiplicity.tolist()
    s = n / n.sum()
    eta = np.array([0.3, -1.0, 0.2, 9.0])
    assert one.value(eta, s) == pytest.approx(other.value(eta, s), rel=1e-14)
    # the same as the 13 trials one by one
    each = find("binomial").parse(np.concatenate([np.repeat([1, 0], row) for row in counts]))
    rows = np.repeat(np.arange(4), n)
    assert one.value(eta, s) == pytest.approx(each.value(eta[rows], np.full(13, 1 / 13)), rel=1e-14)


def test_multinomial_takes_labels_and_permuting_them_permutes_the_columns():
    rng = np.random.default_rng(0)
    y = np.array(["x", "z", "y", "x", "y"])
    renamed = np.array([{"x": "c", "y": "a", "z": "b"}[k] for k in y])
    one, other = find("multinomial").parse(y), find("multinomial").parse(renamed)
    assert one.classes.tolist() == ["x", "y", "z"]
    eta, s = rng.normal(size=(5, 3)), rng.uniform(size=5)
    order = [1, 2, 0]  # a = y, b = z, c = x
    assert other.value(eta[:, order], s) == pytest.approx(one.value(eta, s), rel=1e-14)
    np.testing.assert_allclose(other.gradient(eta[:, order], s), one.gradient(eta, s)[:, order], rtol=1e-12)


def test_survival_targets_in_all_their_shapes():
    time, event = np.array([3.0, 1.0, 2.0, 2.0]), np.array([1, 0, 1, 1])
    plain = find("cox").parse(np.column_stack([time, event]))
    record = np.array(list(zip(event == 1, time, strict=True)), dtype=[("status", bool), ("days", float)])
    named = find("cox").parse(record)
    late = find("cox").parse(np.column_stack([np.zeros(4), time, event]))
    eta = np.array([0.1, -0.4, 0.9, 0.2])
    for other in (named, late):
        assert other.value(eta, EVEN) == pytest.approx(plain.value(eta, EVEN), rel=1e-14)
    apart = find("cox").parse(np.column_stack([time, event]), strata=["a", "b", "a", "b"])
    assert apart.value(eta, EVEN) != pytest.approx(plain.value(eta, EVEN), rel=1e-3)
    lifted = eta + np.array([5.0, -7.0, 5.0, -7.0])  # a constant of one's own for each stratum changes nothing
    assert apart.value(lifted, EVEN) == pytest.approx(apart.value(eta, EVEN), rel=1e-13)


@pytest.mark.parametrize(
    ("family", "y", "options", "sentence"),
    [
        ("binomial", ["a", "b", "c"], {}, "has 3"),
        ("binomial", ["a", "a"], {}, "has 1"),
        ("binomial", ["a", None], {}, "no label at row 1"),
        ("binomial", [0.0, np.nan, 1.0], {}, "row 1"),
        ("binomial", [[1, -1], [2, 2]], {}, "counts"),
        ("binomial", [0.5, 1.5], {"trials": [2, 2]}, "above 1 at row 1"),
        ("binomial", [0.5, 0.5], {"trials": [0, 0]}, "No row has a trial"),
        ("multinomial", [1, 1, 1], {}, "one class"),
        ("multinomial", np.array(["a", 1], dtype=object), {}, "mixes labels"),
        ("poisson", [1.0, -2.0], {}, "negative at row 1"),
        ("poisson", ["x", "y"], {}, "must hold numbers"),
        ("gaussian", [[1.0, 2.0], [3.0, 4.0]], {}, "wrong shape"),
        ("gaussian", [1.0, np.inf], {}, "not finite at row 1"),
        ("multigaussian", [1.0, 2.0], {}, "wrong shape"),
        ("cox", [1.0, 2.0], {}, "when and whether"),
        ("cox", [[1.0, 2.0], [2.0, 1.0]], {}, r"neither 0 nor 1 at row 0[\s\S]*pass event == 2"),
        ("cox", [[1.0, 0], [2.0, 0]], {}, "All rows are censored"),
        ("cox", [[-1.0, 1], [2.0, 0]], {}, "negative"),
        ("cox", [[1.0, 1.0, 1], [0.0, 2.0, 0]], {}, "ends before it starts"),
        ("cox", [[1.0, 1], [2.0, 0]], {"strata": [1]}, "one label a row"),
    ],
)
def test_bad_targets_are_refused_in_a_sentence(family, y, options, sentence):
    with pytest.raises(InvalidData, match=sentence):
        find(family).parse(y, **options)


@pytest.mark.parametrize(
    ("family", "y", "options", "sentence"),
    [
        ("huber", [1.0, 2.0], {"delta": 0.0}, "turns linear"),
        ("cox", [[1.0, 1], [2.0, 0]], {"ties": "exact"}, "equal event times"),
        ("cox", [[1.0, 1], [2.0, 0]], {"stratum": [1, 1]}, "no option"),
        ("gaussian", [1.0, 2.0], {"delta": 1.0}, "no option"),
        ("binomial", [[1, 1], [2, 2]], {"trials": [1, 1]}, "already say"),
    ],
)
def test_bad_options_are_refused_in_a_sentence(family, y, options, sentence):
    with pytest.raises(InvalidOption, match=sentence):
        find(family).parse(y, **options)


def test_an_unknown_family_is_answered_with_a_hint():
    with pytest.raises(InvalidOption, match='did you mean "poisson"'):
        find("poison")


@pytest.mark.parametrize(
    ("family", "y", "s", "sentence"),
    [
        ("binomial", [0, 1, 1, 0], [0.0, 0.5, 0.5, 0.0], "all of one class"),
        ("multinomial", [0, 1, 2, 0], [0.5, 0.5, 0.0, 0.0], "is of class 2"),
        ("poisson", [0.0, 0.0, 3.0, 0.0], [0.5, 0.5, 0.0, 0.0], "count of positive weight is zero"),
        ("cox", [[1.0, 1], [2.0, 0], [3.0, 0], [4.0, 0]], [0.0, 0.5, 0.5, 0.0], "has an event"),
    ],
)
def test_a_fold_that_lost_what_is_rare_is_told_so(family, y, s, sentence):
    """The best intercept would be infinite: a sentence, never NaN."""
    loss = find(family).parse(y)
    shape = (4, loss.n_outputs) if loss.n_outputs > 1 else 4
    with pytest.raises(InvalidData, match=sentence):
        loss.null(np.zeros(shape), np.array(s))


def test_two_members_are_a_class():
    y = np.array(["rare", "rare"] + ["common"] * 50)
    b, value = find("binomial").parse(y).null(np.zeros(52), np.full(52, 1 / 52))
    assert b == pytest.approx(np.log(2 / 50))
    assert value == pytest.approx(-(2 * np.log(2 / 52) + 50 * np.log(50 / 52)) / 52)
