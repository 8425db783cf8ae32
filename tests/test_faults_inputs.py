"""Studies and tables made wrong in hundreds of ways: each is refused in a sentence, and nothing is created."""

import datetime
import io
import json
import os
import tomllib

import numpy as np
import pandas as pd
import pytest
from helpers import run

from hpsearch.config import load_config, to_toml
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
    parts = [[f"[{k}]", *(f"{x} = {written(y)}" for x, y in v.items())] for k, v in tables.items() if isinstance(v, dict)]
    return "\n".join([*top, *(line for part in parts for line in part)]) + "\n"


def mutations():
    """A valid study with one setting wrong, misspelt, doubled or elsewhere: what is wrong, and the text."""
    valid = tomllib.loads(to_toml(validated({"name": "valid"}, where="a test")))
    for table, settings in [("", {k: v for k, v in valid.items() if not isinstance(v, dict)}), *valid.items()]:
        if not isinstance(settings, dict):
            continue
        for key, value in settings.items():
            where = f"{table}.{key}".strip(".")

            def text(changed, table=table):
                return toml({**valid, **changed} if not table else {**valid, table: changed})

            others = {k: v for k, v in settings.items() if k != key}
            for wrong in WRONG[type(value)]:
                yield f"{where} = {written(wrong)}", text({**settings, key: wrong})
            yield f"{where} misspelt", text({**others, f"{key}x": value}) if table else text({f"{key}x": value})
            yield f"{where} twice", text(settings).replace(f"\n{key} = ", f"\n{key} = 1\n{key} = ", 1)
            yield f"{where} of nothing", text(settings).replace(f"{key} = {written(value)}", f"{key} =")


def test_hundreds_of_studies_with_one_setting_wrong_are_all_refused(folder):
    accepted, count, path = [], 0, folder / "wrong.toml"
    for what, text in mutations():
        count += 1
        path.write_text(text, encoding="utf-8")
        try:
            done = run("search", "wrong.toml", "--dry-run", code=2)
        except AssertionError:
            accepted.append(what)
            continue
        assert done.stderr.startswith("error: "), what
        assert "Traceback" not in done.output, what
    assert accepted == []
    assert count >= 200
    assert {p.name for p in folder.iterdir()} == {"studies", "wrong.toml"}
