import numpy as np
import pandas as pd
import pytest

from hpsearch.config import BUNDLED
from hpsearch.data import DataError, Preparation, from_arrays, from_frame, load_dataset


@pytest.fixture
def table():
    return pd.DataFrame(
        {
            "size": np.arange(60) % 7 * 1.5,
            "colour": list("rgb") * 20,
            "new": [True, False, True] * 20,
            "kind": list("ppqq") * 15,
        }
    )


@pytest.mark.parametrize("source", BUNDLED)
def test_every_bundled_source_loads_without_a_network(source):
    data = load_dataset(source)
    assert data.train.X.shape[1] == len(data.preparation.feature_names)
    assert data.train.examples > data.validation.examples > 10
    assert data.test is not None
    np.testing.assert_allclose(data.train.X.mean(axis=0), 0, atol=1e-12)
    assert (data.task == "regression") == (source == "diabetes")


def test_digits_split_as_the_reference_work_says():
    data = load_dataset("digits", validation=0.25, test=0)
    assert (data.train.examples, data.validation.examples, data.test) == (1347, 450, None)


def test_splits_are_disjoint_stratified_and_decided_by_the_seed():
    one, same, other = (load_dataset("digits", seed=seed) for seed in (0, 0, 1))
    rows = [row.tobytes() for split in (one.train, one.validation, one.test) for row in split.X]
    assert len(rows) == 1797
    assert len(set(rows)) > 1790  # digits has no more than a few images twice
    assert one.fingerprint == same.fingerprint != other.fingerprint
    shares = [np.bincount(split.y) / split.examples for split in (one.train, one.validation, one.test)]
    assert np.ptp(shares, axis=0).max() < 0.01


def test_standardising_uses_the_training_split_alone(table):
    before = from_frame(table, "kind")
    held = {row.tobytes() for row in before.validation.X}
    changed = table.copy()
    encoded = before.preparation.transform(table.drop(columns="kind"))
    inside = np.array([row.tobytes() in held for row in encoded])
    train = {row.tobytes() for row in before.train.X}
    only_held = inside & np.array([row.tobytes() not in train for row in encoded])
    changed.loc[only_held, "size"] *= 100
    np.testing.assert_array_equal(from_frame(changed, "kind").preparation.mean, before.preparation.mean)


def test_text_and_bools_become_a_column_a_category(table):
    data = from_frame(table, "kind")
    names = ("size", "colour=b", "colour=g", "colour=r", "new=False", "new=True")
    assert data.preparation.feature_names == names
    assert data.classes.tolist() == ["p", "q"]


def test_a_category_the_training_split_does_not_hold_is_all_zeros_before_scaling(table):
    preparation = from_frame(table, "kind").preparation
    strange = preparation.transform(pd.DataFrame({"size": [1.0], "colour": ["pink"], "new": [True]}))
    raw = strange * preparation.scale + preparation.mean
    assert raw[0, 1:4] == pytest.approx([0, 0, 0])


def test_a_preparation_survives_being_arrays_without_pickle(table, tmp_path):
    preparation = from_frame(table, "kind").preparation
    np.savez(tmp_path / "p.npz", **preparation.to_arrays())
    with np.load(tmp_path / "p.npz", allow_pickle=False) as arrays:
        back = Preparation.from_arrays(dict(arrays))
    assert (back.columns, back.categories) == (preparation.columns, preparation.categories)
    np.testing.assert_array_equal(back.transform(table), preparation.transform(table))


def test_a_constant_column_stays_as_zeros_with_a_note(table):
    data = from_frame(table.assign(flat=3.7), "kind")
    column = data.preparation.feature_names.index("flat")
    assert not data.train.X[:, column].any()
    assert "'flat'" in data.notes[0]


def test_regression_targets_are_in_units_of_the_training_targets_deviation():
    data = load_dataset("diabetes")
    assert data.classes is None
    assert data.train.y.mean() == pytest.approx(0, abs=1e-12)
    assert data.train.y.std() == pytest.approx(1)
    assert data.target_mean == pytest.approx(152, abs=10)


@pytest.mark.parametrize(
    ("target", "task"),
    [
        (list("ab") * 30, "classification"),
        ([0, 1, 2] * 20, "classification"),
        ([0.0, 1.0] * 30, "classification"),
        ([0.5, 1.25] * 30, "regression"),
        (list(range(60)), "regression"),
    ],
)
def test_the_task_is_told_from_the_target(table, target, task):
    assert from_frame(table.assign(kind=target), "kind").task == task


def test_files_give_the_same_data_set(table, tmp_path):
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet", index=False)
    of = {kind: load_dataset(f"{kind}:{tmp_path}/t.{kind}", target="kind") for kind in ("csv", "parquet")}
    assert of["csv"].fingerprint == of["parquet"].fingerprint == from_frame(table, "kind").fingerprint


