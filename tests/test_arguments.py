"""What a caller gives is refused where it cannot be meant: by the documented class, before anything runs."""

import inspect
import math
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, make_dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np
import optuna
import pandas as pd
import pytest

import hpsearch
from hpsearch.config.arguments import check_record, checked
from hpsearch.results.payoff import payoff
from hpsearch.results.profiles import ProfileTables
from hpsearch.results.study import Results
from hpsearch.results.surrogates import Options
from hpsearch.sensitivity.tables import SurveyTables

STRANGE = [None, "x", b"x", math.nan, pd.NA, [1], {"a": 1}, object, True, 10**400, 10**5000]


class Refused(Exception):
    pass


# Annotations are text, as everywhere in the package.
@checked(Refused)
def function(
    count: "int",
    share: "float" = 0.5,
    *places: "int",
    flag: "bool" = False,
    better: "Literal['lower', 'higher']" = "lower",
    name: "str | None" = None,
    target: "float | None" = None,
    on_progress: "OnProgress" = None,  # noqa: F821
    only: "Literal['csv']" = "csv",
    call: "Callable[[int], None] | None" = None,  # noqa: F821
    ceilings: "Mapping[str, float] | None" = None,  # noqa: F821
    storage: "StorageAddress | None" = None,  # noqa: F821
    names: "Sequence[str]" = (),  # noqa: F821
    steps: "Iterable[int] | None" = None,  # noqa: F821
    form: "Form | None" = None,  # noqa: F821
    folder: "str | Path" = ".",
    other: "Any" = None,  # noqa: F821
    **more: "str",
):
    return count, share, flag, better, name, other


def test_values_of_their_kind_pass_and_numbers_of_numpy_become_python_s():
    values = function(np.int64(3), np.float32(0.25), flag=np.bool_(True), better="higher", name="x", other=[1])
    assert values == (3, 0.25, True, "higher", "x", [1])
    assert [type(value) for value in values[:3]] == [int, float, bool]
    assert function(1, 0, on_progress=None) == (1, 0.0, False, "lower", None, None)


@pytest.mark.parametrize(
    "options",
    [
        {"only": "csv", "call": print, "on_progress": max, "name": None, "target": None, "form": "rank"},
        {
            "ceilings": MappingProxyType({"loss": 1.0}),
            "storage": optuna.storages.InMemoryStorage(),
            "folder": Path("x"),
        },
        {"storage": Path("x.journal"), "names": pd.Series(["a"]), "steps": (n for n in (1, 2))},
        {"storage": "sqlite:///x.db", "names": {"a"}, "steps": np.array([1]), "only": np.str_("csv"), "folder": "x"},
    ],
)
def test_what_is_meant_by_a_kind_passes_as_it_is(options):
    assert function(1, 0.5, 3, 4, more="x", **options)[0] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        *(
            ((value,), "count must be a whole number, at least 1")
            for value in (*STRANGE[:-2], 1.0, 0, np.int64(-1), -(10**5000))
        ),
        *(((1, value), "share must be a number from 0 to below 1") for value in (*STRANGE, 1, -0.1, math.inf)),
    ],
)
def test_numbers_that_are_none_or_beyond_their_limits_are_refused(arguments, message):
    with pytest.raises(Refused, match=rf"^{message}.* \(given: .*\)$"):
        function(*arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"flag": 1}, "flag must be True or False (given: 1)"),
        ({"better": "max"}, "better must be 'lower' or 'higher' (given: 'max')"),
        ({"better": None}, "better must be 'lower' or 'higher' (given: None)"),
        ({"name": 3}, "name must be text, or None (given: 3)"),
        ({"target": math.nan}, "target must be a number, or None (given: nan)"),
        ({"on_progress": "print"}, "on_progress must be a function (given: 'print')"),
        ({"name": pd.DataFrame({"a": [1]})}, "name must be text, or None (given: DataFrame)"),
        ({"name": b"x" * 99}, "name must be text, or None (given: bytes)"),
        ({"name": 10**60}, "name must be text, or None (given: int)"),
        ({"better": pd.NA}, "better must be 'lower' or 'higher' (given: NAType)"),
        ({"only": "c"}, "only must be 'csv' (given: 'c')"),
        ({"call": 3}, "call must be a function, or None (given: 3)"),
        ({"ceilings": [("loss", 1)]}, "ceilings must be a dict, or None (given: list)"),
        ({"names": "ab"}, "names must be a list (given: 'ab')"),
        ({"steps": 3}, "steps must be a list, or None (given: 3)"),
        ({"form": 3}, "form must be text, or None (given: 3)"),
        ({"folder": b"x"}, "folder must be a path (given: b'x')"),
    ],
)
def test_what_is_not_of_its_kind_is_named_with_what_was_given(options, message):
    with pytest.raises(Refused) as caught:  # compared whole
        function(1, **options)
    assert str(caught.value) == message


