"""A network's file as a stranger may have made it: refused with one kind of error, at no more cost than its size."""

import io
import json
import os
import struct
import tracemalloc
import zipfile

import numpy as np
import pandas as pd
import pytest

from hpsearch.data import from_frame
from hpsearch.engine.settings import Hyperparameters
from hpsearch.evaluation.archive import NetworkFileError
from hpsearch.evaluation.evaluator import Evaluator
from hpsearch.evaluation.networks import TrainedNetwork

SETTING = Hyperparameters(0.1, 5, 0.5, 1e-5, 8, 0.1, hidden=(6,))


@pytest.fixture(scope="module")
def good(small_evaluator, tmp_path_factory):
    """The bytes of a network of three classes, four inputs and six hidden units."""
    path = tmp_path_factory.mktemp("network") / "good.npz"
    return small_evaluator.network(SETTING, 0).save(path).read_bytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "network.npz"


def parts_of(good):
    with np.load(io.BytesIO(good)) as arrays:
        return dict(arrays)


def written(path, parts):
    np.savez(path, **parts)
    return path


def refused(path, told):
    with pytest.raises(NetworkFileError, match=rf"^{path} is not a network saved by hpsearch \(.*{told}"):
        TrainedNetwork.load(path)


@pytest.mark.parametrize("place", ["classes", "text", "numbers", "binary"])
def test_what_is_saved_is_read_back_the_same(small, path, table, place):
    frame = table.assign(y=np.arange(60) % 7 * 1.37 + np.arange(60) * 0.01)
    target = {"classes": "colour", "text": "kind", "numbers": "y", "binary": "new"}[place]
    data = from_frame(frame, target)
    config = small.with_overrides(**{"space.batch_size": 8})
    network = Evaluator(config, data).network(SETTING, 3)
    back = TrainedNetwork.load(network.save(path))
    np.testing.assert_array_equal(back.parameters, network.parameters)
    assert (back.architecture, back.hyperparameters, back.seed) == (network.architecture, SETTING, 3)
    features = frame.drop(columns=target)
    np.testing.assert_array_equal(back.predict(features), network.predict(features))


def with_settings(good, **changed):
    parts = parts_of(good)
    about = json.loads(str(parts["about"]))
    for key, value in changed.items():
        table, _, name = key.rpartition("__")
        (about[table] if table else about)[name] = value
    return {**parts, "about": np.array(json.dumps(about))}


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("format", 2, "it has format 2, and this version reads format 1"),
        ("architecture", None, "its architecture are not"),
        ("architecture__activation", "swish", "activation is 'swish'"),
        ("architecture__output", "other", "output is 'other'"),
        ("architecture__init", [], r"init is \[\]"),
        ("architecture__dtype", "complex64", "dtype is 'complex64'"),
        ("architecture__dtype", "float64", "needs .*float64"),
        ("architecture__hidden", [], r"hidden is \[\]"),
        ("architecture__hidden", "6", "hidden is '6'"),
        ("architecture__hidden", [6.0], "hidden is 6.0"),
        ("architecture__hidden", [True], "hidden is True"),
        ("architecture__hidden", [6] * 17, "hidden is"),
        ("architecture__hidden", [65536, 65536], "holds parameters of shape"),
        ("architecture__features", -4, "features is -4"),
        ("architecture__features", 10**400, "features is 1000"),
        ("architecture__outputs", 2, "outputs is 2"),
        ("architecture__extra", 2, "its architecture are not"),
        ("architecture__output", "binary", "outputs is 3"),
        ("hyperparameters__hidden", [7], "its hyperparameters are of another network"),
        ("hyperparameters__iterations", 5.5, "iterations is 5.5"),
        ("hyperparameters__l2", "much", "l2 is 'much'"),
        ("hyperparameters__l2", float("nan"), "l2 is nan"),
        ("hyperparameters__momentum", -1, "momentum is -1"),
        ("hyperparameters", {}, "its hyperparameters are not"),
        ("target_mean", float("inf"), "target_mean is inf"),
        ("target_scale", 0, "target_scale is 0"),
        ("target_scale", None, "target_scale is None"),
        ("seed", -1, "seed is -1"),
        ("seed", True, "seed is True"),
    ],
)
def test_settings_that_no_network_has_are_refused(good, path, key, value, told):
    refused(written(path, with_settings(good, **{key: value})), told)


