"""What the live line says of a progress."""

import pytest

from hpsearch.cli.progress import LiveLine, search_words, survey_words
from hpsearch.experiments.progress import TrainingProgress
from hpsearch.tuning.batches import Progress


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ({}, "best -"),
        ({"best": 0.123456}, "best 0.1235"),
        ({"best": 1.0, "diverged": 2}, "best 1.0000 diverged 2"),
        ({"best": 1.0, "diverged": 2, "pruned": 30}, "best 1.0000 diverged 2 pruned 30"),
    ],
)
def test_what_did_not_happen_is_not_counted(counts, words):
    assert search_words(Progress(3, 9, **counts)) == words
    assert survey_words(TrainingProgress(3, 9)) == ""
    assert survey_words(TrainingProgress(3, 9, diverged=4)) == "diverged 4"


@pytest.mark.parametrize(
    ("width", "title"),
    [
        ("20", "a long name of …"),
        ("80", "a long name of a study of…"),
        ("200", "a long name of a study of mine"),
    ],
)
def test_a_long_title_is_cut_and_no_number_after_it(width, title, monkeypatch):
    monkeypatch.setenv("COLUMNS", width)
    line = LiveLine("a long name of a study of mine", search_words, check=lambda: None)
    assert line._bar.tasks[0].description == title


def test_the_speed_is_that_of_what_this_run_has_done(monkeypatch):
    now, told = [0.0], []
    monkeypatch.setattr("rich.console.monotonic", lambda: now[0])
    with LiveLine("small", search_words, check=lambda: None) as line:
        for now[0], fresh in ((0.0, 0), (4.0, 2), (5.0, 1000)):
            line.show(Progress(3 + fresh, 2000, fresh=fresh))
            told.append(line._bar.tasks[0].fields["speed"])
    assert told == ["", "0.5/s", "200/s"]