def test_a_call_that_python_itself_refuses_says_so_in_python_s_words():
    with pytest.raises(TypeError, match=r"function\(\) missing 1 required positional argument: 'count'") as caught:
        function()
    assert caught.value.__context__ is None  # else the same would be told twice
    with pytest.raises(TypeError, match=r"function\(\) got multiple values for argument 'count'"):
        function(1, 0.5, 3, count=2)


LEAST_AND_MOST = {
    **dict.fromkeys(("workers", "count", "frame_rows"), (1, None)),
    **dict.fromkeys(("seed", "iteration"), (0, None)),
    **dict.fromkeys(("permutations", "bootstraps"), (0, 1_000_000)),
    "replicates": (1, 10_000),
    "seeds": (None, 1_048_576),
    "trials": (1, 10_000_000),
    "bins": (1, 1_000),
    "values": (2, 10_000),
    "timeout": (5e-324, math.inf),
    "confidence": (5e-324, 1 - 2**-53),
    "share": (0.0, 1 - 2**-53),
    "points": (0.0, 1.7976931348623157e308),
}


@pytest.mark.parametrize("name", LEAST_AND_MOST)
def test_a_number_may_be_the_least_and_the_most_and_nothing_beyond(name):
    for end, away in zip(LEAST_AND_MOST[name], (-1, 1), strict=True):
        if end is None:
            continue
        whole = isinstance(end, int)
        record = make_dataclass("Record", [(name, "int" if whole else "float")], frozen=True)
        check_record(record(end), Refused)
        beyond = end + away if whole else math.nextafter(end, away * math.inf)
        if beyond != end:
            with pytest.raises(Refused, match=rf"^{name} must be a (whole )?number.*given: "):
                check_record(record(beyond), Refused)


def test_a_record_s_fields_are_checked_likewise():
    @dataclass(frozen=True)
    class Record:
        workers: "int" = 1

    record = Record(np.int64(2))
    check_record(record, Refused)
    assert type(record.workers) is int
    with pytest.raises(Refused, match=r"workers must be a whole number, at least 1 \(given: 0\)"):
        check_record(Record(0), Refused)


SPACE = hpsearch.Space({"a": hpsearch.Float(0, 1), "b": hpsearch.Float(0, 1)})
CONFIG = hpsearch.StudyConfig(name="refused", data={"source": "iris"})
REFUSED = {
    "search": (lambda **o: hpsearch.search(CONFIG, **o), hpsearch.ConfigError, "trials workers timeout"),
    "search_rounds": (lambda **o: hpsearch.search_rounds(CONFIG, **o), hpsearch.ConfigError, "rounds workers timeout"),
    "payoff": (lambda **o: payoff(CONFIG, **o), hpsearch.ConfigError, "rounds repeats seeds workers timeout"),
    "survey_study": (lambda **o: hpsearch.survey_study(CONFIG, **o), hpsearch.ConfigError, "workers timeout"),
    "survey": (
        lambda **o: hpsearch.survey(lambda a, b: a, SPACE, **o),
        hpsearch.DesignError,
        "base scrambles seeds replicates dummy second_order seed workers processes timeout retry",
    ),
    "survey_frames": (
        lambda **o: hpsearch.survey_frames(lambda rows: rows["a"], SPACE, **o),
        hpsearch.DesignError,
        "base workers frame_rows",
    ),
    "Design": (lambda **o: hpsearch.Design(SPACE, **o), hpsearch.DesignError, "base scrambles seeds dummy seed"),
    "importance": (Options, hpsearch.ImportanceError, "permutations bootstraps confidence seed"),
    "compare": (lambda **o: hpsearch.compare(["a", "b"], **o), hpsearch.ResultsError, "seeds workers"),
}