def test_one_changed_cell_changes_the_fingerprint(table):
    changed = table.copy()
    changed.loc[5, "size"] += 1e-3
    assert from_frame(changed, "kind").fingerprint != from_frame(table, "kind").fingerprint


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": [np.nan] + [1.0] * 59}, "column 'size' has 1 missing values: fill or drop"),
        ({"size": [np.inf] + [1.0] * 59}, "column 'size' has 1 infinite values"),
        ({"size": [1e31] + [1.0] * 59}, "column 'size' has 1 values beyond 1e30"),
        ({"size": [1 + 2j] * 60}, "column 'size' has dtype complex128"),
        ({"size": pd.Timestamp("2026-01-01")}, r"column 'size' has dtype datetime64\[\w+\]: turn it into"),
        ({"colour": [1, "a"] * 30}, "column 'colour' mixes values of type int, str"),
        ({"kind": "p"}, "target 'kind' has one class only, p"),
        ({"kind": ["r"] + ["p", "q"] * 29 + ["p"]}, r"classes have too few examples.*'r \(1\)'"),
        ({"kind": [None] + ["p"] * 59}, "column 'kind' has 1 missing values"),
        ({"kind": 0.5}, "target 'kind' has one value only"),
    ],
)
def test_unusable_columns_are_refused_by_name(table, change, message):
    with pytest.raises(DataError, match=message):
        from_frame(table.assign(**change), "kind")


def test_all_unusable_columns_are_named_at_once(table):
    broken = table.assign(size=np.nan, colour=[None] + ["r"] * 59)
    with pytest.raises(DataError, match=r"'size' has 60 missing.*'colour' has 1 missing"):
        from_frame(broken, "kind")


def test_a_hundred_thousand_labels_are_refused_with_an_estimate():
    table = pd.DataFrame({"x": np.arange(100_000.0), "y": [f"label {i}" for i in range(100_000)]})
    with pytest.raises(DataError, match=r"100,000 distinct labels.*would take 37\.3 GiB"):
        from_frame(table, "y")


def test_a_column_of_identifiers_is_refused():
    table = pd.DataFrame({"id": [f"u{i}" for i in range(1200)], "y": [0, 1] * 600})
    with pytest.raises(DataError, match="'id' is text with 1200 distinct values"):
        from_frame(table, "y")


def test_wrong_tables_are_refused(table):
    with pytest.raises(DataError, match="no target column 'knd'; did you mean 'kind'"):
        from_frame(table, "knd")
    with pytest.raises(DataError, match="only the target column"):
        from_frame(table[["kind"]], "kind")
    with pytest.raises(DataError, match="column names are repeated: 'size'"):
        from_frame(pd.concat([table, table[["size"]]], axis=1), "kind")
    with pytest.raises(DataError, match=r"data\.task must be 'classification'"):
        from_frame(table, "kind", task="regression")
    with pytest.raises(DataError, match="cannot be split into"):
        from_frame(table[:4], "kind", validation=0.5, test=0.5)


def test_wrong_arrays_are_refused_with_both_shapes():
    with pytest.raises(DataError, match=r"X has shape \(3, 2\) and y has shape \(4,\)"):
        from_arrays(np.zeros((3, 2)), np.zeros(4))
    with pytest.raises(DataError, match=r"X has shape \(3,\): give \(examples, columns\)"):
        from_arrays(np.zeros(3), np.zeros(3))


def test_new_data_of_the_wrong_form_is_refused(table):
    preparation = from_frame(table, "kind").preparation
    with pytest.raises(DataError, match="columns are missing: 'colour', 'new'"):
        preparation.transform(table[["size"]])
    with pytest.raises(DataError, match=r"shape \(2, 9\), the network was trained on 3 columns"):
        preparation.transform(np.zeros((2, 9)))
    with pytest.raises(DataError, match="'size' holds values that are missing"):
        preparation.transform(table.assign(size=np.nan))
    with pytest.raises(DataError, match="'size' holds 'big' where the network was trained on numbers"):
        preparation.transform(table.assign(size="big"))


def test_unreadable_files_are_refused(tmp_path):
    with pytest.raises(DataError, match="there is no such file"):
        load_dataset(f"csv:{tmp_path}/none.csv", target="y")
    (tmp_path / "empty.csv").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="cannot be read as csv"):
        load_dataset(f"csv:{tmp_path}/empty.csv", target="y")
    (tmp_path / "heads.csv").write_text("a,y\n", encoding="utf-8")
    with pytest.raises(DataError, match="has no rows"):
        load_dataset(f"csv:{tmp_path}/heads.csv", target="y")
    (tmp_path / "twice.csv").write_text("a,a,y\n1,2,0\n", encoding="utf-8")
    with pytest.raises(DataError, match="column names are repeated: a"):
        load_dataset(f"csv:{tmp_path}/twice.csv", target="y")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DataError, match="cannot be read as parquet"):
        load_dataset(f"parquet:{tmp_path}/bad.parquet", target="y")
    with pytest.raises(DataError, match=r"needs its target column: set data\.target"):
        load_dataset(f"csv:{tmp_path}/heads.csv")
