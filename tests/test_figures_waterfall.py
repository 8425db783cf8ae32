"""The figure of an attribution shows the numbers of its table."""

import numpy as np
import pandas as pd
import pytest

from hpsearch import figures

HOSTILE = "<b>x</b>%{x}"


def table(names=("batch_size", "l2", "learning_rate"), of=(128, 1e-3, 0.88), share=(0.5, 0.1, -0.4)):
    share = np.array(share)
    parts = {f"{part}{end}": share * k + shift for k, part in ((1, "share"), (2, "alone"), (3, "last"))
             for end, shift in (("", 0), ("_low", -0.05), ("_high", 0.07))}  # fmt: skip
    return pd.DataFrame(
        {
            "hyperparameter": names,
            "against": pd.Series([32, 1e-4, 0.1], dtype=object),
            "of": pd.Series(of, dtype=object),
            "metric": "validation_loss",
            **parts,
            "share_verdict": ["gains", "not shown", "harms"],
            "start": 1.5,
            "end": 1.3,
            "gain": 0.2,
            "gain_low": 0.1,
            "gain_high": 0.35,
            "seeds": 10,
        }
    )


def bars(figure):
    """Base, length, and the ends of the interval of each bar, by its row."""
    rows = {}
    for bar in (trace for trace in figure.data if trace.type == "bar"):
        base = np.broadcast_to(bar.base, len(bar.x))
        for k, row in enumerate(bar.y):
            end = base[k] + bar.x[k]
            ends = (end - bar.error_x.arrayminus[k], end + bar.error_x.array[k])
            rows[row] = (bar.name, round(base[k], 9), round(bar.x[k], 9), *np.round(ends, 9))
    return rows


def test_each_share_starts_where_the_one_before_it_ended_and_the_whole_gain_is_below():
    assert bars(figures.attribution(table())) == {
        0: ("share: gains", 0, 0.5, 0.45, 0.57),
        1: ("share: not shown", 0.5, 0.1, 0.55, 0.67),
        2: ("share: harms", 0.6, -0.4, 0.15, 0.27),
        3: ("whole gain", 0, 0.2, 0.1, 0.35),
    }


def test_verdicts_differ_in_colour_and_in_hatching_or_opacity():
    figure = figures.attribution(table())
    looks = [(bar.marker.pattern.shape, bar.marker.opacity) for bar in figure.data if bar.type == "bar"][:3]
    assert len(set(looks)) == 3
    assert len({bar.marker.color for bar in figure.data if bar.type == "bar"}) == 4


def test_what_a_change_gains_by_itself_and_last_stands_beside_its_share():
    figure = figures.attribution(table())
    marks = {trace.name: trace for trace in figure.data if trace.type == "scatter" and trace.mode == "markers"}
    for name, factor in (("by itself", 2), ("after all others", 3)):
        assert list(marks[name].x) == pytest.approx(list(factor * np.array([0.5, 0.1, -0.4])))
        assert list(np.round(marks[name].y)) == [0, 1, 2]
        assert list(marks[name].error_x.array) == pytest.approx([0.07] * 3)
        assert list(marks[name].error_x.arrayminus) == pytest.approx([0.05] * 3)
        assert marks[name].xaxis == "x2"


def test_rows_say_what_was_changed_and_what_it_gained():
    figure = figures.attribution(table(), of="trial 3", against="the defaults")
    rows = [text.replace("<span style='font-size:10px'>", "").replace("</span>", "")
            for text in figure.layout.yaxis.ticktext]  # fmt: skip
    assert rows == [
        "batch size B<br>32 → 128: +0.5", "l2 λ<br>0.0001 → 0.001: +0.1", "learning rate α<br>0.1 → 0.88: −0.4",
        "in all<br>+0.2",
    ]  # fmt: skip
    assert figure.layout.title.text == "From the defaults to trial 3: what does each change gain?"
    assert "10 fresh seeds: from 1.5 to 1.3" in figure.layout.title.subtitle.text


def test_values_of_any_kind_and_hostile_names_are_text():
    figure = figures.attribution(table(names=(HOSTILE, "hidden", "x"), of=(HOSTILE, (64, 32), None)))
    assert "<b>x" not in str(figure.to_dict())
    assert "(64, 32)" in figure.layout.yaxis.ticktext[1]


def test_another_table_is_refused():
    with pytest.raises(figures.FigureError, match=r"no column 'share_low': give that of Results.attribution\(\).table"):
        figures.attribution(table().drop(columns="share_low"))
