"""Penalties of riata.select: groups by column, list, name and pattern; their weights; and every penalty's options."""

import numpy as np
import pytest

import riata
from riata.core.errors import InvalidOption
from riata.penalties import penalties
from riata.penalties.mcp import MCP
from riata.select.options import Options, describe

pl = pytest.importorskip("polars", reason="tables need the extra riata[table]")

N = 120


@pytest.fixture(scope="module")
def table():
    """town (4 levels) and gene_0 matter."""
    rng = np.random.default_rng(4)
    town = rng.integers(0, 4, N)
    genes = {f"gene_{j}": rng.standard_normal(N) for j in range(3)}
    more = {"town": np.array(["bonn", "oslo", "rome", "wien"])[town], "size": rng.standard_normal(N)}
    price = np.array([0, 1, -1, 2.0])[town] + genes["gene_0"] + rng.standard_normal(N)
    return pl.DataFrame({"price": price} | genes | more)


@pytest.fixture(scope="module")
def X(table):
    """The columns that a selection makes of the table."""
    town = table["town"].to_numpy()
    levels = [(town == level).astype(float) for level in ("bonn", "oslo", "rome", "wien")]
    return np.column_stack([*(table[f"gene_{j}"] for j in range(3)), *levels, table["size"]])


NAMES = ["gene_0", "gene_1", "gene_2", "town=bonn", "town=oslo", "town=rome", "town=wien", "size"]


def chosen(table, **more):
    return riata.select(table, "price", **({"penalty": "group", "n_lams": 20, "folds": 4, "tol": 1e-11} | more))


def same(sel, X, table, **how):
    """Whether the selection's path is that of riata.path with these options on the numbers themselves."""
    y = table["price"].to_numpy()
    direct = riata.path(X, y, lams=sel.path.lams, **({"penalty": "group", "tol": 1e-11} | how))
    assert sel.path.feature_names == NAMES
    return np.allclose(sel.path.coef, direct.coef, atol=1e-8)


BY_COLUMN = [0, 1, 2, 3, 3, 3, 3, 4]
GENES = [0, 0, 0, 3, 3, 3, 3, 4]


def test_the_levels_of_a_column_go_in_together(table, X):
    sel = chosen(table)
    assert same(sel, X, table, groups=BY_COLUMN)
    assert not same(sel, X, table)
    on = sel.path.coef[3:7] != 0
    assert (on.all(axis=0) | ~on.any(axis=0)).all()
    assert on.any()
    assert sel.groups == ("gene_0", "gene_1", "gene_2", *["town"] * 4, "size")
    lasso = chosen(table, penalty="l1").path.coef[3:7] != 0
    assert (lasso.any(axis=0) & ~lasso.all(axis=0)).any(), "the data could not tell"


@pytest.mark.parametrize(
    "groups",
    [
        {"genes": "gene_*"}, {"genes": ["gene_0", "gene_1", "gene_2"]}, ["gene_*"], [["gene_0", 1, "gene_2"]], "gene_*",
        {"genes": [0, 1, 2], "place": "town"}, {"genes": "gene_*", "place": "town=*"}, GENES, np.array(GENES),
    ],
    ids=str,
)  # fmt: skip
def test_ways_to_say_which(table, X, groups):
    assert same(chosen(table, groups=groups), X, table, groups=GENES)


def test_columns_that_no_group_names_stay_whole(table):
    sel = chosen(table, groups={"both": ["size", "town=oslo"]})
    assert sel.groups == ("gene_0", "gene_1", "gene_2", "town", "both", "town", "town", "both")
    assert chosen(table, groups={"town": ["size"]}).groups[3:] == (*["town (rest)"] * 4, "town")


def test_weights_of_groups(table, X):
    for weights in ({"town": 0.5, "size": 5}, [np.sqrt(3), 0.5, 5]):
        sel = chosen(table, groups=["gene_*"], group_weights=weights)
        assert same(sel, X, table, groups=GENES, group_weights={0: np.sqrt(3), 3: 0.5, 4: 5.0})
    free = chosen(table, group_weights={"town": 0})
    assert (free.path.coef[3:7, 0] != 0).any(), "a weight of 0 is never penalised"
    assert same(chosen(table, group_weights=2), X, table, groups=BY_COLUMN, group_weights=2)


