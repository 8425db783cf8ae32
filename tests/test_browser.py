"""What people see: the dashboard's pages and a study's own page, in a real browser.

Each page is opened, its text read (axes and labels of figures are part of it) and a screenshot kept under pytest's
folder of the session. A page may not write an error to the console, and may not ask for anything from beyond this
machine. Names that would be markup are shown as text.
"""

import re
import shutil
import threading
import time
from functools import partialmethod

import optuna
import pytest

from hpsearch.config.study import StudyConfig
from hpsearch.data.files import write_text
from hpsearch.experiments.trainings import survey_study
from hpsearch.report import dashboard, profiles
from hpsearch.report.page import page
from hpsearch.report.sections import sections
from hpsearch.results.study import Results, load
from hpsearch.storage.access import open_storage
from hpsearch.storage.internals import note_of, set_note
from hpsearch.storage.notes import MOST_DRAWN
from hpsearch.storage.writing import add_trials
from hpsearch.tuning.search import search

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

pytestmark = [
    pytest.mark.slow,  # a browser takes half a minute of the quick tests' time
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium here: install it (Debian: apt-get install chromium)"),
    pytest.mark.filterwarnings("ignore::UserWarning"),  # a survey of a moment has too few rows
]

MARKUP = "<img src=x onerror=document.title='markup'>"
LINK = "[click](javascript:document.title='markup')"
HOSTILE = f"- Which {MARKUP} **is** `best`? {LINK} &lt;b&gt;"
SIZE = {"trials": 10, "survey.base": 8, "survey.scrambles": 3, "survey.seeds": 4, "question": HOSTILE}
LARGE, BEST = 2 * MOST_DRAWN + 2, 2 * MOST_DRAWN + 1
"""Trials of a study that is thinned to every third, and its best, which is none of them."""


class Visit:
    """A page of the browser that remembers what went wrong in it, and what it asked for elsewhere.

    Args:
        context: Of the browser.
        home: What the addresses of its own begin with.
        shots: Folder of the screenshots.
    """

    def __init__(self, context, home, shots):
        self.home, self.shots, self.problems = home, shots, []
        self.tab = context.new_page()
        self.tab.on("console", lambda m: self.problems.append(m.text) if m.type == "error" else None)
        self.tab.on("pageerror", lambda error: self.problems.append(str(error)))
        self.tab.on("request", self._check)

    def _check(self, request):
        if not request.url.startswith((self.home, "data:", "blob:")):
            self.problems.append(f"a request to {request.url}")

    def open(self, place, *texts, name, plots=0):
        """Open a page, wait until all texts stand in it and so many plots are drawn, and give what it says."""
        self.tab.goto(self.home + place)
        for text in texts:
            self.wait("document.body.innerText", text)
        self.wait(f"'drawn: ' + (document.querySelectorAll('.plot-container').length >= {plots})", "drawn: true")
        self.tab.wait_for_load_state("networkidle")
        self.tab.screenshot(path=self.shots / f"{name}.png", full_page=True)
        assert self.problems == []
        assert self.tab.title() != "markup"
        assert self.tab.locator("img[src=x]").count() == 0
        assert self.tab.locator("a[href^=javascript]").count() == 0
        return self.tab.locator("body").inner_text()

    def wait(self, expression, text):
        """Wait until what an expression gives contains the text; a study's page forbids the browser's own waiting."""
        end = time.monotonic() + 100
        while text not in (said := str(self.tab.evaluate(expression))):
            assert time.monotonic() < end, f"no {text!r} in {said!r}"
            self.tab.wait_for_timeout(50)


@pytest.fixture(scope="module")
def context():
    from playwright.sync_api import sync_playwright  # half a second, for which every quick test would wait

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        context = browser.new_context(viewport={"width": 1400, "height": 1000})
        context.set_default_timeout(120_000)
        yield context
        browser.close()


@pytest.fixture(scope="module")
def shots(tmp_path_factory):
    return tmp_path_factory.mktemp("screenshots")


