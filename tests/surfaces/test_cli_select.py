"""`riata select`: every method's answer, promise and options are those of its function."""

import argparse
import dataclasses
import json
import shlex

import numpy as np
import pytest

from riata.cli import main
from riata.cli.commands import select
from riata.inference.methods import METHODS, methods

pl = pytest.importorskip("polars", reason="the command line reads tables with the extra riata[table]")

# method -> (words, the same as keywords)
CALLS = {
    "mfdr": ("--level 0.3", {"level": 0.3}),
    "stability": ("--n-pairs 8 --pfer 2 --bound worst --stability-method mb --seed 5",
                  {"n_pairs": 8, "pfer": 2.0, "bound": "worst", "method": "mb", "seed": 5}),
    "knockoffs": ("--fdr 0.4 --construction equi --knockoffs-offset 0 --seed 2",
                  {"fdr": 0.4, "construction": "equi", "offset": 0, "seed": 2}),
    "debiased": ("--level 0.8 --adjustment bonferroni --noise ols --lam-nodewise 0.1",
                 {"level": 0.8, "adjustment": "bonferroni", "noise": "ols", "lam_nodewise": 0.1}),
    "post_selection": ("--lambda 0.4 --level 0.9 --post-selection-target full",
                       {"lam": 0.4, "level": 0.9, "target": "full"}),
    "multi_split": ("--splits 6 --at-most 4 --level 0.9", {"splits": 6, "at_most": 4, "level": 0.9}),
}  # fmt: skip


def run(line):
    return main(shlex.split(line)[1:])


def test_every_method_is_called_here():
    assert set(CALLS) == set(methods())


@pytest.mark.parametrize("name", CALLS)
def test_a_method_gets_its_keywords(tables, capsys, name):
    words, keywords = CALLS[name]
    assert run(f"riata select houses.csv -y price --drop town,rent --method {name} --json {words}") == 0
    made = json.loads(capsys.readouterr().out)
    direct = methods()[name].load()(pl.read_csv("houses.csv"), "price", drop=["town", "rent"], **keywords)
    assert sorted(made["selected"]) == sorted(direct.selected)
    assert made["options"] == keywords
    frame = direct.local().to_frame() if name == "mfdr" else direct.to_frame()
    for column in [key for key in frame if key not in ("feature", "selected")]:
        want = {f: v for f, v in zip(frame["feature"], frame[column], strict=True) if v is not None and np.isfinite(v)}
        have = dict(zip(made["features"]["feature"], made["features"][column], strict=True))
        assert {f: have[f] for f in want} == pytest.approx(want, rel=1e-7), column
    for option in methods()[name].options:
        if option.name in made["promise"] and option.name in keywords and name != "stability":
            assert f"{option.name} = {keywords[option.name]:.3g}" in made["promise"]
    assert made["assumes"] == methods()[name].assumes


@pytest.mark.parametrize("name", CALLS)
def test_the_screen_states_promise_and_assumptions_before_the_table(tables, capsys, name):
    words = CALLS[name][0] if name in ("post_selection", "multi_split", "knockoffs") else ""
    assert run(f"riata select houses.csv -y price --drop town,rent --method {name} {words}") == 0
    out = capsys.readouterr().out
    first = out.splitlines()
    assert first[0].startswith(f"{name} selects ")
    assert first[1].startswith(f"promise: {methods()[name].promise} (")
    assert any(line == f"assumes: {methods()[name].assumes}." for line in first[2:4])
    table = [line.split() for line in out.splitlines() if line.startswith(("  x", "  dist"))]
    yes = [row[0] for row in table if row[1] == "yes"]
    assert [row[0] for row in table][: len(yes)] == yes, "selected ones stand first"
    if yes:
        assert first[0].endswith(f": {', '.join(yes)}.")
        assert f"selects {len(yes)} of 4 features for price (120 rows)" in first[0]


