"""Test examples in a table of their own: prepared as the training table is, and used for nothing but the score."""

import numpy as np
import pandas as pd
import pytest

from hpsearch.data import DataError, from_arrays, from_frame, load_dataset


@pytest.fixture
def tables():
    generator = np.random.default_rng(0)
    x = generator.normal(size=90)
    kind = np.where(x + generator.normal(size=90) > 0, "p", "q")
    frame = pd.DataFrame({"x": x, "n": np.arange(90) % 9, "hue": list("rgb") * 30, "kind": kind})
    return frame[:60], frame[60:]


def test_test_examples_are_standardised_by_the_training_rows_and_choose_nothing(tables):
    frame, last = tables
    data, without = from_frame(frame, "kind", test=last), from_frame(frame, "kind", test=0)
    for one, other in ((data.train, without.train), (data.validation, without.validation)):
        np.testing.assert_array_equal(one.X, other.X)
        np.testing.assert_array_equal(one.y, other.y)
    assert (data.train.examples, data.validation.examples, data.test.examples) == (48, 12, 30)
    np.testing.assert_array_equal(data.test.X, without.preparation.transform(last))
    assert data.classes[data.test.y].tolist() == last["kind"].tolist()
    assert data.fingerprint != from_frame(frame, "kind", test=last.assign(x=last["x"] + 1e-6)).fingerprint
    assert data.notes == ("the test examples are the 30 rows of the test table",)
    counted = from_frame(frame.assign(no=np.arange(60)), "kind", test=last.assign(no=np.arange(30)))
    assert "column 'no' counts the rows (0 to 59): if" in counted.notes[0]
    assert counted.test_notes == counted.notes[1:]
    constant = from_frame(frame.assign(test=0.0), "kind", test=last.assign(test=0.0))
    assert constant.notes == ("constant in the training split, so of no use: 'test'", *constant.test_notes)
    assert constant.test_notes == data.notes


def test_a_number_to_predict_is_scaled_by_the_training_rows(tables):
    frame, last = (table.drop(columns="kind") for table in tables)
    data = from_frame(frame, "x", test=last)
    np.testing.assert_allclose(data.test.y * data.target_scale + data.target_mean, last["x"])
    assert data.target_mean == from_frame(frame, "x", test=0).target_mean


def test_files_frames_and_arrays_give_the_same_data(tables, tmp_path):
    frame, last = tables
    frame.to_csv(tmp_path / "train.csv", index=False)
    last.assign(more=1.0)[["kind", "more", "hue", "n", "x"]].to_csv(tmp_path / "test.csv.gz", index=False)
    last.to_parquet(tmp_path / "test.parquet", index=False)
    options = {"target": "kind", "drop": ["hue"]}
    files = [
        load_dataset(f"csv:{tmp_path}/train.csv", test=f"{test}:{tmp_path}/test.{ending}", **options)
        for test, ending in (("csv", "csv.gz"), ("parquet", "parquet"))
    ]
    assert files[0].fingerprint == files[1].fingerprint
    assert files[0].notes == ("the test examples are the 30 rows of test.csv.gz",)
    plain = [table.drop(columns="hue") for table in tables]
    assert from_frame(plain[0], "kind", test=plain[1]).fingerprint == files[0].fingerprint
    arrays = [(table[["x", "n"]].to_numpy(), table["kind"].to_numpy()) for table in tables]
    assert from_arrays(*arrays[0], test=arrays[1]).fingerprint == files[0].fingerprint


def test_incomplete_rows_and_unknown_texts_of_test_examples_are_counted(tables, tmp_path):
    frame, last = tables
    frame.to_csv(tmp_path / "train.csv", index=False)
    last.assign(hue=["new"] * 4 + ["r"] * 26, n=[np.nan, *range(29)]).to_csv(tmp_path / "test.csv", index=False)
    files = {"source": f"csv:{tmp_path}/train.csv", "test": f"csv:{tmp_path}/test.csv", "target": "kind"}
    with pytest.raises(DataError, match=r"with the rows of test.csv: column 'n' has 1 missing values"):
        load_dataset(**files)
    data = load_dataset(**files, incomplete="drop")
    assert data.notes == data.test_notes
    assert data.notes == (
        "the test examples are the 29 rows of test.csv",
        "test.csv has texts that no training row has, and each is read as none of theirs: 'hue' (3 rows)",
        "test.csv: 1 of 30 rows are left out, values are missing in 'n' (1)",
    )
    hues = [i for i, name in enumerate(data.preparation.feature_names) if name.startswith("hue=")]
    raw = data.test.X[:3, hues] * data.preparation.scale[hues] + data.preparation.mean[hues]
    np.testing.assert_allclose(raw, 0, atol=1e-12)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda last: last.drop(columns="kind"), "has no column 'kind': test examples need the answers; rows without"),
        (
            lambda last: last.drop(columns=["x", "hue"]),
            r"the test table lacks the columns 'x', 'hue': add them, or .* frame.drop\(columns=\[\"x\", \"hue\"\]\)",
        ),
        (
            lambda last: last.assign(n="7 of 9"),
            r"the test table and .* differ in what is a number and .*: 'n'",
        ),
        (lambda last: last.assign(kind=["r"] * 30), r"the test table has classes that no training row has: 'r \(30\)'"),
        (lambda last: last.assign(x=np.inf), "with the rows of the test table: column 'x' has 30 infinite values"),
        (
            lambda last: last.assign(x=None),
            "with the rows of the test table: column 'x' has 30 missing values: fill or",
        ),
        (lambda last: last[:0], "the test table has no rows"),
    ],
)
def test_test_examples_that_do_not_fit_are_refused(tables, change, message):
    frame, last = tables
    with pytest.raises(DataError, match=message):
        from_frame(frame, "kind", test=change(last))
    with pytest.raises(DataError, match="there is no target column 'knid'; did you mean 'kind'"):
        from_frame(frame, "knid", test=change(last))


def test_a_group_that_is_in_both_tables_is_told(tables):
    frame, last = tables
    frame, last = (table.assign(who=np.arange(len(table)) // 3 + start) for table, start in ((frame, 0), (last, 15)))
    data = from_frame(frame, "kind", test=last, groups="who")
    assert "the test table: 5 of the 10 groups by 'who' have rows in the training table too" in data.notes
    assert data.test_notes == data.notes  # that intervals of test scores are too narrow is one of them
    assert data.preparation.columns == ("x", "n", "hue")
    without = from_frame(frame, "kind", test=last.drop(columns="who"), groups="who")
    assert without.fingerprint == data.fingerprint
    assert any("of 20 groups 16 train, 4 validate; intervals" in note for note in without.notes)


def test_codes_stay_codes_where_the_test_examples_have_fewer_of_them(tables):
    frame, last = tables
    codes = [table.assign(n=pd.Categorical(n)) for table, n in ((frame, frame["n"]), (last, last["n"] % 3))]
    texts = [table.assign(n=table["n"].astype(str).astype("category")) for table in codes]
    data, same = (from_frame(frame, "kind", test=last) for frame, last in (codes, texts))
    assert {f"n={code}" for code in range(9)} < set(data.preparation.feature_names)
    np.testing.assert_array_equal(data.test.X, same.test.X)
    np.testing.assert_array_equal(data.preparation.transform(codes[1].drop(columns="kind")), data.test.X)
