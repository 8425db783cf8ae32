"""What is said of a table speaks to whoever gave it: in Python of methods and arguments, of a file in its keys."""

import re

import numpy as np
import pandas as pd
import pytest

from hpsearch.data import DataError, from_arrays, from_frame, load_dataset
from hpsearch.data.terms import in_python

ROWS = 120
X = np.random.default_rng(0).normal(size=ROWS)
FRAME = pd.DataFrame({"x": X, "y": (X > 0).astype(int)})
KEY = re.compile(r"(?<!['\"])\bdata\.[a-z]+")


def names(count=ROWS):
    return [f"name {i}" for i in range(count)]


REFUSED = {
    'leave it out with frame.drop(columns=["id [a]"])': ({"id [a]": names()}, {}),
    'leave it out with frame.drop(columns=["empty"])': ({"empty": np.nan}, {}),
    "fill or drop those rows first (frame.dropna() leaves them out)": ({"z": np.where(X > 1, np.nan, X)}, {}),
    'replace them by None, as in frame.replace(["?"], None)': ({"z": ["?"] + [str(value) for value in X[1:]]}, {}),
    'read it again with decimal=","': ({"z": [f"{value:.3f}".replace(".", ",") for value in X]}, {}),
    'or leave it out with frame.drop(columns=["when"])': ({"when": pd.date_range("2020", periods=ROWS)}, {}),
    "groups: there is no column 'patient'": ({}, {"groups": "patient"}),
    "groups: column 'g' has 1 missing values": ({"g": [None, *names()[1:]]}, {"groups": "g"}),
    "task must be 'classification'": ({"y": ["a", "b"] * (ROWS // 2)}, {"task": "regression"}),
    "set task to 'regression', or group them": ({"y": X}, {"task": "classification"}),
    "set task to 'regression' if they are numbers": ({"y": [7] + [0, 1] * 59 + [0]}, {}),
    "another seed": ({"g": ["a"] * 60 + ["b"] * 60}, {"groups": "g"}),
}


@pytest.mark.parametrize("words", REFUSED)
def test_a_table_in_python_is_refused_in_python_s_terms(words):
    columns, options = REFUSED[words]
    with pytest.raises(DataError, match=re.escape(words)) as caught:
        from_frame(FRAME.assign(**columns), "y", **options)
    assert KEY.search(str(caught.value)) is None


def test_what_a_refusal_proposes_can_be_done():
    table = FRAME.assign(**{"id [a]": names(), "z": ["?"] + [str(value) for value in X[1:]]})
    with pytest.raises(DataError) as caught:  # its words are carried out below
        from_frame(table, "y")
    for step in re.findall(r'frame\.(?:drop|replace)\((?:columns=)?\["[^"]*"\](?:, None)?\)', str(caught.value))[:2]:
        table = eval(step, {"frame": table})
    table = table.dropna().astype({"z": float})
    assert from_frame(table, "y").features == 2


def test_notes_on_a_table_in_python_are_in_python_s_terms():
    table = FRAME.assign(id=range(ROWS), patient_id=np.repeat(np.arange(30), 4), y=np.arange(ROWS) % 3)
    notes = " ".join(from_frame(table, "y").notes)
    assert KEY.search(notes) is None
    for words in ('frame.drop(columns=["id"])', 'groups="patient_id"', 'set task to "regression"'):
        assert words in notes


def test_a_file_is_refused_in_the_terms_of_a_study(tmp_path):
    FRAME.assign(id=names()).to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(DataError, match=re.escape('leave it out with data.drop = ["id"]')):
        load_dataset(f"csv:{tmp_path}/t.csv", target="y")


def test_what_is_said_of_the_rows_order_is_said_by_arguments():
    told = "(data.shuffle = false keeps the rows' order) or name it in data.groups instead"
    assert in_python(told) == "(shuffle=False keeps the rows' order) or name it in groups instead"


def test_a_column_that_is_named_like_a_key_keeps_its_name():
    assert in_python("column 'data.task' is no text; set data.task") == "column 'data.task' is no text; set task"
    assert in_python(r'data.drop = ["a\"] b", "c"]') == r'frame.drop(columns=["a\"] b", "c"])'


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"test": "csv:test.csv"}, r"test is text \(given: 'csv:test.csv'\): give a share, or a table"),
        ({"shuffle": "no"}, "shuffle is 'no': give True or False"),
    ],
)
def test_a_way_to_divide_that_is_none_is_refused(options, message):
    with pytest.raises(DataError, match=message):
        from_frame(FRAME, "y", **options)
    with pytest.raises(DataError, match=message):
        from_arrays(FRAME[["x"]], FRAME["y"], **options)


def test_rows_keep_their_order_also_by_a_bool_of_numpy_and_a_test_has_two_parts():
    kept = from_frame(FRAME, "y", shuffle=np.bool_(False))
    assert kept.fingerprint == from_frame(FRAME, "y", shuffle=False).fingerprint
    with pytest.raises(DataError, match=r"X has shape \(120, 2\) and y has shape \(120, 1\): give one target for each"):
        from_arrays(FRAME, FRAME[["y"]].to_numpy())
    with pytest.raises(DataError, match="test has 3 parts: give X and y"):
        from_arrays(FRAME[["x"]], FRAME["y"], test=(FRAME[["x"]], FRAME["y"], None))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"drop": "id"}, r"drop is one text \(given: 'id'\): give a list of them, as in \['id'\]"),
        ({"missing": "?"}, r"missing is one text"),
        ({"incomplete": "skip"}, "incomplete is 'skip': give 'refuse' or 'drop'"),
        ({"target": 3}, r"target is no text \(given: int\)"),
        ({"source": None}, r"source is no text \(given: NoneType\)"),
    ],
)
def test_a_way_to_read_that_is_none_is_refused(options, message):
    with pytest.raises(DataError, match=message):
        load_dataset(**{"source": "csv:nowhere.csv", "target": "y", **options})
