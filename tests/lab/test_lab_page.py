"""The page in a real browser: it asks for nothing, complains of nothing, and mouse, touch and keyboard suffice."""

import json
import re

import numpy as np
import pytest

from mnist_softmax.config.config import Config
from mnist_softmax.lab.build import lab
from mnist_softmax.runs.answers import load_network
from mnist_softmax.runs.directory import RunDirectory
from mnist_softmax.runs.run import run

ACTS = ("slope", "path", "cost", "train", "inside", "two")


@pytest.fixture(scope="session")
def data_home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def page_file(data_home, tmp_path_factory):
    """The page as `mnist-softmax lab` writes it without runs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCIKIT_LEARN_DATA", str(data_home))
        return lab(output=tmp_path_factory.mktemp("page") / "lab.html").path


@pytest.fixture
def visit(browser):
    """`visit(file, hash, **context)`: the page once it is ready. What it asked for and complained of is looked at in
    the end."""
    contexts, wrong = [], []

    def open_page(file, link="", **options):
        context = browser.new_context(**{"reduced_motion": "reduce", **options})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on(
            "request",
            lambda request: (
                None
                if re.match(r"(file|data|blob):", request.url)
                else wrong.append(f"asked for {request.url}")
            ),
        )
        page.goto(file.as_uri() + link)
        page.wait_for_selector("html[data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def wait_until(page, script, argument=None):
    page.wait_for_function(script, arg=argument, timeout=30_000)


def trained(page):
    """Wait until the page has trained its own network."""
    wait_until(page, "() => 'trained' in networks")


@pytest.mark.slow
def test_the_file_is_small_and_its_policy_forbids_any_request(page_file):
    text = page_file.read_text(encoding="utf-8")
    assert len(text.encode()) < 2_000_000
    [policy] = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', text)
    directives = dict(each.strip().split(" ", 1) for each in policy.replace("&#39;", "'").split(";"))
    assert directives["default-src"] == "'none'"  # connect, img, font, media, frame: nothing
    assert "unsafe" not in policy
    assert "http" not in policy
    assert not re.findall(r'\b(?:src|href)="(?!#|data:)[^"]*"', text)


def test_a_request_that_someone_tries_all_the_same_is_refused(browser, page_file):
    page = browser.new_page()
    page.goto(page_file.as_uri())
    page.wait_for_selector("html[data-ready]")
    refused = page.evaluate("() => fetch('https://example.org/').then(() => false, () => true)")
    assert refused
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
def test_axe_finds_no_violation(visit, page_file, scheme, width):
    axe = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason="axe-playwright-python is missing"
    )
    page = visit(page_file, color_scheme=scheme, viewport={"width": width, "height": 900})
    trained(page)
    page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    page.wait_for_timeout(700)
    results = axe.Axe().run(page).response
    assert [(each["id"], [node["html"][:90] for node in each["nodes"]]) for each in results["violations"]] == []
    assert len(results["passes"]) > 20


@pytest.mark.parametrize("width", [320, 400, 1280])
def test_nothing_is_wider_than_the_window(visit, page_file, width):
    page = visit(page_file, viewport={"width": width, "height": 900})
    trained(page)
    page.click("#run-tools button:has-text('one epoch')")
    wait_until(page, "() => / 1.00 epochs/.test(document.getElementById('train-readout').textContent)")
    page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


def test_text_of_twice_the_size_stays_in_the_window(visit, page_file):
    page = visit(page_file, viewport={"width": 1280, "height": 900})
    page.evaluate("() => { document.documentElement.style.fontSize = '200%'; redraw(); }")
    page.wait_for_timeout(200)
    assert page.evaluate("() => document.documentElement.scrollWidth - innerWidth") <= 0


def numbers_of_act_1(page):
    """Columns of act 1's table: j, y_j, z_j, a_j, both formulas, measured."""
    page.wait_for_timeout(100)
    rows = page.evaluate(
        """() => [...document.querySelectorAll('#slope-table tbody tr')]
          .map((tr) => [...tr.children].map((cell) => Number(cell.textContent)))"""
    )
    return np.array(rows).T


