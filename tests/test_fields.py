"""L7: other fields, other settings: what loses beside two searches of a study itself, corrected for the many tests."""

import itertools

import numpy as np
import pandas as pd
import pytest

from hpsearch.experiments.lessons.fields import other_fields, shown_beside_both
from hpsearch.sensitivity.verdicts import holm

STUDIES = ("digits", "wine", "iris", "moons")
COLUMNS = ["from", "to", "regret", "regret_low", "regret_high", "verdict", "examples", "p"]


def transfers(worse, p=1e-6):
    rows = []
    for source, target in itertools.product((*STUDIES, "defaults"), STUDIES):
        lost = (source, target) in worse or source == "defaults"
        regret = 5.0 if lost else 0.1
        verdict = "own best" if source == target else "worse" if lost else "not shown"
        rows.append((source, target, regret, regret - 1, regret + 1, verdict, 40, p if lost else 0.5))
    return pd.DataFrame(rows, columns=COLUMNS)


def judged(worse, second=None, p=1e-6, *, rates=(), home_p=0.5):
    second = worse if second is None else second
    pairs = [
        (*pair, 0.5, low, 0.9) for pair, low in zip(itertools.combinations(STUDIES, 2), (0.2, -0.1) * 3, strict=True)
    ]
    agreement = pd.DataFrame(pairs, columns=["first", "second", "tau", "low", "high"])
    verdict = "worse" if home_p <= 0.05 else "not shown"
    home = [("second search", study, 0.2 * k, -1.0, 1.5, verdict, 40, home_p) for k, study in enumerate(STUDIES)]
    single = pd.DataFrame([("wine", 1.5, 1.0, 2.0)], columns=["from", "regret", "regret_low", "regret_high"])
    tables = (transfers(worse, p), transfers(second, p))
    alone = transfers(rates, p)
    alone["learning_rate"] = alone["from"].map(dict(zip(STUDIES, (0.3162, 0.0178, 0.1, 1.0), strict=True)))
    return other_fields(agreement, tables, pd.DataFrame(home, columns=COLUMNS), single, alone)


def test_settings_that_lose_elsewhere_bear_it_out_where_they_do():
    judgement = judged({("digits", "wine"), ("iris", "wine"), ("wine", "moons")})
    assert judgement.verdict == "holds where taken to wine or moons"
    assert judgement.decided == "3 of 12 bests lose up to 5 [4, 6] points, 0 of 4 at home"
    assert judgement.evidence[0].startswith("Of 12 times that the best setting")
    assert "it is shown to lose in 3, most that of digits on wine: 5 [4, 6] points." in judgement.evidence[0]
    assert "0 of 4 are shown to lose beside the first at home, the most on moons: 0.6 [-1" in judgement.evidence[1]
    assert "that of wine, which loses 1.5 [1, 2] points a study" in judgement.evidence[3]
    assert "ranked alike in 3 of 6 pairs" in judgement.more[0]
    assert "from 6 test examples on, 15 % of 40" in judgement.more[1]


def test_settings_that_lose_on_every_other_study_bear_it_out_everywhere():
    assert judged(set(itertools.permutations(STUDIES, 2))).verdict == "holds"


def test_nothing_that_loses_does_not_bear_it_out():
    judgement = judged(set())
    assert judgement.verdict == "does not hold"
    assert judgement.decided.startswith("0 of 12 bests lose up to 0.1 [")


def test_a_loss_beside_one_of_two_searches_alone_is_not_shown():
    assert judged({("digits", "wine")}, second=set()).verdict == "does not hold"
    assert judged(set(), second={("digits", "wine")}).verdict == "does not hold"


def test_a_loss_that_one_of_many_tests_shows_by_chance_is_not_shown():
    assert judged({("digits", "wine")}, p=0.05 / 12 * 1.01).verdict == "does not hold"
    assert judged({("digits", "wine")}, p=0.05 / 12 * 0.99).verdict == "holds where taken to wine"


def test_the_larger_p_of_both_counts_and_the_defaults_stand_as_they_are():
    pairs = [("digits", "wine"), ("iris", "wine")]
    first, second = transfers(set(pairs), p=1e-6), transfers(set(pairs), p=1e-3)
    shown = shown_beside_both(first, second).set_index(["from", "to"])
    assert list(shown.columns) == COLUMNS[2:]
    expected = holm(np.array([1e-3, 1e-3, *[0.5] * 10]))
    assert shown.loc[pairs, "p"].tolist() == pytest.approx(expected[:2])
    assert (shown.loc["defaults", "verdict"] == "worse").all()
    assert shown.loc[("wine", "wine"), "verdict"] == "own best"


def test_what_is_worse_in_one_table_and_better_in_the_other_is_neither():
    first = transfers({("digits", "wine")})
    second = first.assign(verdict=first["verdict"].replace("worse", "better"))
    assert shown_beside_both(first, second).set_index(["from", "to"]).loc[("digits", "wine"), "verdict"] == "not shown"


def test_the_best_alpha_of_each_field_is_told_and_where_it_loses_elsewhere():
    judgement = judged(set(), rates={("digits", "wine"), ("moons", "wine")})
    assert judgement.evidence[2] == (
        "Of α alone, all else at its default, the best of those tried is: wine 0.018, iris 0.1, digits 0.32 and moons "
        "1. Taken to another data set it is shown to lose in 2 of 12, most that of digits on wine: 5 [4, 6] points."
    )
    assert judged(set(), rates={("digits", "wine")}, p=0.05 / 12 * 1.01).evidence[2].endswith("to lose in 0 of 12.")
    assert len(judgement.tables["rates"]) == 20


def test_second_searches_are_corrected_for_their_number_too():
    assert "0 of 4 are shown" in judged(set(), home_p=0.05 / 4 * 1.01).evidence[1]
    assert "4 of 4 are shown" in judged(set(), home_p=0.05 / 4 * 0.99).evidence[1]
