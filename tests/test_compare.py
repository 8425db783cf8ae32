"""The command `hpsearch compare`: tables at 80 columns, sentences of their numbers, a page; refusals with commands."""

import re
import signal

import numpy as np
import pandas as pd
import pytest
import typer
from helpers import SMALL, printed, run

from hpsearch.cli.endings import errors
from hpsearch.cli.progress import LiveLine
from hpsearch.data.files import FileError
from hpsearch.experiments.comparisons import DEFAULTS
from hpsearch.report.comparisons import (
    index_table,
    sensitivity_sentences,
    single_setting_sentence,
    transfer_sentences,
    transfer_table,
)
from hpsearch.results.comparison import Comparison, compare
from hpsearch.results.names import ResultsError
from hpsearch.sensitivity.designs import DesignError

TINY = "[survey]\nbase = 4\nscrambles = 2\nseeds = 4\n"


@pytest.fixture
def two(folder):
    """The studies small and wines."""
    studies = folder / "studies"
    small = SMALL.replace("trials = 14", "trials = 3") + TINY
    (studies / "small.toml").write_text(small, encoding="utf-8")
    wines = small.replace('"small"', '"wines"').replace('"iris"', '"wine"').replace("[8, 16, 32]", "[8, 16]")
    (studies / "wines.toml").write_text(wines, encoding="utf-8")
    return folder


def stopping(show):
    """A line's ``show`` at whose first training Ctrl-C is pressed."""

    def shown(line, progress):
        show(line, progress)
        if progress.fresh:
            signal.raise_signal(signal.SIGINT)

    return shown


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_what_is_missing_is_named_and_made_on_demand(two, monkeypatch):
    run("search", "wines")
    assert "no study 'small' in the results" in run("compare", "small", "wines", code=2).stderr
    refused = run("compare", "wines", "wines", code=2).stderr
    assert "error: a comparison needs two different studies or more (given: wines twice)" in refused
    with pytest.raises(ResultsError, match="studies must be a list"):
        compare("wines")
    run("search", "small")
    refused = run("compare", "small", "wines", "--complete", "--to", "studies", code=1).stderr
    assert "cannot write studies: Is a directory" in refused  # before anything is surveyed, as is seen next
    assert "run first: hpsearch survey small; hpsearch survey wines" in run("compare", "small", "wines", code=2).stderr
    done = run("compare", "small", "wines", "--complete", "--seeds", 2)
    assert "small is not completely surveyed yet: surveying first" in done.stderr
    assert "searching first" not in done.stderr
    table = done.stdout.split("total indices of")[1].split("By the estimates")[0].split("No setting")[0]
    assert max(len(line.rstrip()) for line in table.splitlines()) <= 80
    for words in ("Kendall's τ", "the best settings", "points lost by", "Shown to lose", "one setting for all studies"):
        assert words in done.stdout
    assert "page in results/compare.html" in done.stdout
    page = (two / "results" / "compare.html").read_text(encoding="utf-8")
    assert page.count('class="plot"') == 2
    assert "Compared: small, wines" in page
    with monkeypatch.context() as patched:
        patched.setattr(LiveLine, "show", stopping(LiveLine.show))
        stopped = run("compare", "small", "wines", "--seeds", 3, code=130).stderr
    words = r"stopped: (\d+) of (\d+) trainings are kept with their studies, none is left running\. Go on with:\n"
    kept, total = map(int, re.search(words + "  hpsearch compare small wines --seeds 3\n$", stopped).groups())
    assert 0 < kept < total

    def full(path, html):
        raise FileError("cannot write it: the disk is full")

    monkeypatch.setattr("hpsearch.data.files.write_text", full)
    failed = run("compare", "small", "wines", "--seeds", 2, code=1)
    assert failed.stdout == done.stdout[done.stdout.index("total indices of") :].split("page in")[0]


