"""Figures of a comparison: each cell has its row's numbers, and what is missing or not comparable is marked."""

import numpy as np
import pandas as pd
import pytest

from hpsearch import figures
from hpsearch.figures import style, texts

HOSTILE = '<b>x</b> <a href="javascript:alert(1)">%{x}'
INDICES = pd.DataFrame(
    [
        ("one", "learning_rate", 0.01, 1.0, "log", 0.7, 0.6, 0.8),
        ("one", "batch_size", 16, 64, "choices", 0.1, -0.1, 0.2),
        ("one", "seed", 0, 31, "pool", 0.9, 0.8, 1.2),
        (HOSTILE, "learning_rate", 0.01, 1.0, "log", 0.3, -np.inf, np.inf),
        (HOSTILE, "batch_size", 16, 32, "choices", np.nan, np.nan, np.nan),
        (HOSTILE, "seed", 0, 31, "pool", 0.1, 0.0, 0.2),
    ],
    columns=["study", "hyperparameter", "low", "high", "scale", "total_order", "total_low", "total_high"],
).assign(verdict="sensitive", response="validation_loss", form="log")
TRANSFER = pd.DataFrame(
    [
        ("one", "one", 2.0, 0.0, 0.0, 0.0, "own best"),
        (HOSTILE, "one", 14.0, 12.0, 10.0, 14.0, "worse"),
        ("one", HOSTILE, 4.0, -1.0, -2.5, 0.5, "not shown"),
        (HOSTILE, HOSTILE, 5.0, 0.0, 0.0, 0.0, "own best"),
    ],
    columns=["from", "to", "points", "regret", "regret_low", "regret_high", "verdict"],
).assign(seeds=16)


def cells(figure):
    """Text of every cell by the names of its column and row."""
    across, down = (list(axis.ticktext) for axis in (figure.layout.xaxis, figure.layout.yaxis))
    trace = figure.data[1]
    return {(across[x], down[y]): text for x, y, text in zip(trace.x, trace.y, trace.text, strict=True)}


def test_every_study_and_setting_has_its_index_and_the_seed_stands_last():
    figure = figures.compared_indices(INDICES)
    assert list(figure.layout.xaxis.ticktext) == ["learning rate α", "batch size B", "seed"]
    assert (figure.layout.xaxis.range, figure.layout.yaxis.range) == ((-0.5, 2.5), (1.5, -0.5))  # no cell is cut
    hostile = texts.label(HOSTILE, most=18)
    assert cells(figure) == {
        ("learning rate α", "one"): "0.70<br>.60–.80",
        ("batch size B", "one"): "0.10*<br>.00–.20",
        ("seed", "one"): "0.90<br>.80–1.00",
        ("learning rate α", hostile): "0.30",
        ("batch size B", hostile): "?",
        ("seed", hostile): "0.10<br>.00–.20",
    }
    assert cells(figures.compared_indices(INDICES.assign(total_order=-0.001)))["seed", "one"] == "0.00<br>.80–1.00"
    assert np.array(figure.data[0].z, dtype=float) == pytest.approx(
        np.array([[0.7, 0.1, 0.9], [0.3, np.nan, 0.1]]), nan_ok=True
    )
    assert figure.layout.meta["subtitle"].endswith("an index speaks of a range.")


def test_where_all_ranges_are_the_same_no_index_is_starred():
    figure = figures.compared_indices(INDICES[INDICES["hyperparameter"] != "batch_size"])
    assert not any("*" in text for text in cells(figure).values())
    assert "*" not in figure.layout.meta["subtitle"]


def test_every_transfer_has_its_regret_bold_where_it_is_shown():
    figure = figures.transfer(TRANSFER)
    hostile = texts.label(HOSTILE, most=18)
    assert cells(figure) == {
        ("one", "one"): "own best:<br>2.0",
        ("one", hostile): "<b>+12.0</b><br>±2.0",
        (hostile, "one"): "−1.0<br>±1.5",
        (hostile, hostile): "own best:<br>5.0",
    }
    assert np.array(figure.data[0].z).tolist() == [[0, 0], [12, 0]]
    assert "16 seeds" in figure.layout.meta["subtitle"]
    close = TRANSFER.assign(regret=[0.0, 0.04, -0.04, 0.0], regret_high=[0.0, 0.07, 0.26, 0.0])
    drawn = cells(figures.transfer(close))
    assert (drawn["one", hostile], drawn[hostile, "one"]) == ("<b>+0.04</b><br>±0.03", "+0.0<br>±0.3")


def test_texts_are_light_on_dark_colours_and_dark_on_light_ones():
    assert list(figures.transfer(TRANSFER).data[1].textfont.color) == ["#FFFFFF", "#000000", "#FFFFFF", "#FFFFFF"]
    colours = figures.compared_indices(INDICES).data[1].textfont.color
    assert (colours[2], colours[4]) == ("#000000", style.GREY)


@pytest.mark.parametrize(("figure", "table"), [("compared_indices", INDICES), ("transfer", TRANSFER)])
def test_an_empty_table_is_said_and_another_table_refused(figure, table):
    draw = getattr(figures, figure)
    assert draw(table.iloc[:0]).layout.annotations[0].text == "the table has no rows"
    with pytest.raises(figures.FigureError, match=r"give that of Comparison\."):
        draw(pd.DataFrame({"x": [1]}))
