"""L6: refining is judged by the difference over sampler seeds, each repeat counting as one."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from hpsearch.experiments.lessons.refining import refining


def table(gain, noise=0.01, repeats=8):
    rng = np.random.default_rng(0)
    rows = []
    for repeat in range(repeats):
        luck = rng.standard_normal() * 0.2  # of the repeat, in both arms
        own = noise * rng.standard_normal()
        for arm, shift in (("rounds", own - gain), ("unrefined", 0.0)):
            rows += [(repeat, arm, seed, "test_loss", 1 + luck + shift + 0.001 * seed) for seed in range(5)]
    return pd.DataFrame(rows, columns=["repeat", "arm", "seed", "metric", "score"])


def test_refining_that_pays_everywhere_holds():
    judgement = refining({"digits": table(0.1), "wine": table(0.2)})
    assert judgement.verdict == "holds"
    assert "digits: refining is better; test loss" in judgement.evidence[0]
    assert "over 8 sampler seeds, lower in 8." in judgement.evidence[0]


def test_refining_that_pays_on_one_study_holds_there():
    judgement = refining({"digits": table(0.1), "wine": table(0.0), "iris": table(-0.1)})
    assert judgement.verdict == "holds where the search is digits"
    assert judgement.tables["refining"]["verdict"].tolist() == ["better", "not shown", "worse"]
    assert judgement.decided.startswith("rounds beat one search of their cost in 1 of 3, lose in 1; best case -")


def test_no_digits_deny_that_refining_pays():
    judgement = refining({"digits": table(0.0004, noise=0.0001)})
    assert judgement.verdict == "holds"
    assert re.search(r"best case -0\.0\d % \[-0\.0\d, -0\.0[1-9]\] in loss", judgement.decided)


def test_refining_that_is_not_shown_to_pay_does_not_hold():
    assert refining({"digits": table(0.0)}).verdict == "does not hold"
    assert refining({"digits": table(-0.1)}).verdict == "does not hold"


def test_the_interval_is_over_repeats_in_pairs():
    rows = table(0.1)
    means = rows.pivot_table(index="repeat", columns="arm", values="score")
    test = stats.ttest_rel(means["rounds"], means["unrefined"]).confidence_interval(0.95)
    row = refining({"digits": rows}).tables["refining"].iloc[0]
    assert (row["low"], row["high"]) == pytest.approx((test.low, test.high))
    assert row["difference"] == pytest.approx(row["rounds"] - row["unrefined"])


def test_what_is_shown_is_corrected_for_the_number_of_searches():
    one = table(0.006, noise=0.01)
    p = refining({"digits": one}).tables["refining"]["p"].iloc[0]
    means = one.pivot_table(index="repeat", columns="arm", values="score")
    assert p == pytest.approx(stats.ttest_rel(means["rounds"], means["unrefined"]).pvalue)
    assert 0.01 < p < 0.05
    assert refining({"digits": one}).verdict == "holds"
    others = {f"other {k}": table(0.0, noise=0.1) for k in range(4)}
    judgement = refining({"digits": one, **others})
    assert judgement.verdict == "does not hold"
    assert "corrected for 5 tests" in judgement.more[0]


def test_the_line_tells_the_search_that_speaks_most_for_rounds_in_per_cent():
    judgement = refining({"digits": table(-0.1), "wine": table(0.0)})
    row = judgement.tables["refining"].iloc[1]
    low, high = (round(100 * row[end] / row["unrefined"], 1) for end in ("low", "high"))
    assert judgement.decided.endswith(f"0 of 2, lose in 1; best case -0.1 % [{low:+.1f}, {high:+.1f}] in loss")
