"""Ranges: where the best lie, and what is proposed next."""

import numpy as np

from hpsearch.sensitivity.ranges import refined
from hpsearch.sensitivity.survey import survey
from hpsearch.space import Choice, Float, Space


def test_ranges_follow_the_best():
    space = Space({"rate": Float(1e-3, 1, log=True), "size": Choice((16, 32, 64)), "none": Float(0, 1)})

    def function(rows):
        return -np.log10(rows["rate"]) - np.log2(rows["size"])

    found = survey(function, space, base=128)
    proposals = found.ranges().set_index("hyperparameter")
    assert proposals.loc[["rate", "size"], "boundary"].tolist() == ["high", "high"]
    assert proposals.loc["rate", "next_high"] > 1
    assert proposals.loc["size", "next_choices"][-1] == 128
    assert proposals.loc["none", "verdict"] == "inert"
    following = refined(found.ranges(), space)
    assert following["none"] == space["none"]
    assert following["rate"].high > 1
