"""First contact with a table of one's own: searched at once, written as a study, told before anything is trained."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import run, study_in

from hpsearch import ConfigError, DataError, load, load_config
from hpsearch.evaluation.evaluator import load_data
from hpsearch.evaluation.newcomers import column_words, new_study, table_name
from hpsearch.storage.access import JOURNAL, open_storage

ROWS = 300


@pytest.fixture
def table(folder):
    """A table with identifiers, written with commas, and in another form with semicolons and decimal commas."""
    generator = np.random.default_rng(0)
    x = generator.normal(size=ROWS)
    frame = pd.DataFrame(
        {
            "Id": range(1, ROWS + 1),
            "size [cm]": x.round(2),
            "hue": np.array(["red", "blue"])[generator.integers(2, size=ROWS)],
            "name": [f"row {i}" for i in range(ROWS)],
            "kind": np.where(x + generator.normal(size=ROWS) > 0, "p", "q"),
        }
    )
    frame.to_csv("my data.csv", index=False)
    frame.to_csv("semi.tsv", index=False, sep=";", decimal=",")
    frame.to_parquet("t.parquet", index=False)
    frame.to_csv("packed.csv.gz", index=False)
    frame.rename(columns={"hue": "Größe"}).to_csv("west.csv", index=False, encoding="latin-1")
    frame.rename(columns={"hue": "Größe"}).to_csv("wide.csv", index=False, encoding="utf-16-le")
    return frame


def test_a_table_is_searched_at_once_and_says_what_was_assumed(table):
    printed = run("search", "my data.csv", "--target", "kind", "--trials", 2).stdout
    shares = {label: 100 * share for label, share in table["kind"].value_counts(normalize=True).items()}
    told = re.search(r"predicting 'kind': 2 classes \(classification\), 'p' ([\d.]+) %, 'q' ([\d.]+) %", printed)
    assert [float(told[i]) for i in (1, 2)] == pytest.approx([shares["p"], shares["q"]], abs=0.5)
    for words in (
        "my data.csv: 300 rows, of which 180 train, 60 validate, 60 test; 3 inputs",
        "assumed: 'Id' is left out: it counts the rows (1 to 300); 'name' is left out: it is text with 300",
        "hidden layers [32] of tanh; 2 trials by tpe",
        "write all settings to a file:\n  hpsearch new 'my data.csv' --target kind\n",
        "my data: the 2 best of 2 trials",
        "note: batch_size: 16, 32, 64, 128, 256 by default, here 16, 32, 64, 128",
    ):
        assert words in printed
    assert load("my data").config.data.drop == ("Id", "name")
    assert "best of 3 trials" in run("search", "my data", "--trials", 3).stdout  # by the name it has in the results
    assert "already holds 3 trials" in run("search", "my data.csv", "--target", "kind", "--trials", 3).stdout


def test_every_form_of_a_table_gives_the_same_data(table):
    files = ("my data.csv", "semi.tsv", "t.parquet", "packed.csv.gz", "west.csv", "wide.csv")
    studies = [new_study(file, "kind") for file in files]
    assert len({load_data(study.config).fingerprint for study in studies}) == 1
    assert [study.assumptions[:2] for study in studies][1] == ("data.separator = ';'", "data.decimal = ','")
    assert [study.assumptions[0] for study in studies[4:]] == [
        "data.encoding = 'cp1252'",
        "data.encoding = 'utf-16-le'",
    ]
    assert "Größe" in load_data(studies[4].config).preparation.columns
    assert [study.config.name for study in studies] == ["my data", "semi", "t", "packed", "west", "wide"]


def test_a_written_study_is_read_back_with_its_table_told_in_comments(table):
    printed = run("new", "semi.tsv", "--target", "kind").stdout
    assert "written to studies/semi.toml; next:\n  hpsearch search studies/semi.toml\n" in printed
    text, config = Path("studies/semi.toml").read_text(encoding="utf-8"), load_config("studies/semi.toml")
    assert (config.data.separator, config.data.decimal, config.data.drop) == (";", ",", ("Id", "name"))
    assert config.space.batch_size.choices == (16, 32, 64, 128)
    for words in (
        "#   'size [cm]': numbers, ",
        "#   'hue': str, 2 distinct: 'blue', 'red'",
        "#   'Id': whole numbers, 1 to 300",
        "# predicting 'kind': 2 classes",
        "# 300 rows, of which 180 train",
        "momentum = {low = 0.0, high = 0.99, log = false}  # share of the last step kept in the next",
        "# missing is not set: texts of a file",
    ):
        assert words in text
    keys = {line.split(" = ")[0].removeprefix("# ").split(" is not set")[0] for line in text.splitlines()}
    assert keys >= {key for part in config.describe().values() if isinstance(part, dict) for key in part}
    assert "studies/semi.toml" in run("new", "semi.tsv", "--target", "kind", code=2).stderr  # nothing is written over
    assert run("show", "semi.tsv", "--target", "kind").stdout == text


def test_a_table_that_cannot_be_used_yet_has_its_study_written_with_why(table):
    table.assign(price=["?"] * 5 + ["1.5", "2.5", "3.5", "4.5", "5.5"] * 59).to_csv("odd one.csv", index=False)
    failed = run("search", "odd one.csv", "--target", "kind", code=2).stderr
    assert 'set data.missing = ["?"]' in failed
    assert "to write one:\n  hpsearch new 'odd one.csv' --target COLUMN\n" in failed
    told = run("new", "odd one.csv", "--target", "kind").stdout
    assert "cannot be used yet: column 'price' is text" in told
    assert "next:\n  hpsearch search 'studies/odd one.toml'\n" in told
    file = Path("studies/odd one.toml")
    text = file.read_text(encoding="utf-8")
    assert "# cannot be used yet: column 'price' is text" in text
    mended = 'drop = ["Id", "name"]\nmissing = ["?"]\nincomplete = "drop"'
    file.write_text(text.replace('drop = ["Id", "name"]', mended), encoding="utf-8")
    assert "5 of 300 rows are left out" in run("search", "studies/odd one.toml", "--trials", 1).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["my data.csv"], "which column is to be predicted? give --target, one of 'Id', 'size [cm]', 'hue'"),
        (["my data.csv", "--target", "knd"], "there is no column 'knd'; did you mean 'kind'?"),
        (["none.csv", "--target", "kind"], "none.csv: there is no such file"),
        (["small", "--target", "kind"], "--target: is for a table (given: 'kind'); a study's file names its own"),
        (["nothing"], "no study has this name in studies"),
    ],
)
def test_what_is_no_table_or_target_is_refused(table, arguments, message):
    for command in ("search", "survey", "show"):
        assert message in run(command, *arguments, code=2).stderr


@pytest.mark.parametrize("ending", [".npz", ".jsonl", ".parquet.gz", ""])
def test_a_file_that_is_no_table_is_told_so_with_what_to_do(table, ending):
    Path(f"t{ending}").write_bytes(b"?")
    told = (
        rf"t{ending}: is not a table; give a file that ends in .csv, .tsv, .txt, .data, .parquet or .pq, a text also in"
    )
    for command in (["search"], ["survey"], ["new"], ["show"]):
        assert re.match(f"error: {told}", run(*command, f"t{ending}", "--target", "kind", code=2).stderr)
    assert (re.match(f"error: {told}", run("search", f"t{ending}", code=2).stderr) is not None) == bool(ending)


def test_an_index_without_a_heading_is_left_out_and_another_column_is_refused(table):
    plain = table.drop(columns=["Id", "name"])
    plain.to_csv("index.csv")
    plain.to_csv("plain.csv", index=False)
    study = new_study("index.csv", "kind")
    assert study.config.data.drop == ("Unnamed: 0",)
    assert study.assumptions == ("'Unnamed: 0' is left out: it counts the rows (0 to 299)",)
    assert load_data(study.config).fingerprint == load_data(new_study("plain.csv", "kind").config).fingerprint
    plain.set_index("size [cm]").to_csv("values.csv", index_label="")
    refused = run("new", "values.csv", "--target", "kind").stdout
    assert "cannot be used yet: " in refused
    assert (
        'headings are empty: those of column 1; name them, or leave them out with data.drop = ["Unnamed: 0"]' in refused
    )


def test_a_stored_study_of_another_program_is_no_unknown_name(folder):
    study_in(open_storage(None, results=Path("results")))
    for command in ("show", "search", "survey"):
        told = run(command, "s", code=2).stderr
        assert told.startswith("error: study 's' was not made by hpsearch: it has tables, but no config")
    assert "no study has this name" in run("show", "t", code=2).stderr


@pytest.mark.parametrize("command", ["search", "survey"])
def test_a_dry_run_tells_rows_trials_trainings_and_time_and_trains_nothing(table, command):
    printed = run(command, "my data.csv", "--target", "kind", "--dry-run").stdout
    assert "my data.csv: 300 rows, of which 180 train, 60 validate, 60 test" in printed
    counts = {
        "search": "200 trials, 0 of them stored; 200 trainings (1 a trial)",
        "survey": r"4,608 rows, 0 of them stored; 3,956 trainings",
    }
    assert counts[command] in printed
    assert re.search(r"expected: about \d+ s( to \d+ s)? with one worker, estimated from the arithmetic", printed)
    assert "nothing was trained or stored" in printed
    assert not Path("results").exists()


def test_a_dry_run_counts_what_is_stored(folder):
    run("search", "small", "--trials", 6)
    before = (folder / "results" / JOURNAL).read_bytes()
    printed = run("search", "small", "--dry-run").stdout
    assert "150 rows, of which 90 train, 30 validate, 30 test; 4 inputs" in printed
    assert "14 trials, 6 of them stored; 8 trainings (1 a trial)" in printed
    assert (folder / "results" / JOURNAL).read_bytes() == before


def test_whole_numbers_and_ranges_of_columns_are_told():
    frame = pd.DataFrame({"n": [1, 3], "x": [0.5, np.nan], "t": ["a", None], "b": [True, False]})
    assert column_words(frame) == {
        "n": "whole numbers, 1 to 3",
        "x": "numbers, 0.5 to 0.5; 1 missing",
        "t": "str, 1 distinct: 'a'; 1 missing",
        "b": "bool, 2 distinct: 'True', 'False'",
    }


def test_names_of_files_become_names_of_studies(table):
    assert [table_name(f"a.{ending}.csv") for ending in ("Survey", "TRANSFERS")] == ["a-Survey", "a-TRANSFERS"]
    with pytest.raises(ConfigError, match="name: has '/' in it"):
        new_study("my data.csv", "kind", name="a/b")
    with pytest.raises(DataError, match="which column"):
        new_study("my data.csv", None)
