"""What an attribution says: words that are computed from its numbers, and none that they do not show."""

import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from helpers import printed
from rich.console import Console

from hpsearch.experiments.attributions import Attribution
from hpsearch.experiments.shares import Changes, pairs_table, path_table, shares_table
from hpsearch.report.explanation import attribution_report, explained
from hpsearch.sensitivity.attribution import best_path, gains, mixtures_along, pair_interactions, shapley_values

AGAINST = {"learning_rate": 0.1, "momentum": 0.9, "batch_size": 32}
OF = {"learning_rate": 0.92, "momentum": 0.11, "batch_size": 128}
CHANGES = Changes(tuple(AGAINST), OF, AGAINST, metric="validation_loss", step=0.0)
RATE, MOMENTUM, BATCH = AGAINST


def told(gain, *, start=0.5, luck=0.0001, seeds=10, exact=True):
    """An attribution whose losses are the start less a gain of the names that are changed, and some luck."""
    made = [set(CHANGES.made(mixture)) for mixture in range(8)]
    losses = start - np.array([[gain(names)] * seeds for names in made], dtype=float)
    losses = losses + luck * np.random.default_rng(1).standard_normal(losses.shape)
    parts = {
        "share": shapley_values(losses),
        "alone": losses[0] - losses[[1, 2, 4]],
        "last": losses[[6, 5, 3]] - losses[7],
    }
    order = best_path(losses.mean(axis=1))
    table = shares_table(CHANGES, parts, losses[[0, -1]], gains=gains(losses) if exact else None, sampling=0.0123)
    pairs = pair_interactions(losses) if exact else np.empty((0, seeds))
    path = path_table(CHANGES, order, losses[mixtures_along(order)])
    return Attribution(
        "trial 3", "the defaults", exact, table, pairs_table(CHANGES, pairs), path if exact else path.iloc[:0]
    )


def in_company(names):
    """The rate by itself harms, and pays where momentum is changed too."""
    return 0.2 * (RATE in names and MOMENTUM in names) - 0.1 * (RATE in names)


def test_the_sentences_say_who_harms_alone_and_pays_in_company():
    whole, shares, *company, pairs, path = explained(told(in_company))
    assert whole == (
        "From the defaults to trial 3 validation loss falls from 0.500 to 0.400, means of 10 fresh seeds: a gain of "
        "+0.100 (+0.100 to +0.100)."
    )
    assert shares == (
        "Shares that gain: +0.100 (+0.100 to +0.100) by momentum μ 0.9 → 0.11. No share beyond luck is shown for "
        "batch size B and learning rate α."
    )
    assert company == [
        "Momentum μ 0.9 → 0.11 by itself is not shown to gain; it is shown to gain only where learning rate α is "
        "changed too; after all the other changes it gains +0.200 (+0.200 to +0.200).",
        "Learning rate α 0.1 → 0.92 by itself harms, −0.100 (−0.100 to −0.100); it is shown to gain only where "
        "momentum μ is changed too; after all the other changes it gains +0.100 (+0.100 to +0.100).",
    ]
    assert pairs == (
        "Changes that act together, the strongest first: learning rate α with momentum μ +0.200 (+0.200 to +0.200)."
    )
    assert path.startswith("The order of changes with the lowest mean validation loss on the way: ")
    assert "→ 0.400." in path
    assert "harmed" not in path


def test_a_change_that_gains_alone_and_needs_nobody_has_no_sentence_of_its_own():
    texts = explained(told(lambda names: 0.1 * len(names)))
    assert len(texts) == 3  # the whole, the shares, the path
    assert texts[1].startswith("Shares that gain: ")
    assert texts[1].count("+0.100 (+0.100 to +0.100)") == 3


def test_company_that_differs_is_told_by_its_smallest():
    """The rate pays beside momentum or beside the batch."""
    texts = explained(told(lambda names: (RATE in names) * (0.4 * (len(names) > 1) - 0.1)))
    (rate,) = [text for text in texts if text.startswith("Learning rate")]
    assert "; it is shown to gain only in company, the smallest of which is " in rate


@pytest.mark.parametrize(
    ("gain", "words"),
    [
        (lambda names: -0.1 * (RATE in names), "by itself harms, −0.100 (−0.100 to −0.100); in no company is it shown"),
        (
            lambda names: 0.1 * (RATE in names) - 0.3 * (RATE in names and len(names) == 3),
            "by itself gains +0.100 (+0.100 to +0.100), but after all the other changes it harms, −0.200 (−0.200 to",
        ),
    ],
)
def test_a_change_that_harms_in_the_end_is_named(gain, words):
    (rate,) = [text for text in explained(told(gain)) if text.startswith("Learning rate")]
    assert words in rate


def test_a_difference_that_is_not_shown_is_not_called_a_gain():
    whole, shares, *rest = explained(told(lambda names: 0.0, luck=0.1))
    assert whole.startswith("From the defaults to trial 3 no change of validation loss is shown: from 0.")
    assert shares.startswith("No share beyond luck is shown for ")
    assert not any("harm" in text or "by itself" in text for text in rest)


def test_a_loss_that_rises_is_said_to_rise():
    whole, shares, *_, path = explained(told(lambda names: -0.1 * (MOMENTUM in names)))
    assert "validation loss rises from 0.500 to 0.600" in whole
    assert "a gain of −0.100" in whole
    assert shares.startswith("Shares that harm: −0.100 (−0.100 to −0.100) by momentum μ 0.9 → 0.11.")
    assert path.endswith("Of its steps momentum μ harmed.")