@pytest.fixture(scope="module")
def folder(small, tmp_path_factory):
    """Results of a search with its survey, of another program's study with hostile names, and of a large one."""
    made = tmp_path_factory.mktemp("results")
    config = StudyConfig.from_description(small.with_overrides(**SIZE).describe())
    search(config, results=made)
    survey_study(config, results=made)
    storage = open_storage(results=made)
    hostile = optuna.create_study(study_name=MARKUP, storage=storage)
    for key, value in {"link": LINK, "url": "javascript:document.title='markup'", MARKUP: MARKUP}.items():
        hostile.set_user_attr(key, value)
    set_note(hostile, f"{MARKUP} {LINK} <script>document.title='markup'</script> <b onclick=alert(1)>bold</b>")
    spaces = {MARKUP: optuna.distributions.FloatDistribution(0, 1), "b": optuna.distributions.FloatDistribution(0, 1)}
    trials = [({MARKUP: n % 7 / 7, "b": n % 5 / 5}, n * 13 % 17 / 17) for n in range(30)]
    add_trials(hostile, [optuna.trial.create_trial(params=p, distributions=spaces, value=v) for p, v in trials])
    large = optuna.create_study(study_name="large", storage=storage)
    one = {"b": spaces["b"]}
    add_trials(
        large,
        [
            optuna.trial.create_trial(params={"b": n / LARGE}, distributions=one, value=-1.0 * (n == BEST))
            for n in range(LARGE)
        ],
    )
    return made


@pytest.fixture(scope="module")
def visit(context, folder, shots):
    """A visit to the dashboard, and the number of each study there."""
    storage = open_storage(results=folder)
    served = dashboard.server(storage, artifacts=folder / "artifacts", port=0)
    thread = threading.Thread(target=served.serve_forever)
    thread.start()
    yield Visit(context, f"http://127.0.0.1:{served.server_port}/", shots)
    served.shutdown()
    served.server_close()
    thread.join()


@pytest.fixture(scope="module")
def study(folder):
    """Where each study's pages are."""
    storage = open_storage(results=folder)
    return {s.study_name: f"dashboard/studies/{s._study_id}" for s in storage.get_all_studies()}


MEASURED = (
    "What is training sensitive to?",
    "share of the variance",
    "learning rate α",
    'The bars called "Hyperparameter Importance" are guesses of a surrogate, without intervals.',
)


def test_the_front_page_of_a_search_draws_what_was_measured_and_says_what_was_chosen(visit, study, folder):
    best = load("small", results=folder).best
    chosen = f"trial {best.number}: learning rate α {best.hyperparameters.learning_rate:.3g}"
    drawn = ("Timeline", f"Best Trial (number={best.number})", chosen, "guessing ", HOSTILE, "small.npz")
    assert "hpsearch:" not in visit.open(study["small"], *MEASURED, *drawn, name="search")
    visit.wait("document.querySelector('.ytitle')?.textContent", "validation_loss")  # of the history, the first plot


def test_the_front_page_of_a_survey_draws_what_it_measured(visit, study):
    text = visit.open(study["small.survey"], *MEASURED, "Timeline", "validation_loss", name="survey")
    assert "hpsearch:" not in text
    box = visit.tab.locator("[id='user-defined-plot:sensitivity']").bounding_box()
    bottom = max(b["y"] + b["height"] for b in (e.bounding_box() for e in visit.tab.locator(
        "[id='user-defined-plot:sensitivity'] :is(.xtitle, .legend)").all()))  # fmt: skip
    assert bottom <= box["y"] + box["height"]  # the frame cuts nothing off


def test_the_analytics_draw_the_settings_against_the_objective(visit, study):
    visit.open(f"{study['small']}/analytics", "Slice", "Param batch_size", "validation_loss", name="analytics")


def test_the_trials_are_listed(visit, study):
    visit.open(f"{study['small']}/trials", "Trial 0", "learning_rate", name="trials")


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("small", (HOSTILE, "chosen: trial ", "To go on: make search")),
        ("small.survey", ("total order", "learning_rate", "seed")),
    ],
)
def test_the_note_is_read_as_it_was_meant(visit, study, name, texts):
    visit.open(f"{study[name]}/note", *texts, name=f"note of {name}")


def test_names_of_another_program_s_study_are_text(visit, study):
    text = visit.open(study[MARKUP], "Timeline", "Hyperparameter Importance", "Params = ", name="hostile")
    assert text.count(MARKUP) >= 2