def test_the_measured_slope_stays_on_the_right_formula_wherever_z_is(visit, page_file):
    page = visit(page_file)
    for j, z in ((2, "3.5"), (7, "-4"), (0, "9.99")):
        page.locator(f"#rows input >> nth={j}").fill(z)
        columns = numbers_of_act_1(page)
        assert columns[2][j] == float(z)
        np.testing.assert_allclose(columns[6], columns[4], atol=1e-8)
        assert abs(columns[6] - columns[5]).max() > 0.01
    page.click("#slope-tools button:has-text('sigmoid outputs')")
    columns = numbers_of_act_1(page)
    np.testing.assert_allclose(columns[6], columns[5], atol=1e-8)


def test_adding_one_to_every_z_moves_no_softmax_output(visit, page_file):
    page = visit(page_file)
    before = numbers_of_act_1(page)
    page.click("#slope-tools button:has-text('add 1 to every z')")
    after = numbers_of_act_1(page)
    np.testing.assert_allclose(after[2], before[2] + 1, atol=1e-12)
    np.testing.assert_allclose(after[3:6], before[3:6], atol=1e-12)


def test_a_step_h_too_large_or_too_small_shows_in_the_measurement(visit, page_file):
    page = visit(page_file)
    errors = []
    for h in ("0", "5", "13"):
        page.locator("#slope-tools input[type=range] >> nth=0").fill(h)
        columns = numbers_of_act_1(page)
        errors.append(abs(columns[6] - columns[4]).max())
    assert errors[0] > 1e-3
    assert errors[1] < 1e-9
    assert errors[2] > 1e-6


def test_one_path_is_wrong_and_all_paths_are_the_slope(visit, page_file):
    page = visit(page_file, "#path?j=3&y=7&z=1,2,3,1,0,0,-1,1,0,0")
    assert "This is not the slope" in page.text_content("#path-readout")
    page.click("#path-tools button:has-text('all ten paths')")
    page.wait_for_timeout(100)
    assert "This is not the slope" not in page.text_content("#path-readout")
    products = page.evaluate(
        "() => [...document.querySelectorAll('#path-table tbody td:last-child')].map((td) => td.textContent)"
    )
    assert sum(text != "0" for text in products) == 1
    page.click("#path-tools button:has-text('sigmoid outputs')")
    page.wait_for_timeout(100)
    assert page.locator("#graph line").count() == 1 + 10  # nine arrows from z_j are gone


def test_the_cost_falls_with_both_formulas_but_only_one_learns_ten_digits(visit, page_file):
    page = visit(page_file)
    assert page.locator("#one-step tbody td:has-text('down')").count() == 2
    page.click("#ten-tools button:has-text('1,000 steps')")
    page.wait_for_timeout(600)
    right, wrong = (
        int(text.replace(",", "")) for text in re.findall(r"([\d,]+) with", page.text_content("#ten-readout"))
    )
    assert right > 350
    assert wrong == 100  # one answer for all of the 1,000 digits, a hundred of each
    answers = page.locator("#ten > div >> nth=1").locator(".answer").all_text_contents()
    assert len({text.split()[0] for text in answers}) == 1


def test_training_in_the_browser_learns(visit, page_file):
    page = visit(page_file, "#train")
    page.click("#run-tools button:has-text('train')")
    wait_until(page, "() => /train on/.test(document.getElementById('run-tools').textContent)")
    shares = [float(v) for v in re.findall(r"([\d.]+) % of test right", page.text_content("#nets"))]
    assert shares[0] > 88
    assert shares[1] < 25  # the wrong formula
    assert shares[2] > 86
    assert page.locator("#confusions table").count() == 4


def test_where_there_are_no_workers_the_page_trains_by_itself(browser, page_file):
    page = browser.new_page(reduced_motion="reduce")
    page.add_init_script("window.Worker = class { constructor() { throw new Error('no workers here'); } };")
    page.goto(page_file.as_uri() + "#train?n=500")
    page.wait_for_selector("html[data-ready]")
    trained(page)
    page.click("#run-tools button:has-text('one epoch')")
    wait_until(page, "() => / 1.00 epochs/.test(document.getElementById('train-readout').textContent)")
    page.close()


def test_training_can_be_paused_stepped_and_started_again(visit, page_file):
    page = visit(page_file, "#train?n=100&m=10")
    page.click("#run-tools button:has-text('one mini-batch')")
    wait_until(page, "() => document.getElementById('train-readout').textContent.startsWith('10 images')")
    page.click("#run-tools button:has-text('one epoch')")
    wait_until(page, "() => document.getElementById('train-readout').textContent.startsWith('110 images')")
    page.click("#run-tools button:has-text('start again')")
    wait_until(
        page, "() => document.getElementById('train-readout').textContent.includes('Nothing is trained')"
    )