def test_seeds_on_which_training_diverged_are_told():
    attribution = told(in_company)

    def said(**counts):
        one = replace(attribution, table=attribution.table.assign(**counts))
        return [text for text in explained(one) if "diverged" in text]

    assert said() == []
    assert said(end_diverged=3) == [
        "Of these 10 seeds training diverged with trial 3 on 3, and counts there as the worst validation loss."
    ]
    assert said(start_diverged=1, end_diverged=10)[0].startswith(
        "Of these 10 seeds training diverged with the defaults on 1 and with trial 3 on 10, "
    )


def test_of_one_change_no_order_is_told():
    one = told(in_company)
    one = replace(one, path=one.path.head(2))
    assert not any("order of changes" in text for text in explained(one))
    assert len(attribution_report(one, name="s")) == len(attribution_report(told(in_company), name="s")) - 2


def test_drawn_orders_are_told_with_their_error_and_without_pairs_and_path():
    texts = explained(told(in_company, exact=False))
    assert "shares are means over orders that each seed drew, by a standard error of 0.012 at most" in texts[2]
    assert not any("act together" in text or "order of changes" in text for text in texts)
    assert [text for text in texts if "Momentum" in text] == [
        "Momentum μ 0.9 → 0.11 by itself is not shown to gain; after all the other changes it gains +0.200 (+0.200 to "
        "+0.200)."
    ]


@pytest.mark.parametrize(
    ("start", "whole"), [(0.0312, "+0.0100 ("), (0.312, "+0.010 ("), (12.0, "+0.010 ("), (0.01, "+0.010000 (")]
)
def test_numbers_have_the_decimals_of_the_metric_s_size(start, whole):
    assert f"a gain of {whole}" in explained(told(lambda names: 0.01 * (RATE in names), start=start, luck=1e-6))[0]


def test_no_interval_that_shows_a_gain_ends_in_0():
    attribution = told(in_company)
    assert explained(attribution)[1].startswith("Shares that gain: +0.100 (+0.100 to ")
    close = replace(attribution, table=attribution.table.assign(share_low=0.0004))
    assert explained(close)[1].startswith("Shares that gain: +0.1000 (+0.0004 to ")
    unseen = replace(close, table=close.table.assign(share_verdict="not shown", gain_low=-0.0004))
    assert "a gain of +0.100 (0.000 to " in explained(unseen)[0]
    paired = replace(attribution, interactions=attribution.interactions.assign(low=0.0004))
    assert "learning rate α with momentum μ +0.1999 (+0.0004 to +0.2000)." in explained(paired)[-2]
    for end, value, words in (("alone_high", -0.0004, "to −0.0004)"), ("last_low", 0.0004, "(+0.0004 to")):
        changed = replace(attribution, table=attribution.table.assign(**{end: value}))
        assert words in next(text for text in explained(changed) if text.startswith("Learning rate"))
    walked = replace(attribution, path=attribution.path.assign(gain_high=0.0004))
    assert "+0.0004]" in "".join(printed(attribution_report(walked, name="s")[1]))


def test_what_is_too_wide_for_a_terminal_breaks_between_two_values_and_in_no_verdict():
    attribution = told(in_company, luck=0.01)
    wide = replace(attribution, table=attribution.table.assign(against=0.000123, of=0.000784))
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(attribution_report(wide, name="digits")[0])
    lines = [line.rstrip() for line in console.export_text().splitlines()]
    assert any(line.endswith("  not shown") for line in lines)
    assert not any(line.endswith((" not", " after")) for line in lines)
    assert any("0.000123 →  " in line for line in lines)


def test_all_numbers_fit_a_terminal_of_80_columns():
    console = Console(width=80, record=True, file=io.StringIO())
    shares, path, *_ = attribution_report(told(in_company, luck=0.01), name="digits")
    console.print(shares, path)
    lines = console.export_text().splitlines()
    assert lines[0].startswith("digits: gains in validation loss, from the defaults to trial 3")
    row = next(line for line in lines if line.startswith("learning_rate  0.1 → 0.92"))
    numbers = told(in_company, luck=0.01).table.set_index("hyperparameter").loc["learning_rate"]
    for column in ("share", "alone", "last"):
        assert f"{numbers[column]:.3f}".replace("-", "−").removeprefix("−0.000") in row
    assert sum(line.startswith("learning_rate") for line in lines) == 2
    assert any(line.startswith("the defaults") for line in lines)
    assert not any("…" in line for line in lines)


def test_values_of_any_kind_are_told():
    changes = Changes(("a", "b"), {"a": "relu", "b": "8-4"}, {"a": "tanh", "b": "8"}, metric="m", step=0.0)
    losses = np.array([[1.0, 1.1], [0.5, 0.6], [0.7, 0.8], [0.2, 0.3001]])
    parts = {"share": shapley_values(losses), "alone": losses[:1] - losses[1:3], "last": losses[1:3] - losses[3:]}
    table = shares_table(changes, parts, losses[[0, -1]])
    empty = pd.DataFrame()
    texts = explained(Attribution("x", "y", False, table, pairs_table(changes, np.empty((0, 2))), empty))
    assert " by a tanh → relu and " in texts[1]
    assert " by b 8 → 8-4." in texts[1]