def test_a_note_and_attributes_of_another_program_s_study_do_nothing(visit, study):
    visit.open(f"{study[MARKUP]}/note", "bold", name="hostile note")
    for link in visit.tab.locator("a", has_text="click").all():
        link.click()
    assert visit.tab.title() != "markup"
    visit.open(study[MARKUP], "javascript:document", MARKUP, name="hostile attributes")


def test_a_page_of_another_origin_changes_nothing_and_the_dashboard_s_own_writes_its_note(visit, study, folder):
    name, number = "large", study["large"].rpartition("/")[2]
    storage = open_storage(results=folder)
    written = "(u) => fetch(u, {method: 'PUT', body: '{\"body\": \"from here\", \"version\": 1}', headers: " \
        "{'Content-Type': 'application/json'}}).then(r => r.status, e => 'refused')"  # fmt: skip
    sent = "(u) => fetch(u, {method: 'POST', mode: 'no-cors', body: '{}'}).then(() => 'sent', e => 'refused')"
    elsewhere = visit.tab.context.new_page()
    elsewhere.route("http://site.example/", lambda route: route.fulfill(body="<p>a site</p>", content_type="text/html"))
    elsewhere.goto("http://site.example/")
    address = f"{visit.home}api/studies/{number}/note"
    assert elsewhere.evaluate(written, address) == "refused"
    assert elsewhere.evaluate(sent, address) in ("sent", "refused")
    elsewhere.close()
    assert note_of(optuna.load_study(study_name=name, storage=storage)) == ""
    visit.open(study[name], "Timeline", name="before a note")
    assert visit.tab.evaluate(written, address) == 204
    assert note_of(optuna.load_study(study_name=name, storage=open_storage(results=folder))) == "from here"


def test_a_large_study_is_drawn_thinned_and_with_its_best(visit, study):
    text = visit.open(study["large"], f"Best Trial (number={BEST})", "Timeline", name="large")
    assert "-1" in text
    plots = "[...document.querySelectorAll('.js-plotly-plot')].filter(p => p.data)"
    drawn = f"'most: ' + Math.max(...{plots}.map(p => p.data[0].x.length)) + '.'"
    visit.wait(drawn, f"most: {len({*range(0, LARGE, 3), BEST})}.")


FEW = {"measures": ("ped_anova",), "permutations": 9, "bootstraps": 3}


def written(results, path):
    """The page of a study, of little training."""
    few = {"values": 2, "seeds": 2}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(profiles, "PROFILE", few)
        patch.setattr(profiles, "PLANE", few)
        patch.setattr(Results, "importance", partialmethod(Results.importance, **FEW))
        html = page(results.study.study_name, sections(results))
    write_text(path, html)
    return html.count('class="plot"')


@pytest.mark.parametrize("name", ["small", MARKUP])
def test_a_study_s_page_opens_from_the_file_system(name, context, folder, shots, tmp_path):
    path = tmp_path / "page.html"
    count = written(load(name, results=folder), path)
    visit = Visit(context, path.as_uri(), shots)
    text = visit.open("", "When did the search find its best?", name=f"page of {name[:5].strip('<')}", plots=count)
    assert count >= 3
    assert visit.tab.locator(".xtitle").first.text_content() == "trial"
    buttons = visit.tab.evaluate("[...document.querySelectorAll('.modebar-btn')].map(b => b.dataset.title)")
    assert {"Download plot as a PNG", "Reset axes"} <= set(buttons)
    assert not [button for button in buttons if re.search("share|cloud|send|edit|select", button, re.IGNORECASE)]
    assert (HOSTILE if name == "small" else MARKUP) in text
    visit.tab.set_viewport_size({"width": 390, "height": 800})
    visit.wait("`wide: ${document.documentElement.scrollWidth}`", "wide: 390")  # figures are drawn anew
    visit.tab.set_viewport_size({"width": 718, "height": 1000})  # as a printed page
    visit.tab.emulate_media(media="print")
    visit.tab.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    heads = visit.tab.evaluate(
        """[...document.querySelectorAll("th")].map(head => {
            const text = document.createRange();
            text.selectNodeContents(head);
            return [head.textContent, new Set([...text.getClientRects()].map(line => Math.round(line.top))).size];
        })"""
    )
    assert len(heads) > 20
    assert [head for head, lines in heads if lines > len(head.replace(" ", "_").split("_"))] == []  # no word is broken
    visit.tab.close()