def test_a_file_of_an_earlier_version_has_the_settings_of_its_network_in_the_architecture_alone(good, path):
    parts = parts_of(good)
    about = json.loads(str(parts["about"]))
    for name in ("hidden", "activation", "init"):
        del about["hyperparameters"][name]
    back = TrainedNetwork.load(written(path, {**parts, "about": np.array(json.dumps(about))}))
    assert back.hyperparameters == SETTING


def nan(array):
    return np.where(np.arange(len(array)) == 1, np.nan, array).astype(array.dtype)


ARRAYS = {
    "parameters": [
        (lambda a: a[:-1], "holds parameters of shape"),
        (nan, "parameters holds numbers that are not finite: training diverged"),
        (lambda a: a.astype(complex), "parameters holds complex128"),
        (lambda a: a.astype("U8"), "parameters holds <U8"),
        (lambda a: a.astype(int), "parameters holds int64"),
        (lambda a: a.astype("f2"), "holds parameters of shape .* float16"),
        (lambda a: a[None], r"said to have shape \(1,"),
        (lambda a: a.view([("x", "f4")]), "parameters holds"),
        (lambda a: np.array([object()]), "parameters holds object"),
    ],
    "classes": [
        (lambda a: a[:2], "needs 3 distinct classes, and it has 2"),
        (lambda a: a * 0, "needs 3 distinct classes, and it has 1"),
        (lambda a: a.astype(complex), "classes holds complex128"),
        (lambda a: a.astype("M8[s]"), "classes holds datetime64"),
        (lambda a: a.astype("S"), "classes holds"),
        (lambda a: nan(a.astype(float)), "classes holds numbers that are not finite"),
    ],
    "preparation_mean": [
        (nan, "preparation_mean holds numbers that are not finite"),
        (lambda a: a[:-1], "its columns make 4 features"),
    ],
    "preparation_scale": [(lambda a: a * 0, "its columns make 4 features"), (lambda a: -a, "its columns make")],
    "preparation_columns": [
        (lambda a: a[[0, 0, 1, 2]], "do not fit together"),
        (lambda a: a[:3], "do not fit together"),
        (lambda a: np.arange(4), "preparation_columns holds int64"),
    ],
    "preparation_categorical": [
        (lambda a: ~a, "do not fit together"),
        (lambda a: a.astype(int), "preparation_categorical holds int64"),
    ],
    "preparation_category_of": [(lambda a: np.array([9]), "do not fit together")],
    "preparation_category": [(lambda a: np.array(["x"]), "do not fit together")],
}


@pytest.mark.parametrize(
    ("name", "change", "told"), [(name, *case) for name, cases in ARRAYS.items() for case in cases]
)
def test_arrays_that_no_network_has_are_refused(good, path, name, change, told):
    parts = parts_of(good)
    refused(written(path, {**parts, name: change(parts[name])}), told)


def test_a_part_that_is_missing_or_strange_or_twice_is_refused(good, path):
    parts = parts_of(good)
    for name in parts:
        told = "needs 3 distinct classes, and it has none" if name == "classes" else f"{name} is missing"
        refused(written(path, {k: v for k, v in parts.items() if k != name}), told)
    refused(written(path, {**parts, "more": np.zeros(2)}), "its parts are .*more")
    refused(written(path, {**parts, "../x": np.zeros(2)}), "its parts are")
    path.write_bytes(good)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr("classes.npy", b"")
    refused(path, "its parts are")


