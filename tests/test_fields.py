"""L7: other fields, other settings: by how many transfers lose more than chance would have it."""

import itertools

import pandas as pd

from hpsearch.experiments.lessons.fields import other_fields

STUDIES = ("digits", "wine", "iris", "moons")


def tables(worse):
    rows = []
    for source, target in itertools.product((*STUDIES, "defaults"), STUDIES):
        lost = (source, target) in worse or source == "defaults"
        regret = 5.0 if lost else 0.1
        verdict = "own best" if source == target else "worse" if lost else "not shown"
        rows.append((source, target, regret, regret - 1, regret + 1, verdict))
    transfer = pd.DataFrame(rows, columns=["from", "to", "regret", "regret_low", "regret_high", "verdict"])
    pairs = [
        (*pair, 0.5, low, 0.9) for pair, low in zip(itertools.combinations(STUDIES, 2), (0.2, -0.1) * 3, strict=True)
    ]
    agreement = pd.DataFrame(pairs, columns=["first", "second", "tau", "low", "high"])
    single = pd.DataFrame([("wine", 1.5, 1.0, 2.0)], columns=["from", "regret", "regret_low", "regret_high"])
    return agreement, transfer, single


def test_settings_that_lose_elsewhere_bear_it_out_where_they_do():
    judgement = other_fields(*tables({("digits", "wine"), ("iris", "wine"), ("wine", "moons")}))
    assert judgement.verdict == "holds where the setting is taken to wine or moons"
    assert "taken to another, 3 are shown to lose (up to 2 would by chance)" in judgement.evidence[0]
    assert judgement.evidence[0].startswith("Of 12 settings, the best of one study")
    assert "5 [4, 6] points" in judgement.evidence[0]
    assert "that of wine, which loses 1.5 [1, 2] points a study" in judgement.evidence[1]
    assert "ranked alike in 3 of 6 pairs" in judgement.more[0]


def test_settings_that_lose_on_every_other_study_bear_it_out_everywhere():
    judgement = other_fields(*tables(set(itertools.permutations(STUDIES, 2))))
    assert judgement.verdict == "holds"


def test_what_chance_alone_calls_worse_does_not_bear_it_out():
    assert other_fields(*tables(set())).verdict == "does not hold"
    assert other_fields(*tables({("digits", "wine"), ("wine", "iris")})).verdict == "does not hold"