def test_every_option_of_every_method_is_one_of_the_command():
    parser = argparse.ArgumentParser()
    select.add_arguments(parser)
    by_dest = {action.dest: action for action in parser._actions}
    for method in METHODS:
        for option in method.options:
            dest = option.name if option.name in parser.get_default("own") else f"{method.name}_{option.name}"
            action = by_dest[dest]
            assert action.default is argparse.SUPPRESS, "the default stands in the function, once"
            assert method.name in action.help
            assert set(option.choices) <= set(action.choices or option.choices)
            if option.default not in (None, dataclasses.MISSING):
                assert f"{method.name} ({option.default})" in action.help
    assert {"stability_method", "knockoffs_offset", "post_selection_target"} <= set(by_dest)


def test_intervals_assume_what_their_results_say(tables):
    for name in ("debiased", "post_selection", "multi_split"):
        found = methods()[name].load()(pl.read_csv("houses.csv").drop("town"), "price", **CALLS[name][1])
        assert found.assumptions == methods()[name].assumes


BAD = {
    "no method": ("", ["the following arguments are required: --method"]),
    "misspelt": ("--method knockof", ["knockof", 'did you mean "knockoffs"']),
    "another's option": ("--method mfdr --fdr 0.1", ["--fdr is an option of knockoffs, not of mfdr"]),
    "no lambda": ("--method post_selection", ["--method post_selection needs --lambda", "riata path shows the range"]),
    "family": (
        "--method debiased --family huber",
        ["does not take the family huber", "these take it: stability, knockoffs."],
    ),
    "mean": ("--method mfdr --na mean", ["--na mean is for riata fit only", "--na drop leaves out the rows"]),
    "level": ("--method mfdr --level 2", ["level must lie between 0 and 1"]),
    "offset": ("--method knockoffs --offset x1", ["--method knockoffs takes no column of that kind", "--offset"]),
    "column": ("--method mfdr --weights prise", ['"prise" is not in the table', 'did you mean "price"']),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_named(tables, capsys, case):
    words, said = BAD[case]
    assert run(f"riata select houses.csv -y price --drop town {words}") == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert [word for word in said if word not in err] == [], err


def test_the_offset_of_the_data_is_a_column(tables, capsys):
    assert run("riata select houses.csv -y price --drop town,rent --method mfdr --offset distance --json") == 0
    made = json.loads(capsys.readouterr().out)
    assert "distance" not in made["features"]["feature"]


def test_a_seed_is_no_mistake_where_nothing_is_drawn(tables, capsys):
    assert run("riata select houses.csv -y price --drop town --method mfdr --seed 3") == 0
    assert run("riata select houses.csv -y price --drop rent --pfer 4 --method stability --q 2 --seed 3 -o a.csv") == 0
    assert run("riata select houses.csv -y price --drop rent --pfer 4 --method stability --q 2 --seed 4 -o b.csv") == 0
    assert (tables / "a.csv").read_text() != (tables / "b.csv").read_text()


def test_strict(tables, capsys):
    noise = np.random.default_rng(0).standard_normal((100, 6))
    pl.DataFrame({f"c{j}": noise[:, j] for j in range(6)}).write_csv("noise.csv")
    words = "riata select noise.csv -y c0 --method knockoffs"
    assert run(words) == 0
    assert run(f"{words} --strict -o t.csv") == 1
    assert "nothing was selected. t.csv was not written" in capsys.readouterr().err
    assert not (tables / "t.csv").exists()


def test_twins_without_room_are_said(tables, capsys):
    frame = pl.read_csv("houses.csv").with_columns(twin=pl.col("x1") + 0.001 * pl.col("x2"))
    frame.write_csv("houses.csv")
    assert run("riata select houses.csv -y price --drop town,rent --method knockoffs") == 0
    assert "2 of 5 are nearly combinations of others" in capsys.readouterr().err.replace("features ", "")


def test_knockoffs_that_select_none_say_how_few_they_could(tables, capsys):
    assert run("riata select houses.csv -y price --drop town,rent --method knockoffs --fdr 0.15") == 0
    shown = capsys.readouterr()
    assert "selects none" in shown.out
    assert "at least 1/fdr features, here 7, or none" in shown.err


def test_no_method_lists_the_methods(tables, capsys):
    assert run("riata select houses.csv -y price") == 2
    said = capsys.readouterr().err
    assert "--method" in said
    assert all(name in said for name in ("stability", "debiased", "knockoffs"))