def test_a_damaged_file_is_refused_wherever_it_is_damaged(good, path):
    whole = TrainedNetwork.load(written(path, parts_of(good)))
    for place in range(0, len(good), 13):
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x55]) + good[place + 1 :])
        try:
            back = TrainedNetwork.load(path)
        except NetworkFileError:
            continue
        np.testing.assert_array_equal(back.parameters, whole.parameters)  # what is damaged tells nothing: a date
        assert back.architecture == whole.architecture
    for length in range(0, len(good), 61):
        path.write_bytes(good[:length])
        refused(path, "")


DEEP = "[" * 100_000


def test_settings_that_are_no_table_are_refused(good, path):
    for text in ("", "nonsense", "[]", "null", "3", DEEP, '{"format": 1' + "0" * 5000 + "}"):
        refused(written(path, {**parts_of(good), "about": np.array(text)}), "")


def cost(path, told):
    """Bytes in memory that a refusal took."""
    tracemalloc.start()
    try:
        refused(path, told)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_zeros_without_end_are_not_unpacked(good, path):
    with zipfile.ZipFile(io.BytesIO(good)) as source, zipfile.ZipFile(path, "w") as bomb:
        for name in source.namelist():
            data = source.read(name)
            kind = zipfile.ZIP_DEFLATED if name == "parameters.npy" else zipfile.ZIP_STORED
            bomb.writestr(name, data + bytes(20_000_000) * (kind == zipfile.ZIP_DEFLATED), kind)
    assert path.stat().st_size < 100_000
    assert cost(path, "a part of it is compressed") < 1_000_000


def test_what_is_larger_than_the_architecture_needs_is_not_read(good, path):
    for name in ("parameters", "classes", "preparation_mean", "preparation_columns"):
        parts = {**parts_of(good), name: np.zeros(5_000_000, "f4")}
        told = f"{name} has 20,000,128 bytes, more than its architecture needs"
        assert cost(written(path, parts), told) < 1_000_000
    parts = {**parts_of(good), "about": np.array("x" * 2_000_000)}
    assert cost(written(path, parts), "its settings are too long") < 1_000_000


def npy(header, data=b""):
    text = (header + " " * (117 - len(header)) + "\n").encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + data


@pytest.mark.parametrize(
    "shape",
    ["(1000000000000,)", "(-1,)", "(99999999999999999999999,)", "(10, -1)", "(True,)", "()", "(1.5,)", "('a',)"],
)
def test_a_header_is_not_believed_beyond_the_bytes_there_are(good, path, shape):
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}"
    with zipfile.ZipFile(io.BytesIO(good)) as source, zipfile.ZipFile(path, "w") as file:
        for name in source.namelist():
            file.writestr(name, npy(header, b"12345678") if name == "parameters.npy" else source.read(name))
    assert cost(path, "") < 1_000_000


def test_parts_that_lie_over_one_another_are_refused(good, path):
    with zipfile.ZipFile(io.BytesIO(good)) as source:
        sizes = {m.filename: m.file_size for m in source.infolist()}
    size = sizes["parameters.npy"]
    claimed = good.replace(struct.pack("<II", size, size), struct.pack("<II", 2**31, 2**31))
    assert claimed != good
    path.write_bytes(claimed)
    refused(path, "its parts are larger than the file")


@pytest.mark.parametrize("kind", ["folder", "pipe", "device"])
def test_what_is_no_file_is_refused_and_not_waited_for(tmp_path, kind):
    path = tmp_path / "network.npz"
    path.mkdir() if kind == "folder" else os.mkfifo(path) if kind == "pipe" else path.symlink_to("/dev/zero")
    refused(path, "Is a directory" if kind == "folder" else "it is a device or a pipe, not a file")


def test_a_table_of_many_text_columns_is_read_in_time(small, path):
    frame = pd.DataFrame({f"c{i}": list("abcdef") * 10 for i in range(300)}).assign(y=list("pq") * 30)
    network = Evaluator(small.with_overrides(**{"space.batch_size": 8}), from_frame(frame, "y")).network(SETTING, 0)
    back = TrainedNetwork.load(network.save(path))
    assert back.preparation.categories == network.preparation.categories
