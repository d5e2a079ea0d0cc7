"""The report in a real browser, opened from disk without a network: what moves, moves to the stored values.

Wants Debian's chromium (``apt-get install chromium``; or RIATA_BROWSER names another) and the packages playwright and
axe-playwright-python. Without them these tests skip and say why; with RIATA_REQUIRE_BROWSER=1, as in continuous
integration, that is a failure. Pictures of the pages are left in build/report for a person to look at.
"""

import dataclasses
import importlib.util
import os
import shutil
import time

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris

import riata
from riata.select.summary import number
from riata.testing.datasets import load
from tests.surfaces.reports import NASTY, nasty_frame

NAMES = ["age", "<b>sex</b>", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "a long name of a column in two outputs"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def lacking(reason):
    if os.environ.get("RIATA_REQUIRE_BROWSER") == "1":
        pytest.fail(f"{reason}, and RIATA_REQUIRE_BROWSER=1 forbids to skip")
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser():
    program = os.environ.get("RIATA_BROWSER") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if importlib.util.find_spec("playwright") is None:
        lacking("the report is tested in a browser with the package playwright, which is not installed")
    if program is None:
        lacking("the report is tested in a browser, and there is no chromium on PATH")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        launched = play.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("reports")


@pytest.fixture(scope="module")
def selections():
    diabetes = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    cancer = load_breast_cancer(return_X_y=True, as_frame=True)
    iris = load_iris(return_X_y=True, as_frame=True)
    return {
        "diabetes": riata.select(*diabetes),
        "cancer": riata.select(*cancer, family="binomial", n_lams=40),
        "iris": riata.select(*iris, family="multinomial", n_lams=20, folds=5),
        "nasty": riata.select(nasty_frame(), "<i>y</i>", rule="min", n_lams=30),
        "beside": riata.select(*diabetes),
        "counts": riata.select(diabetes[0], np.round(diabetes[1] / 20), family="poisson", n_lams=30),
        "survival": riata.select(diabetes[0], np.column_stack([diabetes[1], np.arange(442) % 3 > 0]), family="cox",
                                 n_lams=30),
        "several": riata.select(diabetes[0], np.column_stack([diabetes[1], diabetes[1] ** 2]), family="multigaussian",
                                n_lams=30, feature_names=NAMES),
    }  # fmt: skip


@pytest.fixture(scope="module")
def evidence():
    """What stands beside the report of "beside"."""
    diabetes = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    found = riata.debiased_lasso(*diabetes)
    ends = 1000 * found.ci  # with commas in their words
    ends[found.features.index("s1"), 0] = -np.inf
    return {"stability": riata.stability_selection(*diabetes, n_pairs=10, q=4, threshold=0.8),
            "intervals": dataclasses.replace(found, ci=ends)}  # fmt: skip


@pytest.fixture
def opened(browser, folder, selections, evidence):
    """A function that opens the report of a selection; at the end no page may have complained or asked the network."""
    contexts, complaints = [], []

    def open_page(name, **options):
        file = folder / f"{name}.html"
        if not file.exists():
            selections[name].report(file, **(evidence if name == "beside" else {}))
        context = browser.new_context(offline=True, **options)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))
        page.on(
            "request", lambda asked: None if asked.url.startswith(("file:", "data:")) else complaints.append(asked.url)
        )
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def lines(page):
    """The table as the page shows it, without its head."""
    return page.eval_on_selector_all(
        "#features tbody tr", "rows => rows.map(r => [...r.cells].map(c => c.textContent))"
    )


def expected(selection, k):
    """Feature (and output), coefficient and effect per SD at the k-th λ, as they should be written, strongest first."""
    path = selection.path
    found = []
    for j, values in zip(path.active, path.coef_active[..., k], strict=True):
        for i, w in enumerate(np.atleast_1d(values).tolist()):
            output = [path.outputs[i]] if path.outputs else []
            if w:
                found.append((abs(w * path.scale[j]), [path.feature_names[j], *output], w, w * path.scale[j]))
    found.sort(key=lambda one: -one[0])
    return [[*names, number(w), number(effect)] for _, names, w, effect in found]


def shown(page, selection):
    """The same columns of the page's table."""
    heads = page.eval_on_selector_all("#features thead th", "cells => cells.map(c => c.textContent)")
    wanted = ["feature", *(["output"] if selection.path.outputs else []), "coefficient", "per SD"]
    return [[line[heads.index(name)] for name in wanted] for line in lines(page)]


