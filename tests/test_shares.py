"""Tables of an attribution: verdicts corrected for their number, and the company that a change needs."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from hpsearch.experiments.shares import Changes, pairs_table, path_table, shares_table
from hpsearch.sensitivity.attribution import gains, pair_interactions

OF, AGAINST = {"a": "relu", "b": (8, 4), "c": 3}, {"a": "tanh", "b": (8,), "c": 2}
CHANGES = Changes(("a", "b", "c"), OF, AGAINST, metric="validation_loss", step=0.0)
SEEDS = 8


def samples(*means, spread=0.1):
    """Samples with these means and this standard deviation, the same for each row."""
    base = np.linspace(-1, 1, SEEDS)
    return np.array(means)[:, None] + spread * base / base.std(ddof=1)


def game(gain):
    """Losses ``(8, seeds)`` that are lower by a gain of the names that are changed, with some luck in each."""
    luck = 0.01 * np.random.default_rng(0).standard_normal((8, SEEDS))
    return luck + np.array([[1.0 - gain(set(CHANGES.made(mixture)))] for mixture in range(8)])


def table(losses, **parts):
    none = dict.fromkeys(("share", "alone", "last"), samples(0, 0, 0))
    return shares_table(CHANGES, {**none, **parts}, losses[[0, -1]], gains=gains(losses)).set_index("hyperparameter")


def test_values_of_any_kind_stand_as_they_are():
    frame = table(game(len))
    assert frame["of"].to_dict() == OF
    assert frame["against"].to_dict() == AGAINST
    assert (frame["metric"] == "validation_loss").all()
    assert (frame["seeds"] == SEEDS).all()


@pytest.mark.parametrize("part", ["share", "alone", "last"])
def test_a_verdict_is_corrected_for_the_number_of_changes(part):
    """A mean whose p-value is 0.03 is shown beside two that are surely shown, and not beside two that are not."""
    edge = 0.1 * 2.715 / np.sqrt(SEEDS)
    sure, unsure = samples(edge, 1, -1), samples(edge, 0, 0.01)
    assert table(game(len), **{part: sure})[f"{part}_verdict"].to_dict() == {"a": "gains", "b": "gains", "c": "harms"}
    words = table(game(len), **{part: unsure})
    assert set(words[f"{part}_verdict"]) == {"not shown"}
    assert words.loc["a", f"{part}_low"] > 0


def test_the_company_of_a_change_is_the_fewest_beside_which_it_is_shown_to_gain():
    alone = table(game(len))
    assert (alone["company"] == "").all()
    assert (alone["common"] == "").all()
    needs = table(game(lambda made: 1.0 * ("a" in made and "b" in made) - 0.5 * ("a" in made)))
    assert needs.loc["a", ["company", "common"]].tolist() == ["b", "b"]
    either = table(game(lambda made: 1.0 * ("a" in made and len(made) > 1) - 0.5 * ("a" in made) + ("c" in made)))
    assert either.loc["a", "company"] in ("b", "c")
    assert either.loc["a", "common"] == ""
    both = table(game(lambda made: 1.0 * (made == {"a", "b", "c"}) - 0.5 * ("a" in made)))
    assert both.loc["a", ["company", "common"]].tolist() == ["b, c", "b, c"]
    sure = table(game(lambda made: 1.0 * ("a" in made and "b" in made) - 0.5 * ("a" in made)), alone=samples(1, 1, 1))
    assert sure.loc["a", ["alone_verdict", "company", "common"]].tolist() == ["gains", "", ""]
    nowhere = table(game(lambda made: -0.5 * ("a" in made)))
    assert nowhere.loc["a", ["company", "common"]].tolist() == ["", ""]


def test_of_company_of_one_size_that_is_named_beside_which_the_gain_is_largest():
    frame = table(game(lambda made: ("a" in made) * (-0.5 + 1.0 * ("b" in made) + 2.0 * ("c" in made))))
    assert frame.loc["a", "company"] == "c"


def test_company_is_corrected_for_all_steps_between_mixtures():
    losses = np.ones((8, SEEDS)) + 0.01 * np.random.default_rng(1).standard_normal((8, SEEDS))
    losses[0b011] = losses[0b010] - samples(0.1 * 2.715 / np.sqrt(SEEDS))[0]  # a beside b gains with p = 0.03
    assert table(losses).loc["a", "company"] == ""


def test_pairs_stand_in_the_order_of_their_strength_whatever_their_sign():
    losses = game(lambda made: 3.0 * ({"a", "c"} <= made) - 5.0 * ({"b", "c"} <= made))
    frame = pairs_table(CHANGES, pair_interactions(losses))
    assert frame[["first", "second"]].to_numpy().tolist() == [["b", "c"], ["a", "c"], ["a", "b"]]
    assert frame["interaction"].tolist() == pytest.approx([-5, 3, 0], abs=0.05)
    assert frame["verdict"].tolist() == ["harms", "gains", "not shown"]
    assert (frame["low"] < frame["interaction"]).all()


def test_an_error_on_the_way_that_all_seeds_share_is_not_known_for_certain():
    errors = np.full((2, 10), 0.25)
    frame = path_table(replace(CHANGES, step=1 / 80), (2,), errors)
    unseen = stats.t.isf(0.025, 9) ** 2 / 80 / 10
    assert frame[["low", "high"]].to_numpy() == pytest.approx(np.tile([0.25 - unseen, 0.25 + unseen], (2, 1)))


def test_a_path_starts_where_nothing_is_changed():
    frame = path_table(CHANGES, (2, 0), samples(3.0, 2.0, 2.5))
    assert frame["hyperparameter"].tolist() == ["", "c", "a"]
    assert frame["of"].tolist()[1:] == [3, "relu"]
    assert frame["mean"].tolist() == pytest.approx([3, 2, 2.5])
    assert frame["gain"].tolist()[1:] == pytest.approx([1, -0.5])
    assert frame["verdict"].tolist() == ["", "gains", "harms"]
    assert list(frame) == [
        "step", "hyperparameter", "against", "of", "mean", "low", "high", "gain", "gain_low", "gain_high", "verdict",
    ]  # fmt: skip