def test_what_no_comparison_can_be_made_of_ends_with_a_message_and_no_traceback(capsys):
    with pytest.raises(typer.Exit) as ended, errors():
        raise DesignError("study 'small' has no test split")
    assert ended.value.exit_code == 2
    assert capsys.readouterr().err == "error: study 'small' has no test split\n"


def rows(names, *values):
    return pd.DataFrame(list(values), columns=names.split())


def comparison(**tables):
    return Comparison(
        **{**dict.fromkeys(("indices", "agreement", "settings", "transfer", "defaults", "scores")), **tables}
    )


INDEX = "study hyperparameter low high scale total_order"
AGREEMENT = "first second tau opposite pairs"


def test_which_setting_leads_where_and_which_ranges_and_orders_differ():
    indices = rows(
        INDEX, ("a", "l2", 0, 1, "linear", 0.5), ("a", "momentum", 0, 1, "linear", 0.2),
        ("a", "seed", 0, 3, "pool", 0.9),
        ("b", "l2", 0, 2, "linear", 0.1), ("b", "momentum", 0, 1, "linear", 0.2), ("b", "seed", 0, 3, "pool", 0.9),
    ).assign(verdict=["sensitive", "sensitive", "luck"] * 2)  # fmt: skip
    apart = comparison(indices=indices, agreement=rows(AGREEMENT, ("a", "b", 0.0, 1, 3)))
    largest, ranges, orders = sensitivity_sentences(apart)
    assert largest == "By the estimates the largest total index is that of l2 λ in a; momentum μ in b."
    assert ranges.startswith("The range is not the same in all studies for l2 λ:")
    assert orders == "Some pairs of settings are shown to matter in opposite orders: in a and b (1 of 3)."
    alike = comparison(
        indices=indices[indices["hyperparameter"] == "momentum"], agreement=rows(AGREEMENT, ("a", "b", 1.0, 0, 3))
    )
    assert sensitivity_sentences(alike) == [
        "By the estimates the largest total index is that of momentum μ in all.",
        "No two settings are shown to matter in opposite orders in two of these studies.",
    ]


def test_a_row_of_the_table_is_a_study_with_its_indices_within_0_and_1():
    names = "study response hyperparameter total_order total_low total_high"
    indices = rows(
        names, ("a", "loss", "seed", 0.2, 0.1, 0.3), ("a", "loss", "l2", 0.5, -0.1, 1.2),
        ("b", "loss", "seed", np.nan, np.nan, np.nan), ("b", "loss", "momentum", 1.1, 0.9, 1.3),
    )  # fmt: skip
    assert printed(index_table(comparison(indices=indices)))[2:] == [
        "study l2 momentum seed", "a 0.50 fixed 0.20", ".00–1.00 .10–.30", "b fixed 1.00 missing", ".90–1.00"
    ]  # fmt: skip


def test_a_cell_is_what_a_setting_loses_there_and_on_the_diagonal_what_the_own_best_reaches():
    transfer = rows(
        "from to verdict points regret regret_high",
        ("a", "a", "own best", 96.0, np.nan, np.nan), ("a", "b", "worse", 90.0, 1.5, 2.0),
        ("b", "a", "not seen", 95.0, -0.04, 0.26), ("b", "b", "own best", 91.5, np.nan, np.nan),
    )  # fmt: skip
    lines = printed(transfer_table(comparison(indices=rows("study", ("a",), ("b",)), transfer=transfer)))
    assert lines[-4:] == ["a =96.0 +1.5*", "±0.5", "b +0.0 =91.5", "±0.3"]
    close = transfer.assign(regret=[np.nan, 0.04, -0.04, np.nan], regret_high=[np.nan, 0.07, 0.26, np.nan])
    lines = printed(transfer_table(comparison(indices=rows("study", ("a",), ("b",)), transfer=close)))
    assert lines[-4:] == ["a =96.0 +0.04*", "±0.03", "b +0.0 =91.5", "±0.3"]  # shown, so no digits may deny it