def markers(page):
    """For every picture: its marker's place between the edges of the axes, and its dot's distance from the curve."""
    return page.eval_on_selector_all(
        "svg.linked",
        """(pictures, at) => pictures.map(svg => {
            const left = Number(svg.dataset.left), right = Number(svg.dataset.right);
            const x = Number(/translate\\(([-\\d.]+)/.exec(svg.querySelector(".marker").getAttribute("transform"))[1]);
            const dot = svg.querySelector(".marker circle"), curve = svg.querySelector("polyline.curve");
            const points = curve ? curve.getAttribute("points").split(" ").map(p => p.split(",").map(Number)) : [];
            const near = points.filter(p => Math.abs(p[0] - x) < 0.2);
            const away = dot ? Math.min(...near.map(p => Math.abs(p[1] - Number(dot.getAttribute("cy"))))) : 0;
            return [(x - left) / (right - left), away];
        })""",
    )


def share(lams, k):
    return float(np.log(lams[0] / lams[k]) / np.log(lams[0] / lams[-1]))


def move(page, k):
    page.eval_on_selector("#lam", "(e, k) => { e.value = k; e.dispatchEvent(new Event('input')); }", k)


@pytest.mark.parametrize("name", ["diabetes", "cancer", "iris"])
def test_the_slider_moves_every_part_to_the_stored_values(opened, selections, name):
    page, selection = opened(name), selections[name]
    path, cv = selection.path, selection.cv
    rates = None if path.outputs else riata.mfdr(selection).rate
    n = len(path.lams)
    for k in dict.fromkeys([selection.index, 0, 1, n // 3, n // 2, n - 1]):
        move(page, k)
        assert shown(page, selection) == expected(selection, k)
        assert page.text_content("#at-df") == str(path.df[k])
        assert page.text_content("#at-lam").split(" (")[0] == number(path.lams[k])
        assert page.text_content("#at-cv") == f"{number(cv.cvm[k])} ± {number(cv.cvse[k], 3)}"
        assert page.text_content("#at-dev") == f"{abs(100 * path.dev_ratio[k]):.1f} %"
        assert rates is None or page.text_content("#at-mfdr") == f"{100 * rates[k]:.1f} %"
        assert f"{path.df[k]} features" in page.get_attribute("#lam", "aria-valuetext")
        found = markers(page)
        assert len(found) == 2 + (rates is not None)
        for where, away in found:
            assert where == pytest.approx(share(path.lams, k), abs=5e-4)
            assert away < 0.11


def test_the_rules_jump_and_the_keyboard_moves(opened, selections):
    page, selection = opened("diabetes"), selections["diabetes"]
    page.click(".jumps button:has-text('min')")
    k = selection.cv.index("min")
    assert page.text_content("#at-lam") == f"{number(selection.path.lams[k])} (min)"
    page.focus("#lam")
    page.keyboard.press("ArrowRight")
    assert shown(page, selection) == expected(selection, k + 1)
    page.keyboard.press("Home")
    assert page.text_content("#at-df") == "0"
    assert page.is_visible("#none")
    page.click(".jumps button:has-text('chosen')")
    assert shown(page, selection) == expected(selection, selection.index)


def test_a_press_on_a_picture_takes_the_nearest_lambda(opened, selections):
    page, selection = opened("diabetes"), selections["diabetes"]
    lams = selection.path.lams
    box = page.locator("#cv").bounding_box()
    left, right = (float(page.get_attribute("#cv", f"data-{side}")) for side in ("left", "right"))
    for k in (70, 20):
        x = box["x"] + (left + share(lams, k) * (right - left)) / 480 * box["width"]
        page.mouse.move(x, box["y"] + box["height"] / 2)
        page.mouse.down()
    assert page.input_value("#lam") == "20"
    page.mouse.up()


def test_the_table_sorts_and_searches(opened, selections):
    page = opened("cancer")
    first = lines(page)
    page.click("#features thead th:nth-child(2) button")
    values = [float(line[1].replace(",", "")) for line in lines(page)]
    assert values == sorted(values, reverse=True)
    assert page.get_attribute("#features thead th:nth-child(2)", "aria-sort") == "descending"
    page.click("#features thead th:nth-child(2) button")
    values = [float(line[1].replace(",", "")) for line in lines(page)]
    assert values == sorted(values)
    assert len(set(values)) > 3
    page.click("#features thead th:nth-child(1) button")
    assert [line[0] for line in lines(page)] == sorted(line[0] for line in first)
    assert page.locator("[aria-sort]").count() == 1
    page.fill("#search", "CONCAV")
    assert lines(page)
    assert all("concav" in " ".join(line) for line in lines(page))
    assert len(lines(page)) < len(first)
    page.fill("#search", "no such feature")
    assert lines(page) == []
    assert page.is_visible("#none")


def test_the_table_can_be_copied(opened, selections):
    page = opened("diabetes", permissions=["clipboard-read", "clipboard-write"])
    page.click("#copy")
    page.wait_for_function("document.getElementById('copied').textContent === 'copied'")
    text = page.evaluate("navigator.clipboard.readText()")
    head, *rows = [line.split("\t") for line in text.splitlines()]
    assert head[:3] == ["feature", "coefficient", "per SD"]
    assert [row[:3] for row in rows] == expected(selections["diabetes"], selections["diabetes"].index)


def test_names_stay_words(opened, selections):
    page = opened("nasty")
    for text in ("script", "img", "a & B"):
        page.fill("#search", text)
        assert lines(page)
        assert all(text.lower() in line[0].lower() for line in lines(page))
    page.fill("#search", "")
    move(page, len(selections["nasty"].path.lams) - 1)
    assert {line[0] for line in lines(page)} == {name.replace("\x1b", "\\x1b") for name in NASTY}
    assert page.locator("img").count() == 0
    assert page.locator("main script").count() == 0


def test_without_javascript_it_is_a_page_to_read(opened, selections):
    page = opened("diabetes", java_script_enabled=False)
    table = page.locator("#features tbody tr")
    assert table.count() == len(selections["diabetes"].features)
    assert page.locator("svg.linked").count() == 3
    assert not page.is_visible("#lam")
    assert not page.is_visible("#search")
    assert not page.locator("button").first.is_visible()
    assert number(selections["diabetes"].lam) in page.text_content("#at-lam")


def test_numbers_are_written_as_python_writes_them(opened, selections):
    page = opened("diabetes")
    rng = np.random.default_rng(0)
    values = [
        *(rng.standard_normal(200) * 10.0 ** rng.uniform(-12, 12, 200)).tolist(),
        99999.96,
        9.99999e-5,
        1e9,
        0.1,
        -1.0,
    ]
    source = page.text_content("script:not([type])")
    function = source[source.index("function number") : source.index("const percent")]
    for digits in (3, 5):
        found = page.evaluate(
            f"([values, digits]) => {{ {function} return values.map(v => number(v, digits)); }}", [values, digits]
        )
        assert found == [number(value, digits) for value in values]


def test_columns_that_do_not_depend_on_lambda_stay_and_those_that_do_go(opened, selections, evidence):
    page, selection = opened("beside"), selections["beside"]
    names = page.eval_on_selector_all("#features thead th", "cells => cells.map(c => c.dataset.name)")
    assert names[3:6] == ["95 % interval", "p, adjusted", "stability"]
    stable = evidence["stability"]
    shares = dict(zip(stable.feature_names, stable.frequency.tolist(), strict=True))
    first = {line[0]: line for line in lines(page)}
    move(page, len(selection.path.lams) - 1)
    last = {line[0]: line for line in lines(page)}
    assert len(last) == 10
    for name, line in last.items():
        assert line[5] == f"{100 * shares[name]:.0f} %"
        assert name not in first or line[3:6] == first[name][3:6]
    page.click("#features thead th:nth-child(6) button")
    found = [float(line[5].removesuffix(" %")) for line in lines(page)]
    assert found == sorted(found, reverse=True)
    page.click("#features thead th:nth-child(4) button")
    words = [line[3].split(" to ")[0] for line in lines(page)]
    assert words[-1] == "−∞"
    assert any("," in word for word in words)
    lower = [float(word.replace("−", "-").replace(",", "").replace("∞", "inf")) for word in words]
    assert lower == sorted(lower, reverse=True)
    page = opened("cancer")
    heads = page.eval_on_selector_all("#features thead th", "cells => cells.map(c => c.dataset.name)")
    local = heads.index("local mfdr")
    assert all(float(line[local]) <= 1 for line in lines(page))
    move(page, selections["cancer"].index + 1)
    assert {line[local] for line in lines(page)} == {"–"}


@pytest.mark.parametrize("script", [True, False])
def test_the_parts_of_the_data_are_there_and_open_by_keyboard(opened, script):
    page = opened("cancer", java_script_enabled=script)
    for part in ("Who says the same", "Held-out predictions", "Why zero is exact"):
        assert page.is_visible(f"h2:has-text('{part}')")
    assert page.locator("#h-held ~ .figures svg").count() == 2
    table = page.locator("#h-held ~ .figures details table").first
    assert not table.is_visible()
    page.locator("#h-held ~ .figures summary").first.focus()
    page.keyboard.press("Enter")
    assert table.is_visible()
    pictures = page.locator("#h-held ~ .figures svg, #h-geometry ~ .figures svg[role=img]")
    for k in range(pictures.count()):
        assert len(pictures.nth(k).get_attribute("aria-label")) > 20


def test_in_print_nothing_moves_and_nothing_is_lost(opened, selections):
    page = opened("cancer")
    page.emulate_media(media="print")
    assert not page.is_visible("#lam")
    assert not page.is_visible("#search")
    assert page.evaluate("getComputedStyle(document.querySelector('.lambda')).position") == "static"
    assert page.locator("#features tbody tr").count() == len(selections["cancer"].features)
    assert page.is_visible("#h-held ~ .figures svg >> nth=0")


@pytest.mark.parametrize("name", ["diabetes", "cancer", "nasty", "beside", "counts", "survival", "several"])
@pytest.mark.parametrize(
    ("kind", "options"),
    [("light", {}), ("dark", {"color_scheme": "dark"}), ("phone", {"viewport": {"width": 360, "height": 740}})],
)
def test_how_it_looks(opened, repository, name, kind, options):
    page = opened(name, **({"viewport": {"width": 1100, "height": 900}} | options))
    where = repository / "build" / "report"
    where.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=where / f"{name}-{kind}.png", full_page=True)
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    dark = sum(int(part) for part in paper[4:-1].split(",")) < 3 * 128
    assert dark == (kind == "dark")
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, "the page scrolls sideways"
    assert outside(page) == []
    assert meeting(page) == []


def outside(page):
    """Words that leave their picture."""
    return page.eval_on_selector_all(
        "svg text",
        """texts => texts.filter(t => {
           const a = t.getBoundingClientRect(), b = t.closest("svg[role=img]").getBoundingClientRect();
           return a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 1 || a.bottom > b.bottom + 1; })
           .map(t => t.textContent)""",
    )


def meeting(page):
    """Pairs of words of one picture that share more than the margins of their boxes (the geometry's are on a halo)."""
    return page.eval_on_selector_all(
        "svg[role=img]",
        """pictures => pictures.flatMap(svg => {
           const words = [...svg.querySelectorAll("text:not(.halo)")];
           const all = words.map(t => [t.textContent, t.getBoundingClientRect()]);
           return all.flatMap(([one, a], i) => all.slice(i + 1).filter(([other, b]) => one && other &&
             Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 &&
             Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4).map(([other]) => [one, other])); })""",
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["diabetes", "cancer", "iris", "beside", "survival", "several"])
def test_nothing_keeps_people_out(opened, name, scheme):
    """axe-core finds no violation, of whatever weight."""
    if importlib.util.find_spec("axe_playwright_python") is None:
        lacking("accessibility is tested with the package axe-playwright-python, which is not installed")
    from axe_playwright_python.sync_playwright import Axe

    page = opened(name, color_scheme=scheme)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["impact"], [node["html"][:90] for node in one["nodes"]]) for one in found] == []


