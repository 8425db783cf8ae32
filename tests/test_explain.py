"""The command `hpsearch explain`."""

import pytest
from helpers import run

from hpsearch.experiments.progress import TrainingProgress
from hpsearch.report.explanation import explained
from hpsearch.results.study import Results, load
from hpsearch.storage.front import ATTRIBUTION, EXPLAINED
from hpsearch.storage.internals import figure_of


@pytest.fixture
def searched(folder):
    run("search", "small", "--trials", "4")
    return folder


def test_it_says_what_each_change_gained_and_the_dashboard_shows_it(searched):
    shown = run("explain", "small", "--seeds", "2").stdout
    results = load("small")
    told = results.attribution(seeds=2)
    best = results.best.number
    assert f"small: gains in validation loss, from the defaults to trial {best}" in shown
    assert "best path: validation loss on seeds that did not choose it" in shown
    for sentence in explained(told):
        assert sentence in shown
    assert results.cost("attribution", seeds=2).missing == 0
    assert results.study.user_attrs[EXPLAINED] == " ".join(explained(told))
    assert f"From the defaults to trial {best}" in figure_of(results.study, ATTRIBUTION)


def test_two_trials_are_compared_and_the_dashboard_is_left_as_it_is(searched):
    shown = run("explain", "small", "--of", "1", "--against", "0", "--seeds", "2").stdout
    assert "from trial 0 to trial 1" in shown
    assert EXPLAINED not in load("small").study.user_attrs


def test_wrong_input_is_refused_in_a_sentence(searched):
    for options, message in (
        (("--of", "9"), "error: no trial 9 in study 'small', which has 4"),
        (("--of", "1", "--against", "1"), "error: the two settings are the same"),
        (("--seeds", "1"), "error: an interval needs trainings on at least 2 seeds"),
    ):
        assert message in run("explain", "small", *options, code=2).stderr
    assert "error: no study 'none'" in run("explain", "none", code=2).stderr


def test_a_stop_keeps_what_is_trained_and_says_how_to_go_on(searched, monkeypatch):
    real = Results.attribution

    def stopping(self, *, on_progress, **options):
        def told(progress: TrainingProgress):
            on_progress(progress)
            if progress.fresh >= 20:
                raise KeyboardInterrupt

        return real(self, on_progress=told, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Results, "attribution", stopping)
        said = run("explain", "small", "--seeds", "2", code=130).stderr
    kept = load("small").cost("attribution", seeds=2)
    assert 20 <= kept.done < kept.total == 142
    assert f"stopped: {kept.done} of 142 trainings are stored" in said
    assert "Go on with:\n  hpsearch explain small --seeds 2\n" in said