def test_factors_of_features_multiply_the_weights_of_their_group(table, X):
    sel = chosen(table, penalty_factor={"town": 0.5, "town=wien": np.inf, "size": np.inf})
    out = [*[1] * 6, np.inf, np.inf]
    assert same(sel, X, table, groups=BY_COLUMN, group_weights=[1, 1, 1, 1, 1], penalty_factor=out)
    assert not sel.path.coef[6].any()
    assert not sel.path.coef[7].any()
    own = chosen(table, penalty_factor={"town": 0.5}, group_weights={"town": 4.0})
    assert same(own, X, table, groups=BY_COLUMN, group_weights=[1, 1, 1, 2, 1])
    with pytest.raises(InvalidOption, match=r'differs within the group "town"[\s\S]*group_weights'):
        chosen(table, penalty_factor={"town=oslo": 0})
    numbers = table.drop("town")
    alone = chosen(numbers, penalty_factor={"gene_0": 0})
    assert alone.groups is None, "every feature by itself is no grouping"
    assert (alone.path.coef[0] != 0).all()


def test_sparse_groups(table, X):
    sel = chosen(table, penalty="sparse_group", share=0.3)
    assert same(sel, X, table, penalty="sparse_group", groups=BY_COLUMN, share=0.3)
    assert not same(sel, X, table, penalty="sparse_group", groups=BY_COLUMN)
    free = chosen(table, penalty="sparse_group", penalty_factor={"town": 0}, lam=sel.path.lams[0])
    assert len([name for name in free.features if name.startswith("town=")]) == 4


def test_the_table_keeps_groups_together(table):
    sel = chosen(table, rule="min", groups={"mix": ["gene_0", "gene_1"]})
    frame = sel.to_frame()
    assert list(frame) == ["feature", "coef", "coef_per_sd", "group"]
    effect, order = np.abs(frame["coef_per_sd"]), frame["group"]
    assert (np.diff(effect) > 0).any(), "the data could not tell: gene_1 matters less than a town"
    assert [g for i, g in enumerate(order) if order[i - 1 : i] != [g]] == list(dict.fromkeys(order))
    strongest = [max(e for e, g in zip(effect, order, strict=True) if g == one) for one in dict.fromkeys(order)]
    assert strongest == sorted(strongest, reverse=True)
    text = sel.summary()
    assert f"{len(sel.features)} of 8 features (in {len(set(order))} of 4 groups) predict price" in text
    assert next(line for line in text.splitlines() if "town=oslo" in line).endswith("  town")
    alone = chosen(table, rule="min").summary()
    assert next(line for line in alone.splitlines() if "gene_0" in line).endswith(("+", "−")), "it is its own group"
    assert chosen(table, penalty="l1").groups is None


BAD = {
    "two groups": ({"groups": ["gene_*", "gene_1"]}, r'"gene_1" is in two groups[\s\S]*gene_\* and gene_1'),
    "no feature": ({"groups": {"g": "gen_0"}}, r'groups names "gen_0"[\s\S]*did you mean "gene_0"'),
    "no position": ({"groups": [[0, 8]]}, "a name, a pattern, or 0 to 7"),
    "no group": ({"group_weights": {"towns": 1}}, r'"towns", which is no group[\s\S]*did you mean "town"'),
    "weights": ({"group_weights": [1, 2]}, "has not one number for each group"),
    "share": ({"penalty": "sparse_group", "share": 2}, "0 to 1"),
    "option of another": ({"penalty": "l1", "gamma": 2}, r'"l1" has no option "gamma"[\s\S]*penalty="mcp"'),
    "made already": ({"penalty": MCP(), "gamma": 2}, "made already"),
    "unknown penalty": ({"penalty": "mpc"}, 'did you mean "mcp"'),
    "gamma": ({"penalty": "scad", "gamma": 1}, "a number > 2"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_named(table, case):
    options, said = BAD[case]
    with pytest.raises(InvalidOption, match=said):
        chosen(table, **options)
    with pytest.raises(TypeError, match='did you mean "gamma"'):
        chosen(table, penalty="mcp", gama=2)


@pytest.mark.parametrize("penalty", sorted(set(penalties()) - {"group", "sparse_group"}))
def test_every_option_of_every_penalty_gets_there(table, X, penalty):
    """A value that is not the default changes the path as riata.path's own option does."""
    other = {float: lambda v: v + 1.5, str: lambda v: "ridge"}
    plain = chosen(table, penalty=penalty)
    assert same(plain, X, table, penalty=penalty)
    for name, default in penalties()[penalty].options().items():
        option = {name: other[type(default)](default)}
        sel = chosen(table, penalty=penalty, **option)
        assert same(sel, X, table, penalty=penalty, **option)
        assert not np.allclose(sel.cv.cvm, plain.cv.cvm)
        assert sel.model.options["penalty_options"] == option


def test_options_are_kept_as_they_were_given():
    options = Options.of(penalty="group", groups={"g": ["a", "b*"]}, group_weights={"g": np.float64(2)})
    assert describe(options)["penalty_options"] == {"groups": {"g": ["a", "b*"]}, "group_weights": {"g": 2.0}}
    assert describe(Options.of(penalty=MCP(2.0)))["penalty"] == "MCP(gamma=2.0)"
