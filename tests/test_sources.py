import numpy as np
import pandas as pd
import pytest

from hpsearch.config.data import BUNDLED
from hpsearch.data import from_frame, load_dataset
from hpsearch.data.checks import DataError


@pytest.mark.parametrize("source", BUNDLED)
def test_every_bundled_source_loads_without_a_network(source):
    data = load_dataset(source)
    assert data.train.X.shape[1] == len(data.preparation.feature_names)
    assert data.train.examples > data.validation.examples > 10
    assert data.test is not None
    np.testing.assert_allclose(data.train.X.mean(axis=0), 0, atol=1e-12)
    assert (data.task == "regression") == (source == "diabetes")
    assert data.features == data.train.X.shape[1]
    assert data.class_count == {"digits": 10, "wine": 3, "iris": 3, "diabetes": 0}.get(source, 2)
    assert data.train.X.dtype == np.float64
    assert data.train.X.flags.c_contiguous
    assert data.train.y.dtype == (np.float64 if source == "diabetes" else np.int64)


def test_files_give_the_same_data_set(table, tmp_path):
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "t.parquet", index=False)
    of = {kind: load_dataset(f"{kind}:{tmp_path}/t.{kind}", target="kind") for kind in ("csv", "parquet")}
    assert of["csv"].fingerprint == of["parquet"].fingerprint == from_frame(table, "kind").fingerprint


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
    with pytest.raises(DataError, match="column names are repeated: 'a'"):
        load_dataset(f"csv:{tmp_path}/twice.csv", target="y")
    with pytest.raises(DataError, match="is a folder: give a file in it"):
        load_dataset(f"csv:{tmp_path}", target="y")
    for address in ("https://example.com/t.csv", "s3://bucket/t.csv", f"{tmp_path}/http:/example.com/t.csv"):
        with pytest.raises(DataError, match="is an address, and nothing is downloaded: save the file"):
            load_dataset(f"csv:{address}", target="y")
    (tmp_path / "circle.csv").symlink_to("circle.csv")
    with pytest.raises(DataError, match="is not a regular file"):
        load_dataset(f"csv:{tmp_path}/circle.csv", target="y")
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DataError, match="cannot be read as parquet"):
        load_dataset(f"parquet:{tmp_path}/bad.parquet", target="y")
    with pytest.raises(DataError, match=r"needs its target column: set data\.target"):
        load_dataset(f"csv:{tmp_path}/heads.csv")


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_words_for_missing_that_are_values_are_named_unless_somebody_said_what_is_missing(tmp_path, kind):
    frame = pd.DataFrame(
        {"x": np.arange(60) % 7 * 0.5, "work": ["?", "state", "private"] * 20, "y": list("ppqq--") * 10}
    )
    getattr(frame, f"to_{kind}")(tmp_path / f"t.{kind}", index=False)
    source = f"{kind}:{tmp_path}/t.{kind}"
    assert [note for note in load_dataset(source, target="y").notes if "missing" in note] == [
        f"column '{name}' has '{word}' (20) as a value like others: if it is missing there, "
        f'set data.missing = ["{word}"]'
        for name, word in (("work", "?"), ("y", "-"))
    ]
    assert not any("missing" in note for note in load_dataset(source, target="y", missing=[""]).notes)
    left = load_dataset(source, target="y", missing=["?", "-"], incomplete="drop")
    assert (left.classes.tolist(), left.preparation.categories[1]) == (["p", "q"], ("private", "state"))
