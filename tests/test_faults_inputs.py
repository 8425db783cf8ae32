"""Studies and tables made wrong in hundreds of ways: each is refused in a sentence, and nothing is created."""

import contextlib
import datetime
import json
import os
import tomllib

import pytest
from helpers import run

from hpsearch.config import ConfigError, load_config, to_toml
from hpsearch.config.study import validated

# --- studies ---

WRONG = {
    str: [3, 1.5, True, [], {}, datetime.date(2026, 1, 1)],
    bool: [0, 1, "true", [], {}, float("nan")],
    int: ["1", True, 1.5, -1, -(10**30), 10**30, float("nan"), float("inf"), {}, [[]], datetime.date(2026, 1, 1)],
    float: ["1", True, -1.0, float("nan"), float("inf"), -float("inf"), {}, [], datetime.date(2026, 1, 1)],
    list: [3.5, "x", {}, [{}], [[]], [float("nan")], [-1], [""], [True]],
    dict: [3.5j, "x", [1], {"x": 1}],
}
"""Values that no setting of a kind has."""


def written(value):
    """A value as TOML has it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k} = {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, float | complex):
        return str(value)
    return value.isoformat() if isinstance(value, datetime.date) else json.dumps(value)


def toml(tables):
    top = [f"{k} = {written(v)}" for k, v in tables.items() if not isinstance(v, dict)]
    parts = [
        [f"[{k}]", *(f"{x} = {written(y)}" for x, y in v.items())] for k, v in tables.items() if isinstance(v, dict)
    ]
    return "\n".join([*top, *(line for part in parts for line in part)]) + "\n"


def valid_study(folder):
    """The tables of a study in a folder with its data; what is not set by default is set."""
    lines = [f"{i};{i // 6};{0.37 * i:.2f};{'pq'[i % 2]}".replace(".", ",") for i in range(600)]
    (folder / "table.csv").write_text("\n".join(["id;of;a;y", *lines, ""]), encoding="utf-8")
    file = {"source": "csv:table.csv", "target": "y", "separator": ";", "decimal": ","}
    file |= {"encoding": "utf-8", "groups": "of", "shuffle": True}
    rows = {"missing": ["?"], "incomplete": "drop", "drop": ["id"]}
    every = {"name": "valid", "data": file | rows, "search": {"batch": 4, "trials": 1}}
    (folder / "valid.toml").write_text(to_toml(validated(every, where="a test", folder=folder)), encoding="utf-8")
    load_config(folder / "valid.toml")
    return tomllib.loads((folder / "valid.toml").read_text(encoding="utf-8"))


def mutations(valid):
    """A valid study with one setting wrong, misspelt, doubled or elsewhere: what is wrong, and the text."""
    for table, settings in [("", {k: v for k, v in valid.items() if not isinstance(v, dict)}), *valid.items()]:
        if not isinstance(settings, dict):
            continue
        for key, value in settings.items():
            where = f"{table}.{key}".strip(".")

            def text(changed, table=table):
                return toml({**valid, **changed} if not table else {**valid, table: changed})

            others = {k: v for k, v in settings.items() if k != key}
            for wrong in WRONG[type(value)]:
                if wrong == [""] and isinstance(value[0], str):
                    continue  # an empty text is a text
                yield f"{where} = {written(wrong)}", text({**settings, key: wrong})
            yield f"{where} misspelt", text({**others, f"{key}x": value}) if table else text({f"{key}x": value})
            yield f"{where} twice", "\n" + text(settings).replace(f"{key} = ", f"{key} = 1\n{key} = ", 1)
            yield f"{where} of nothing", text(settings).replace(f"{key} = {written(value)}", f"{key} =")


def unrefused(folder, cases):
    """Which of the cases (what is wrong, and the command's arguments) are not refused in a sentence."""
    accepted = []
    for what, arguments in cases:
        try:
            done = run("search", *arguments, code=2)
        except AssertionError as problem:
            accepted.append((what, str(problem)[:200]))
            continue
        assert done.stderr.startswith("error: "), what
        assert "Traceback" not in done.output, what
        assert len(done.stderr) < 5000, what
    if (folder / "results").exists():
        accepted.append("something is created")
    return accepted


def wrong_studies(folder):
    """Files of the mutations, written as they are asked for."""
    for what, text in mutations(valid_study(folder)):
        (folder / "wrong.toml").write_text(text, encoding="utf-8")
        yield what, ["wrong.toml"]


def test_every_study_with_one_setting_wrong_is_refused(tmp_path):
    accepted, count, path = [], 0, tmp_path / "wrong.toml"
    for what, text in mutations(valid_study(tmp_path)):
        path.write_text(text, encoding="utf-8")
        count += 1
        with contextlib.suppress(ConfigError):
            load_config(path)
            accepted.append(what)
    assert accepted == []
    assert count >= 200
    assert {p.name for p in tmp_path.iterdir()} == {"table.csv", "valid.toml", "wrong.toml"}


@pytest.mark.slow
def test_every_study_with_one_setting_wrong_is_refused_by_the_command(folder):
    valid_study(folder)
    run("search", "valid.toml", "--dry-run")
    accepted = [what for case in wrong_studies(folder) for what in unrefused(folder, [case])]
    assert accepted == []


# --- tables ---

ROWS = 40
CELLS = ["", "nan", "inf", "-inf", "1e999", "1e31", "1.5.2", "0x1F", "12:30", "abc", "<b>", "#REF!", "N/A", "1 2"]
"""That stand where numbers stand."""
STARTS = [b"\x1f\x8b\x08", b"PK\x03\x04", b"PAR1", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7", b"SQLite format 3\0"]
STARTS += [b"\xff\xfe", b"\xfe\xff", b"<!DOCTYPE html><html>", b'{"a": [1, 2]}', b"\x7fELF", b"\x80\x04"]
"""Of files of other kinds."""
LINES = [f"{i % 7 * 0.37 + 0.01 * i:.3f},{i * i % 11 * 0.1:.1f},{'pq'[i % 3 % 2]}" for i in range(ROWS)]


def table(lines=LINES, heading="a,b,y"):
    return ("\n".join([heading, *lines]) + "\n").encode()


def with_line(place, line):
    return table([*LINES[:place], line, *LINES[place + 1 :]])


def wrong_tables():
    """Contents of a CSV file that no search can use, each with what is wrong."""
    for place in (0, ROWS // 2, ROWS - 1):
        for cell in CELLS:
            yield f"{cell!r} in row {place}", with_line(place, f"{cell},0.3,p")
        yield f"no class in row {place}", with_line(place, "0.1,0.3,")
        yield f"a class of its own in row {place}", with_line(place, "0.1,0.3,r")
        yield f"too many fields in row {place}", with_line(place, "0.1,0.3,p,7")
        yield f"too few fields in row {place}", with_line(place, "0.1")
        yield f"a NUL in row {place}", with_line(place, "0.1\0,0.3,p")
        yield f"a quotation mark in row {place}", with_line(place, '"0.1,0.3,p')
    for start in STARTS:
        yield f"begins with {start!r}", start + bytes(range(256)) * 8
        yield f"is {start!r}", start
    for count in range(5):
        yield f"{count} rows", table(LINES[:count])
    yield "empty", b""
    yield "line ends alone", b"\n" * 50
    yield "no heading", table()[len("a,b,y\n") :]
    yield "the target alone", table(["p", "q"] * 20, "y")
    yield "one class", table([f"{i},{i % 7},p" for i in range(ROWS)])
    yield "a class a row", table([f"{i % 5},{i % 7},c{i}" for i in range(ROWS)])
    yield "a heading twice", table(heading="a,a,y")
    yield "the target twice", table(heading="a,y,y")
    yield "no target", table(heading="a,b,c")
    yield "an empty heading", table(heading="a,,y")
    yield "in UTF-16, cut", table().decode().encode("utf-16")[:-1]
    yield "bytes of no encoding", table(heading="a,b,y").replace(b"p", b"\xff\x81")
    yield "a column of nothing", table([f",{i % 7},{'pq'[i % 2]}" for i in range(ROWS)])
    yield "columns of one value", table([f"1,1,{'pq'[i % 2]}" for i in range(ROWS)])
    yield "no column but dates", table([f"2026-01-{1 + i % 28:02d},{'pq'[i % 2]}" for i in range(ROWS)], "a,y")


@pytest.mark.slow
def test_every_wrong_table_is_refused(folder):
    accepted, count = [], 0
    for what, content in wrong_tables():
        (folder / "t.csv").write_bytes(content)
        accepted += unrefused(folder, [(what, ["t.csv", "--target", "y", "--trials", "1"])])
        count += 1
    assert accepted == []
    assert count >= 80
    assert {p.name for p in folder.iterdir()} == {"studies", "t.csv"}


def test_what_is_no_file_is_refused_and_nothing_waits_for_it(folder):
    (folder / "folder.csv").mkdir()
    os.mkfifo(folder / "pipe.csv")
    (folder / "zero.csv").symlink_to("/dev/zero")
    (folder / "circle.csv").symlink_to("circle.csv")
    (folder / "pipe.parquet").symlink_to("pipe.csv")
    os.mkfifo(folder / "pipe.toml")
    (folder / "zero.toml").symlink_to("/dev/zero")
    names = ["folder.csv", "pipe.csv", "zero.csv", "circle.csv", "pipe.parquet", "no\0name.csv"]
    assert unrefused(folder, [(name, [name, "--target", "y"]) for name in names]) == []
    assert unrefused(folder, [(name, [name]) for name in ("pipe.toml", "zero.toml")]) == []