def test_after_a_pause_training_goes_on_where_it_was(visit, page_file):
    """Between two reports, which come every 1,000 images here."""
    page = visit(page_file, "#train?preset=ch3_overfit&n=1000&m=10")
    page.select_option("#preset-tools select", "ch3_overfit")
    page.click("#run-tools button:has-text('train 100 epochs')")
    wait_until(page, "() => /images seen/.test(document.getElementById('train-readout').textContent)")
    page.click("#run-tools button:has-text('pause')")
    page.wait_for_timeout(300)
    seen = "Number(document.getElementById('train-readout').textContent.replace(/,/g, '').split(' ')[0])"
    before = page.evaluate(f"() => {seen}")
    page.click("#run-tools button:has-text('one mini-batch')")
    wait_until(page, f"() => {seen} === {before + 10}")


def test_another_preset_shows_its_own_numbers_of_the_book_before_it_is_trained(visit, page_file):
    page = visit(page_file, "#train")
    page.select_option("#preset-tools select", "ch1_eta")
    wait_until(page, "() => document.getElementById('book').textContent.includes('reproduce ch1_eta_0.001')")
    assert "21.42 %" in page.text_content("#book")
    assert page.text_content("#train-readout").startswith("3 networks")


def test_one_path_is_never_called_right_where_the_true_digits_was_forgotten(visit, page_file):
    """With a_j near 0 both slopes are near 0; and a coarse step h is no fault of the path."""
    page = visit(page_file, "#slope?z=1,2,3,-40,-40,-40,-40,-40,-40,-40&y=0")
    page.click("#path-tools button:has-text('Follow (BP1)')")
    page.click("#path-tools button:text-is('5')")
    wait_until(page, "() => document.getElementById('path-readout').textContent.includes('was forgotten')")
    page = visit(page_file, "#slope?h=0")
    page.click("#path-tools button:has-text('Follow all ten paths')")
    wait_until(
        page, "() => document.getElementById('path-readout').textContent.includes('because of the step h')"
    )
    assert "forgotten" not in page.text_content("#path-readout")


@pytest.mark.parametrize(
    "preset", ["ch1_eta", "ch1_hidden", "ch3_cost", "ch3_overfit", "ch3_lambda", "ch3_start", "ch3_eta"]
)
def test_every_preset_of_the_book_trains_and_stands_beside_the_book(visit, page_file, preset):
    page = visit(page_file, "#train")
    page.select_option("#preset-tools select", preset)
    page.click("#run-tools button:has-text('one epoch')")
    wait_until(page, "() => / 1.00 epochs/.test(document.getElementById('train-readout').textContent)")
    text = page.text_content("#book")
    assert "mnist-softmax" in text
    assert re.search(r"\d+\.\d %", text)


def test_a_link_brings_back_the_settings(visit, page_file):
    page = visit(page_file)
    page.locator("#rows input >> nth=4").fill("2.5")
    page.select_option("#preset-tools select", "ch3_lambda")
    wait_until(page, "() => location.hash.includes('preset=ch3_lambda')")
    link = page.evaluate("() => location.hash")
    other = visit(page_file, link)
    assert numbers_of_act_1(other)[2][4] == 2.5
    assert other.locator("#preset-tools select").input_value() == "ch3_lambda"
    assert other.locator(".net").count() == 2
    top = other.evaluate("() => document.getElementById('train').getBoundingClientRect().top")
    assert abs(top) < 120


@pytest.mark.parametrize(
    "link",
    ["#nowhere", "#slope?z=1,2", "#slope?z=NaN,1,1,1,1,1,1,1,1,1e999", "#train?nets=quadratic~-1~0~scaled&m=0&n=1e9",
     "#slope?h=99&c=-1&digit=1.5&y=11&out=tanh", "#train?__proto__=1&constructor=2", "#%", "#slope?z=%zz",
     "#cost?steps=1e12"],
)  # fmt: skip
def test_a_damaged_link_is_passed_over(visit, page_file, link):
    page = visit(page_file, link)
    assert np.isfinite(numbers_of_act_1(page)).all()


