"""A network's file as anybody may have made it: read without executing anything, and checked before it is believed.

The file is a zip of NumPy's ``.npy`` files, none of them compressed, so nothing in it is larger than the file itself.
"""

from __future__ import annotations

import io
import json
import math
import os
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn, get_args, get_type_hints

import numpy as np

from hpsearch.data.preparation import Preparation
from hpsearch.engine.settings import Architecture, Array, Hyperparameters

FORMAT = 1
"""Of the files that this version writes and reads."""

_ABOUT, _MOST_TEXT = "about", 1_000_000
"""Name of the settings, which are JSON, and how many bytes they may take."""

_PREPARATION = {"columns": "U", "categorical": "b", "category_of": "i", "category": "U", "mean": "f", "scale": "f"}
_KINDS = {"parameters": "f", "classes": "biufU", **{f"preparation_{name}": kind for name, kind in _PREPARATION.items()}}
"""The arrays of a file, and the kinds of dtype that each may have."""

_HEADER, _LONGEST = 10_000, 10_000
"""Bytes of the header of an array, and characters of a name or a class, at most."""

_WIDEST, _DEEPEST = 65_536, 16
"""Units of a hidden layer and hidden layers, at most, as in a study."""


class NetworkFileError(ValueError):
    """A file does not hold a network of this project."""


class _Wrong(Exception):
    """What is wrong with a file, in words."""


def wrong(words: str) -> NoReturn:
    """Refuse what is read, in words that follow "is not a network saved by hpsearch"."""
    raise _Wrong(words)


def read_network(path: Path) -> dict[str, Any]:
    """The fields of a :class:`~hpsearch.evaluation.networks.TrainedNetwork` from its file, each of them checked.

    Raises:
        NetworkFileError: if the file is no such network.
        FileNotFoundError: if there is no file.
    """
    try:
        # A pipe without a writer would be waited for; a device has no end.
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(number, "rb") as file:
            status = os.fstat(number)
            if not stat.S_ISREG(status.st_mode):
                wrong("it is a device or a pipe, not a file")
            with zipfile.ZipFile(file) as archive:
                return _read(archive, status.st_size)
    except FileNotFoundError:
        raise
    except Exception as problem:  # damage shows as errors of zipfile, NumPy and json of many kinds
        reason = str(problem) if isinstance(problem, _Wrong | OSError) else f"it is damaged: {problem!r:.200}"
        message = f"{path} is not a network saved by hpsearch ({reason}); save one with TrainedNetwork.save"
        raise NetworkFileError(message) from problem


def _read(archive: zipfile.ZipFile, size: int) -> dict[str, Any]:
    """All fields from an archive of that size; no part of it is read before its own size is seen to fit."""
    members = _members(archive, size)
    if members[_ABOUT].file_size > _MOST_TEXT:
        wrong("its settings are too long")
    about = json.loads(str(_array(_ABOUT, archive.read(members.pop(_ABOUT)))))
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        version = about.get("format") if isinstance(about, dict) else None
        wrong(f"it has format {version!r:.40}, and this version reads format {FORMAT}")
    architecture = _architecture(about.get("architecture"))
    for name, member in members.items():
        if member.file_size > _room(name, architecture):
            wrong(f"{name} has {member.file_size:,} bytes, more than its architecture needs")
    return _fields(about, architecture, {name: _array(name, archive.read(m)) for name, m in members.items()})


def _members(archive: zipfile.ZipFile, size: int) -> dict[str, zipfile.ZipInfo]:
    """The parts of an archive of that size by name: a network's, each once, and together no larger than the file."""
    members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
    names = (_ABOUT, *_KINDS)
    if len(members) < len(archive.infolist()) or any(name not in names for name in members):
        wrong(f"its parts are {', '.join(members):.200}; a network's are {', '.join(names)}")
    if any(member.compress_type != zipfile.ZIP_STORED for member in members.values()):
        wrong("a part of it is compressed")
    if sum(member.file_size for member in members.values()) > size:
        wrong("its parts are larger than the file")
    missing = [name for name in names if name not in members and name != "classes"]
    if missing:
        wrong(f"{missing[0]} is missing")
    return members


def _room(name: str, architecture: Architecture) -> int:
    """Bytes that an array of a network may take, its header included."""
    if name == "parameters":
        return _HEADER + 8 * architecture.parameters
    counts = architecture.outputs + 1 if name == "classes" else architecture.features
    return _HEADER + counts * (4 * _LONGEST if "U" in _KINDS[name] else 8)


def _array(name: str, data: bytes) -> Array:
    """An array from the bytes of its ``.npy``, whose header is believed only as far as there are bytes."""
    file = io.BytesIO(data)
    version = np.lib.format.read_magic(file)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        wrong(f"{name} is of the .npy version {version}")
    shape, _, dtype = readers[version](file)
    if dtype.kind not in _KINDS.get(name, "U"):
        wrong(f"{name} holds {dtype}")
    rest = file.read()
    if math.prod(shape) * dtype.itemsize != len(rest) or len(shape) > 1:
        wrong(f"{name} is said to have shape {shape} of {dtype} and has {len(rest):,} bytes")
    array: Array = np.frombuffer(rest, dtype).reshape(shape).astype(dtype.newbyteorder("="))
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        wrong(f"{name} holds numbers that are not finite" + ": training diverged" * (name == "parameters"))
    return array