@pytest.mark.parametrize(
    ("name", "argument"), [(name, argument) for name in REFUSED for argument in REFUSED[name][2].split()]
)
def test_numbers_and_switches_of_public_functions_are_refused_before_anything_runs(
    name, argument, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    call, error, _ = REFUSED[name]
    for value in ("x", math.nan, pd.NA, [1], 10**400 if argument in ("share", "confidence", "timeout") else -1.5):
        with pytest.raises(error, match=rf"\b{argument} must be "):
            call(**{argument: value})
    assert list(tmp_path.iterdir()) == []


def test_a_direction_that_is_none_and_ceilings_that_are_no_dict_are_refused():
    with pytest.raises(hpsearch.ResponseError, match=r"better must be 'lower' or 'higher' \(given: 'maximize'\)"):
        hpsearch.survey(lambda a, b: a, SPACE, base=2, scrambles=2, better="maximize")
    for ceilings in (pd.Series({"response": 1.0}), [], 3):
        with pytest.raises(hpsearch.ResponseError, match=r"ceilings must be a dict \(given: "):
            hpsearch.survey(lambda a, b: a, SPACE, base=2, scrambles=2, ceilings=ceilings)
    for ceilings, message in (
        ({"response": "x"}, r"ceiling must be a number, or None \(given: 'x'\)"),
        ({3: 1.0}, r"ceilings must be by the names of responses \(given: 3\)"),
    ):
        with pytest.raises(hpsearch.ResponseError, match=message):
            hpsearch.survey(lambda a, b: 1 / 0, SPACE, base=2, scrambles=2, ceilings=ceilings)


def test_names_and_folders_of_results_are_text_and_paths(tmp_path):
    with pytest.raises(hpsearch.ResultsError, match=r"name must be text \(given: 3\)"):
        hpsearch.load(3)
    with pytest.raises(hpsearch.ResultsError, match=r"results must be a path \(given: None\)"):
        hpsearch.load("x", results=None)
    with pytest.raises(hpsearch.ResultsError, match=r"storage must be a storage URL, .*, or None \(given: 3\)"):
        hpsearch.load("x", storage=3)
    results = Results(optuna.create_study())
    with pytest.raises(hpsearch.ResultsError, match=r"format must be 'csv' or 'parquet' \(given: 'xlsx'\)"):
        results.export(tmp_path, format="xlsx")


@pytest.mark.parametrize("table", [SurveyTables, ProfileTables, Results])
def test_every_table_s_method_with_options_checks_them(table):
    """By the attribute that ``functools.wraps`` leaves."""
    methods = {name: method for name, method in inspect.getmembers(table, inspect.isfunction) if name[0] != "_"}
    open_ = {"importance", "fitted", "kept_trainings", "relative_size"}  # checked elsewhere, or for this package
    takes = {
        name: {str(parameter.annotation) for parameter in inspect.signature(method).parameters.values()}
        for name, method in methods.items()
    }
    numbers = [name for name in methods if takes[name] & {"int", "int | None", "float", "float | None"}]
    assert len(numbers) >= 5
    assert [name for name in numbers if not hasattr(methods[name], "__wrapped__") and name not in open_] == []


def test_a_table_in_place_of_a_dataset_is_refused_with_what_makes_one(small, tmp_path):
    frame = pd.DataFrame({"x": range(30), "y": [0, 1] * 15})
    study = optuna.create_study()
    for call in (
        lambda: hpsearch.search(small, dataset=frame, results=tmp_path),
        lambda: hpsearch.search_rounds(small.with_overrides(trials=40), 2, dataset=frame, results=tmp_path),
        lambda: hpsearch.Objective(small, dataset=frame),
        lambda: Results(study, dataset=frame),
    ):
        with pytest.raises(hpsearch.DataError, match=r"dataset is no Dataset \(given: DataFrame\): make one by .*fr"):
            call()
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_executor_is_refused_before_anything_trains(small, tmp_path):
    with pytest.raises(TypeError, match=r"no concurrent.futures executor \(given: int\)"), hpsearch.training_on(4):
        pass
    with pytest.raises(TypeError, match=r"no concurrent.futures executor \(given: type\)"):
        hpsearch.search(small, executor=ThreadPoolExecutor, results=tmp_path)
    with pytest.raises(TypeError, match=r"no concurrent.futures executor \(given: int\): .* client.get_executor"):
        hpsearch.survey(lambda a, b: a, SPACE, name="x", executor=4, results=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_tables_of_a_survey_refuse_what_they_cannot_be_made_of():
    survey = hpsearch.survey(lambda a, b: {"loss": 1 + a + b, "seconds": a}, SPACE, base=2, scrambles=2)
    for options, message in (
        ({"confidence": 95}, r"confidence must be a number between 0 and 1, such as 0.95 \(given: 95\)"),
        ({"metric": "los"}, r"no response 'los': did you mean \"loss\"\? there are loss, seconds, and gen"),
        ({"metric": "row"}, r"no response 'row': there are loss, seconds, and generalisation_gap"),
        ({"metric": "a"}, r"no response 'a': "),
        ({"iteration": -1}, "iteration must be a whole number, at least 0"),
    ):
        with pytest.raises(hpsearch.ResponseError, match=message):
            survey.sensitivity(**options)
    with pytest.raises(hpsearch.ResponseError, match=r"target must be a number, or None \(given: 'x'\)"):
        survey.take(target="x")
    with pytest.raises(hpsearch.ResponseError, match="this survey has no checkpoints"):
        survey.sensitivity_over_iterations(checkpoints=[])
    for names, message in ((("a", "c"), "'c' does not vary"), (("a", "a"), "'a' is named twice")):
        with pytest.raises(hpsearch.DesignError, match=message):
            survey.surface(*names)