@pytest.mark.parametrize("act", ACTS)
def test_every_act_has_its_link(visit, page_file, act):
    page = visit(page_file, f"#{act}")
    top = page.evaluate("(act) => document.getElementById(act).getBoundingClientRect().top", act)
    assert -10 < top < 200 or page.evaluate(
        "() => scrollY + innerHeight >= document.documentElement.scrollHeight - 2"
    )


def draw_a_one(page, press, move, release):
    box = page.locator("#pad").bounding_box()
    x = box["x"] + 0.7 * box["width"]
    press(x, box["y"] + 20)
    for step in range(1, 13):
        move(x - step, box["y"] + 20 + 9 * step)
    release()
    wait_until(page, "() => document.querySelectorAll('#steps figure').length === 3")


def test_drawing_by_mouse_is_recognised(visit, page_file):
    page = visit(page_file, "#inside")
    trained(page)
    page.locator("#pad").scroll_into_view_if_needed()
    draw_a_one(page, lambda x, y: (page.mouse.move(x, y), page.mouse.down()), page.mouse.move, page.mouse.up)
    assert page.text_content("#answer").startswith("1")
    page.locator("#inside-tools input[type=checkbox]").uncheck()
    wait_until(page, "() => document.querySelectorAll('#steps figure').length === 2")
    page.click("#clear")
    wait_until(page, "() => document.querySelectorAll('#steps figure').length === 1")


def test_drawing_by_touch_is_recognised_and_does_not_scroll(visit, page_file):
    page = visit(page_file, "#inside", has_touch=True, viewport={"width": 400, "height": 800})
    trained(page)
    page.locator("#pad").scroll_into_view_if_needed()
    before = page.evaluate("() => scrollY")
    session = page.context.new_cdp_session(page)

    def touch(kind):
        return lambda x=0, y=0: session.send(
            "Input.dispatchTouchEvent",
            {"type": kind, "touchPoints": [] if kind == "touchEnd" else [{"x": x, "y": y}]},
        )

    draw_a_one(page, touch("touchStart"), touch("touchMove"), touch("touchEnd"))
    assert page.text_content("#answer").startswith("1")
    assert page.evaluate("() => scrollY") == before