def test_what_is_not_shown_to_matter_leads_nowhere():
    indices = rows(
        INDEX, ("a", "l2", 0, 1, "linear", 0.5), ("a", "momentum", 0, 1, "linear", 0.2),
        ("b", "l2", 0, 1, "linear", 0.1), ("b", "momentum", 0, 1, "linear", 0.2),
    ).assign(verdict=["undecided", "sensitive", "undecided", "inert"])  # fmt: skip
    told = sensitivity_sentences(comparison(indices=indices, agreement=rows(AGREEMENT, ("a", "b", 0.0, 0, 1))))
    assert told[:2] == [
        "By the estimates the largest total index is that of momentum μ in a.",
        "No setting is shown to matter in b.",
    ]


REGRET = "from to regret regret_low regret_high verdict p moved"


def test_which_transfers_lose_and_what_tuning_gains_and_what_was_moved():
    frame = rows(
        REGRET, ("a", "a", 0, 0, 0, "own best", 1, ""), ("b", "a", 12.3, 10.0, 14.6, "worse", 0.02, "l2 64 → 8"),
        (DEFAULTS, "a", 7.0, 6.0, 8.0, "worse", 0.01, ""), ("a", "b", -9.0, -10.0, -8.0, "better", 0.03, ""),
        ("b", "b", 0, 0, 0, "own best", 1, ""), (DEFAULTS, "b", 1.0, -1.0, 3.0, "not shown", 0.5, ""),
    )  # fmt: skip
    assert transfer_sentences(comparison(transfer=frame)) == [
        "Shown to lose points: 1 of 2 transfers (1 after Holm's correction for so many tests): b on a (+12.3, 10.0 to "
        "14.6).",
        "Shown to gain points: 1 of 2 transfers (1 after Holm's correction for so many tests): a on b (-9.0, -10.0 to "
        "-8.0).",
        "The defaults are shown to lose points against the own best on a (+7.0, 6.0 to 8.0).",
        "Moved to what a study can take: b on a: l2 64 → 8.",
    ]
    assert "1 of 2 transfers (0 after" in transfer_sentences(comparison(transfer=frame.assign(p=0.04)))[0]
    close = frame.assign(regret=0.04, regret_low=0.01, regret_high=0.07)
    assert ": b on a (+0.04, 0.01 to 0.07)." in transfer_sentences(comparison(transfer=close))[0]
    none = transfer_sentences(comparison(transfer=frame.assign(verdict="not shown", moved="")))
    assert none == [
        "Shown to lose points: 0 of 2 transfers.",
        "Shown to gain points: 0 of 2 transfers.",
        "The defaults are shown to lose points against the own best on none of these studies.",
    ]


SINGLE = "from chosen regret regret_low regret_high worst worst_low worst_high worst_study verdict studies"


@pytest.mark.parametrize(
    ("chosen", "words"), [("a", "The best of a serves all 2 studies"), (DEFAULTS, "The defaults serve all 2 studies")]
)
def test_which_setting_serves_all_and_which_others_are_not_shown_to_lose_more(chosen, words):
    frame = rows(
        SINGLE, (chosen, True, 2.0, 1.0, 3.0, 4.0, 2.0, 6.0, "b", "chosen", 2),
        ("c", False, 2.5, 1.0, 4.0, 5.0, 3.0, 7.0, "a", "not shown", 2),
        ("d", False, 9.0, 8.0, 9.9, 9.0, 8.0, 9.9, "a", "worse", 2),
    )  # fmt: skip
    sentence = single_setting_sentence(comparison(defaults=frame))
    assert sentence.startswith(f"{words} best as one setting, by their validation examples.")
    assert "loses 2.0 points a study on average (1.0 to 3.0)" in sentence.replace("lose 2.0", "loses 2.0")
    assert sentence.endswith("at worst 4.0 (2.0 to 6.0) on b. Not shown to lose more: c.")