def test_the_check_for_violations_can_tell(opened):
    if importlib.util.find_spec("axe_playwright_python") is None:
        lacking("accessibility is tested with the package axe-playwright-python, which is not installed")
    from axe_playwright_python.sync_playwright import Axe

    page = opened("diabetes")
    page.evaluate("document.querySelector('.control label').remove()")
    assert [one["id"] for one in Axe().run(page).response["violations"]] == ["label"]


@pytest.mark.parametrize(("name", "family"), [("riboflavin", "gaussian"), ("dorothea", "binomial")])
def test_a_wide_report_opens_quickly(opened, shared_data, folder, name, family):
    data = load(shared_data / "data", name)
    selection = riata.select(data.X, data.y, family=family, folds=5, n_lams=60)
    selection.report(folder / f"{name}.html")
    assert (folder / f"{name}.html").stat().st_size < 1_000_000
    took = []
    for _ in range(3):  # the fastest: neighbours on the machine are not the page's fault
        start = time.perf_counter()
        page = opened(name)
        assert len(lines(page)) == len(selection.features)
        took.append(time.perf_counter() - start)
    assert min(took) < 2.0
    page = opened(name, viewport={"width": 390, "height": 844})
    assert (outside(page), meeting(page)) == ([], [])
    hidden = page.eval_on_selector_all(".figures .scroll", "all => all.map(e => e.scrollWidth - e.clientWidth)")
    assert max(hidden) <= 0, "a column of the choice of λ is hidden"


def test_a_notebook_shows_it_in_its_frame(browser, folder, selections):
    file = folder / "notebook.html"
    file.write_text(f"<!doctype html><title>n</title>{selections['diabetes']._repr_html_()}", "utf-8")
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto(file.as_uri())
    inside = page.frame_locator("iframe")
    inside.locator(".jumps button", has_text="min").click()
    assert "(min)" in inside.locator("#at-lam").text_content()
    context.close()