def test_the_first_minute_by_keyboard_alone(visit, page_file):
    page = visit(page_file)
    focused = "() => document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
    page.keyboard.press("Tab")
    assert page.evaluate(focused) == "To the first act"
    for _ in range(7):
        page.keyboard.press("Tab")
    assert page.evaluate(focused) == "z 0"  # after the skip link and six links to acts: the first slider
    before = numbers_of_act_1(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("PageUp")
    after = numbers_of_act_1(page)
    assert abs(after[2][0] - before[2][0] - 1.01) < 0.006  # the first arrow also rounds to hundredths
    page.wait_for_timeout(700)
    assert "Measured slope" in page.text_content("#voice")
    valuetext = page.evaluate("() => document.activeElement.getAttribute('aria-valuetext')")
    assert re.search(r"z .*, a .*, measured slope", valuetext)
    for _ in range(10):
        page.keyboard.press("Tab")
    while "softmax" not in page.evaluate(focused):
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # sigmoid outputs
    np.testing.assert_allclose(*numbers_of_act_1(page)[5:], atol=1e-8)


def test_every_control_can_be_reached_by_tab_and_shows_where_the_focus_is(visit, page_file):
    page = visit(page_file)
    trained(page)
    page.wait_for_timeout(200)
    wanted = page.evaluate(
        """() => [...document.querySelectorAll('main button, main select, main input, main summary')]
          .filter((each) => !each.disabled && each.checkVisibility() && each.type !== 'radio').length"""
    )
    page.evaluate("() => { window.reached = new Set(); window.bare = []; }")
    for _ in range(wanted + 60):
        page.keyboard.press("Tab")
        page.evaluate(
            """() => { const each = document.activeElement; reached.add(each);
              const { outlineStyle } = getComputedStyle(each);
              if (each !== document.body && outlineStyle === 'none') bare.push(each.outerHTML.slice(0, 80)); }"""
        )
    missed = page.evaluate(
        """() => [...document.querySelectorAll('main button, main select, main input, main summary')]
          .filter((each) => !each.disabled && each.checkVisibility() && each.type !== 'radio' && !reached.has(each))
          .map((each) => each.outerHTML.slice(0, 80))"""
    )
    assert missed == []
    assert page.evaluate("() => bare") == []


def test_targets_are_large_enough(visit, page_file):
    script = """(least) =>
      [...document.querySelectorAll('button, select, summary, input:not([type=radio], [type=checkbox])')]
      .filter((each) => each.checkVisibility())
      .map((each) => [each.getBoundingClientRect().height, each.outerHTML.slice(0, 70)])
      .filter(([height]) => height < least)"""
    assert visit(page_file).evaluate(script, 24) == []
    assert (
        visit(page_file, has_touch=True, is_mobile=True, viewport={"width": 400, "height": 800}).evaluate(
            script, 44
        )
        == []
    )


def test_the_table_of_numbers_is_walked_with_arrow_keys(visit, page_file):
    page = visit(page_file, "#inside?eye=start")
    page.locator("#inside-table td >> nth=0").focus()
    first = page.text_content("#full-number")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    second = page.text_content("#full-number")
    assert first != second
    assert len(re.search(r"-?\d+\.(\d+)", second)[1]) > 10  # all digits


def test_exercises_check_themselves(visit, page_file):
    page = visit(page_file, "#two")
    card = page.locator("#exercises .card")
    for index, good, bad in ((2, "5", "1"), (3, "1", "2"), (4, "1", "0.67"), (5, "0.2447", "0")):
        card.nth(index).locator("input").fill(bad)
        card.nth(index).locator("button").click()
        assert card.nth(index).locator(".verdict").text_content().startswith("Not so")
        card.nth(index).locator("input").fill(good)
        card.nth(index).locator("button").click()
        assert card.nth(index).locator(".verdict").text_content() == "Right."
    card.nth(0).locator("input >> nth=0").check()
    card.nth(0).locator("button").click()
    assert card.nth(0).locator(".verdict").text_content() == "Right."


def test_all_four_pairs_of_act_6_agree_with_their_measurement(visit, page_file):
    page = visit(page_file, "#two?z=1,-2,3,0.5,0,1,2,-1,0.2,0.7&y=4")
    texts = page.locator("#four .cell > .soft:last-child").all_text_contents()
    assert len(texts) == 4
    minus = "\N{MINUS SIGN}"
    apart = [re.search(rf"at most ([\d.e{minus}]*\d)", text)[1].replace(minus, "-") for text in texts]
    assert all(float(each) < 1e-6 for each in apart)


def test_the_hand_moves_z_2_and_stops_when_taken_over(browser, page_file):
    page = browser.new_page()
    page.goto(page_file.as_uri())
    page.wait_for_selector("html[data-ready]")
    first = page.locator("#rows input >> nth=2").input_value()
    page.wait_for_timeout(500)
    assert page.locator("#rows input >> nth=2").input_value() != first
    page.keyboard.press("Tab")
    page.wait_for_timeout(100)
    stopped = page.locator("#rows input >> nth=2").input_value()
    page.wait_for_timeout(300)
    assert page.locator("#rows input >> nth=2").input_value() == stopped
    page.close()


def test_with_reduced_motion_nothing_moves_by_itself(visit, page_file):
    page = visit(page_file)
    first = page.locator("#rows input >> nth=2").input_value()
    page.wait_for_timeout(600)
    assert page.locator("#rows input >> nth=2").input_value() == first


# ---- with runs


@pytest.fixture(scope="session")
def run_directory(data_home, digits, tmp_path_factory):
    """A small network trained on the sample."""
    settings = Config.model_validate(
        {
            "data": {"source": "sample"},
            "network": {"layers": [784, 20, 10], "output_activation": "softmax", "cost": "log_likelihood"},
            "training": {"epochs": 2, "mini_batch_size": 10, "learning_rate": 0.5},
        }
    )
    directory = tmp_path_factory.mktemp("runs") / "a<b>&"
    run(settings, digits, directory)
    return directory


def test_a_run_gives_the_page_its_network(visit, data_home, digits, run_directory, tmp_path, monkeypatch):
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(data_home))
    page = visit(lab([run_directory], tmp_path / "lab.html").path, "#inside")
    found = page.evaluate(
        """() => [...Array(50).keys()].map((i) => [...networks.run1.net.forward(digits.test.images, i)])"""
    )
    pixels = np.rint(digits.test.images[:50] / 17) / 15  # the page holds 4 bits a pixel
    expected = load_network(RunDirectory(run_directory)).outputs(pixels)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert "a<b>&" in page.text_content("#inside-tools")
    assert json.loads(page.evaluate("() => JSON.stringify(networks.run1.title)")).endswith("(784-20-10)")