def _fields(about: Mapping[str, Any], architecture: Architecture, arrays: Mapping[str, Array]) -> dict[str, Any]:
    parameters, classes = arrays["parameters"], arrays.get("classes")
    if parameters.shape != (architecture.parameters,) or parameters.dtype != architecture.dtype:
        wrong(
            f"it holds parameters of shape {parameters.shape} and {parameters.dtype}, "
            f"its architecture needs {(architecture.parameters,)} and {architecture.dtype}"
        )
    _check_classes(classes, architecture)
    return {
        "architecture": architecture,
        "parameters": parameters,
        "preparation": _preparation({name: arrays[f"preparation_{name}"] for name in _PREPARATION}, architecture),
        "classes": classes,
        "target_mean": _number("target_mean", about.get("target_mean")),
        "target_scale": _number("target_scale", about.get("target_scale"), above=0.0),
        "hyperparameters": _hyperparameters(about.get("hyperparameters"), architecture),
        "seed": _count("seed", about.get("seed"), low=0, high=2**32 - 1),
    }


def _architecture(shape: Any) -> Architecture:
    settings = _settings("architecture", shape, Architecture)
    hidden = settings["hidden"]
    if not isinstance(hidden, list) or not 1 <= len(hidden) <= _DEEPEST:
        wrong(f"hidden is {hidden!r:.80}")
    for name, kind in get_type_hints(Architecture).items():
        if (words := get_args(kind)) and isinstance(words[0], str) and settings[name] not in words:
            wrong(f"{name} is {settings[name]!r:.80}; it must be one of {', '.join(words)}")
    one = settings["output"] != "softmax"
    return Architecture(
        features=_count("features", settings["features"], high=2**40),
        hidden=tuple(_count("hidden", width, high=_WIDEST) for width in hidden),
        outputs=_count("outputs", settings["outputs"], low=1 if one else 3, high=1 if one else 2**20),
        activation=settings["activation"],
        output=settings["output"],
        init=settings["init"],
        dtype=settings["dtype"],
    )


def _hyperparameters(stored: Any, architecture: Architecture) -> Hyperparameters:
    """Settings that agree with the architecture; a file of an earlier version leaves the network's out."""
    network = {name: getattr(architecture, name) for name in ("hidden", "activation", "init")}
    plain = {name: list(value) if isinstance(value, tuple) else value for name, value in network.items()}
    settings = _settings(
        "hyperparameters", {**plain, **stored} if isinstance(stored, dict) else stored, Hyperparameters
    )
    if any(settings[name] != value for name, value in plain.items()):
        wrong("its hyperparameters are of another network")
    for name in ("iterations", "batch_size"):
        _count(name, settings[name], high=2**62)
    for name in ("learning_rate", "momentum", "l2", "init_scale"):
        if _number(name, settings[name]) < 0:
            wrong(f"{name} is {settings[name]}")
    return Hyperparameters(**{**settings, **network})


def _settings(name: str, stored: Any, kind: type) -> Mapping[str, Any]:
    """A table of settings with the fields of a dataclass, and no others."""
    names = [field.name for field in fields(kind)]
    if not isinstance(stored, dict) or sorted(stored) != sorted(names):
        wrong(f"its {name} are not {', '.join(names)}")
    return stored


def _check_classes(classes: Array | None, architecture: Architecture) -> None:
    count = {"identity": 0, "binary": 2, "softmax": architecture.outputs}[architecture.output]
    if classes is None and not count:
        return
    if classes is None or classes.shape != (count,) or len(np.unique(classes)) != count:
        labels = "none" if classes is None else f"{len(np.unique(classes))} in shape {classes.shape}"
        wrong(f"its output {architecture.output!r} needs {count} distinct classes, and it has {labels}")


def _preparation(arrays: dict[str, Array], architecture: Architecture) -> Preparation:
    """The preparation, whose encoded columns have to be the features of the network."""
    columns, categorical, owner, kinds = (
        arrays[name] for name in ("columns", "categorical", "category_of", "category")
    )
    owners = np.unique(owner)
    if (
        categorical.shape != columns.shape
        or columns.ndim != 1
        or owner.shape != kinds.shape
        or owner.ndim != 1
        or not np.array_equal(owners, np.flatnonzero(categorical))
        or len(set(columns.tolist())) != len(columns)
        or len(set(zip(owner.tolist(), kinds.tolist(), strict=True))) != len(kinds)
    ):
        wrong("its columns and their categories do not fit together")
    features = len(columns) - len(owners) + len(kinds)
    shapes = arrays["mean"].shape, arrays["scale"].shape, (architecture.features,)
    if set(shapes) != {(features,)} or not (arrays["scale"] > 0).all():
        wrong(f"its columns make {features} features; means, deviations and the network have {shapes}")
    return Preparation.from_arrays(arrays)


def _count(name: str, value: Any, *, low: int = 1, high: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        wrong(f"{name} is {value!r:.80}; it must be a whole number from {low} to {high}")
    return value


def _number(name: str, value: Any, *, above: float = -math.inf) -> float:
    plain = isinstance(value, int | float) and not isinstance(value, bool)
    if not plain or not math.isfinite(value) or not value > above:
        wrong(f"{name} is {value!r:.80}; it must be a finite number" + " above 0" * (above == 0.0))
    return float(value)
