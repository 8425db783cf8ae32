"""L6: refining is judged by the difference over sampler seeds, each repeat counting as one."""

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
    assert judgement.verdict == "holds where the study is digits"
    assert judgement.tables["refining"]["verdict"].tolist() == ["better", "not shown", "worse"]
    assert judgement.more[0] == "On iris it is shown to be worse."


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
