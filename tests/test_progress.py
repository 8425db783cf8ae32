"""What the live line says of a progress."""

import pytest

from hpsearch.cli.progress import search_words, survey_words
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
