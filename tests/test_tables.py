"""Files that people bring: each fault is told by its cause, and what is read is what was meant."""

import datetime
import decimal
import time

import numpy as np
import pandas as pd
import pytest

from hpsearch.data import DataError, from_frame, load_dataset
from hpsearch.data.tables import Format, likely_format
from hpsearch.data.text import likely_encoding

ROWS = 60


@pytest.fixture(scope="module")
def frame():
    generator = np.random.default_rng(0)
    numbers = {name: generator.normal(size=ROWS).round(3) for name in ("a", "b")}
    return pd.DataFrame({**numbers, "y": list("pqr") * (ROWS // 3)})


@pytest.fixture(scope="module")
def lines(frame):
    return frame.to_csv(index=False).splitlines()


@pytest.fixture
def load(tmp_path):
    def written(content, **options):
        path = tmp_path / "t.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_dataset(f"csv:{path}", **{"target": "y", **options})

    return written


def text(lines, *, heading=None):
    return "\n".join([lines[0] if heading is None else heading, *lines[1:]]) + "\n"


def refused(load, content, message, **options):
    with pytest.raises(DataError, match=message):
        load(content, **options)


# --- fields of a line ---


def test_a_row_with_a_field_more_than_the_heading_is_refused_with_both_counts(load, lines):
    every = [lines[0], *(f"id,{line}" for line in lines[1:])]
    refused(load, text(every), r"the heading has 3 fields, but 60 of 60 rows have 4 \(line 2, 3, 4 and 57 more\): name")
    one = [*lines[:5], lines[5] + ",7", *lines[6:]]
    refused(load, text(one), r"has 3 fields, but 1 of 60 rows have 4 \(line 6\): give each line as many fields")
    refused(load, text([*lines[:5], "1,2", *lines[6:]]), r"1 of 60 rows have 2 \(line 6\)")
    refused(load, "My table\n" + text(lines), "has 1 field, but 61 of 61 rows have 3 .*names stand in line 2, remove")
    refused(load, "# by hand\n# 2026\n" + text(lines), "61 of 62 rows have 3 .*names stand in line 3, remove")
    refused(load, text([lines[0], *(line + "," for line in lines[1:])]), "mind separators at the ends of lines")


def test_a_separator_inside_quotation_marks_divides_nothing(load, frame):
    quoted = frame.assign(y="x, " + frame["y"])
    assert load(quoted.to_csv(index=False)).classes.tolist() == ["x, p", "x, q", "x, r"]
    longer = quoted.to_csv(index=False) + '1,2,3,"x, p"\n'
    refused(load, longer, r"1 of 61 rows have 4 \(line 62\)")
    refused(load, quoted.to_csv(index=False) + '1,2,"x, p\n', "a quotation mark is not closed")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_blank_lines_and_a_byte_order_mark_do_no_harm(load, frame, lines, end):
    expected = from_frame(frame, "y").fingerprint
    assert load(b"\xef\xbb\xbf" + (end * 2 + end.join(lines) + end * 3).encode()).fingerprint == expected


# --- separator and decimal sign ---


@pytest.mark.parametrize(
    ("separator", "named"), [(";", '";"'), ("\t", r'"\\t" \(a tab\)'), ("|", r'"\|"'), (" ", r'" " \(spaces\)')]
)
def test_another_separator_is_named_with_its_key_which_reads_it(load, frame, lines, separator, named):
    content = text(lines).replace(",", separator)
    refused(load, content, rf"no line has the separator ',', but each has {named}: set data.separator = ")
    assert load(content, separator=separator).fingerprint == from_frame(frame, "y").fingerprint


def test_a_comma_before_the_decimals_is_named_with_its_key_which_reads_it(load, frame, lines):
    content = text(lines).replace(",", ";").replace(".", ",")
    refused(load, content, 'set data.separator = ";", and data.decimal = "," if commas stand before decimals')
    refused(load, content, r"column 'a' is text.*: set data.decimal = \",\" if commas", separator=";")
    read = load(content, separator=";", decimal=",")
    assert read.fingerprint == from_frame(frame, "y").fingerprint


def test_a_wrong_separator_of_the_user_s_own_is_refused(load, lines):
    refused(load, text(lines), "no line has the separator ';', but each has \",\": set", separator=";")


@pytest.mark.parametrize(
    ("separator", "decimal", "form"),
    [(",", ".", Format()), (";", ",", Format(";", ",")), (";", ".", Format(";")), ("\t", ".", Format("\t"))],
)
def test_the_format_of_a_file_is_told_from_its_lines(tmp_path, frame, separator, decimal, form):
    frame.to_csv(tmp_path / "t.csv", sep=separator, decimal=decimal, index=False)
    assert likely_format(tmp_path / "t.csv") == form


# --- headings ---


def test_a_file_without_a_heading_is_told_so(load, lines):
    refused(load, "\n".join(lines[1:]), r"has no heading: the first line holds values \('.*put a line of names above")


def test_years_may_be_names(load, lines):
    assert load(text(lines, heading="2019,2020,y")).preparation.columns == ("2019", "2020")


def test_two_headings_are_told_so(load, lines):
    units = [lines[0], "cm,kg,kind", *lines[1:]]
    refused(load, text(units), r"has two headings: its second line holds words \('cm', 'kg'\) where the lines below")
    refused(load, "size,size,kind\n" + text(lines), "has two headings")
    refused(load, text([*lines, lines[0]]), r"not numbers: 'a' \(1, its own heading\)")


def test_empty_headings_are_told_by_place_and_may_be_left_out(load, frame, lines):
    content = frame.to_csv()  # with the index, which pandas writes without a name
    refused(load, content, r'headings are empty: those of column 1; name them, or .* data.drop = \["Unnamed: 0"\]')
    assert load(content, drop=["Unnamed: 0"]).fingerprint == from_frame(frame, "y").fingerprint
    refused(load, text([line + "," for line in lines]), r'those of column 4; .*"Unnamed: 3"')
    refused(load, text(lines, heading="a,a,y"), "column names are repeated: 'a'; give each its own")


# --- encodings and kinds ---


@pytest.mark.parametrize(
    ("encoding", "heading", "message"),
    [
        ("utf-16-le", "a,b,y", 'is encoded in UTF-16: set data.encoding = "utf-16-le", or save'),
        ("utf-16-be", "a,b,y", 'is encoded in UTF-16: set data.encoding = "utf-16-be", or save'),
        ("gb18030", "长度,宽度,y", r'GB18030 or Windows-1251\): set data.encoding, as in "gb18030", or save'),
        ("cp1251", "длина,ширина,y", r"line 1 is not UTF-8 \(it may be GB18030 or Windows-1251\)"),
        ("latin-1", "größe,b,y", r'Latin-1 or Windows-1252\): set data.encoding, as in "cp1252", or save'),
        ("latin-1", "année,b,y", r"line 1 is not UTF-8 \(it may be Latin-1 or Windows-1252\)"),
    ],
)
def test_another_encoding_is_named_with_its_key_which_reads_it(load, lines, frame, encoding, heading, message):
    content = text(lines, heading=heading).encode(encoding)
    refused(load, content, message)
    read = load(content, encoding=encoding)
    assert list(read.preparation.columns) == heading.split(",")[:2]
    assert read.fingerprint == from_frame(frame, "y").fingerprint


@pytest.mark.parametrize(("encoding", "told"), [("utf-8-sig", "utf8"), ("utf-16", None), ("utf-16", "utf-16")])
def test_the_mark_of_an_encoding_is_no_part_of_a_heading(load, lines, frame, encoding, told):
    assert load(text(lines).encode(encoding), encoding=told).preparation.columns == ("a", "b")


def test_an_encoding_is_assumed_where_its_letters_tell_it(lines):
    for content, encoding in (
        (text(lines, heading="größe,b,y").encode("latin-1"), "cp1252"),
        (text(lines, heading="größe,b,y").encode(), None),
        (text(lines, heading="größe,b,y").encode("utf-16"), None),
        (text(lines, heading="größe,b,y").encode("utf-16-be"), "utf-16-be"),
        (text(lines).replace("p", "\x81").encode("latin-1"), None),  # no letter of Windows-1252
        (text(lines, heading="длина,b,y").encode("cp1251"), None),
    ):
        assert likely_encoding(content) == encoding


def test_a_wrong_encoding_is_refused(load, lines):
    content = text(lines, heading="größe,b,y").encode("latin-1")
    refused(load, content, r"is not utf-8 \(byte 2: .*\): set data.encoding to what it is", encoding="utf-8")
    refused(load, b"\xff\xfea\0,", r"is not UTF-16 \(byte 4: truncated data\): set data.encoding")


@pytest.mark.parametrize(
    ("start", "message"),
    [
        (b"PAR1", r'is a Parquet file, not CSV: name it so \(.parquet\), or give "parquet:PATH"'),
        (b"ARROW1\0\0", "is a Feather file, not CSV: write the table as CSV or Parquet"),
        (b"SQLite format 3\0", "is a database, not CSV"),
        (b"%PDF-1.4\n", "is a PDF, not CSV: export the table"),
        (b'[{"a":1,"y":2},{"a":', "is JSON, not CSV: write the table as CSV"),
        (b'\n{"a": ', "is JSON"),
        (b"\x00\x01\x02\x00", "is not text: give a table as CSV or Parquet"),
        (b"\n \n<!DOCTYPE html>", "is a web page"),
        (b"<!doctype html>", "is a web page"),
    ],
)
def test_a_file_of_another_kind_is_named(load, start, message):
    refused(load, start + b"123", message)


def test_csv_that_is_named_parquet_is_told_so(tmp_path, frame):
    frame.to_csv(tmp_path / "t.parquet", index=False)
    with pytest.raises(
        DataError, match=r'is not a Parquet file: if it is CSV, name it so \(.csv\), or give "csv:PATH"'
    ):
        load_dataset(f"parquet:{tmp_path}/t.parquet", target="y")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (decimal.Decimal("1.5"), r"holds decimal numbers \(Decimal\): turn it into floats"),
        (datetime.date(2020, 1, 1), "holds dates: turn it into numbers, such as days since"),
        (datetime.time(1), "holds times"),
        ([1, 2], r"holds lists \(ndarray\): give each element a column"),
        (b"x", "holds bytes: turn it into text or numbers"),
    ],
)
def test_columns_of_parquet_that_are_neither_numbers_nor_text_are_told_by_kind(tmp_path, frame, value, message):
    frame.assign(c=[value] * ROWS).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(DataError, match=f"column 'c' {message}.*, or leave it out with"):
        load_dataset(f"parquet:{tmp_path}/t.parquet", target="y")


# --- missing values ---


def test_words_that_pandas_takes_for_missing_are_named_and_may_be_values(load, frame):
    region = frame.assign(y=np.where(frame["y"] == "p", "None", frame["y"]), c=["NA", "EU"] * (ROWS // 2))
    content = region.to_csv(index=False)
    refused(load, content, r"'y' has 20 missing values, written 'None' \(20\): set data.missing = \[\"\"\] if that is")
    refused(load, content, r"column 'c' has 30 missing values, written 'NA' \(30\)")
    read = load(content, missing=[""])
    assert read.classes.tolist() == ["None", "q", "r"]
    assert "c=NA" in read.preparation.feature_names


def test_what_counts_as_missing_makes_a_column_numbers_and_its_rows_may_be_left_out(load, frame, lines):
    content = text([*lines, "?,1,p", " ?,2,p"])
    refused(load, content, r"not numbers: '\?' \(1\), ' \?' \(1\); .* set data.missing = \[\"\?\"\]")
    refused(load, content, "column 'a' has 2 missing values: fill or drop those rows first .*\"drop\"", missing=["?"])
    read = load(content, missing=["?"], incomplete="drop")
    assert read.fingerprint == from_frame(frame, "y").fingerprint
    assert read.notes == ("2 of 62 rows are left out, values are missing in 'a' (2)",)
    refused(load, "a,b,y\n,1,p\n,2,q\n", "no row is complete.*leave these columns out", incomplete="drop")


def test_texts_that_mean_missing_are_taken_out_of_parquet_too(tmp_path, frame):
    path = tmp_path / "t.parquet"
    more = pd.DataFrame({"a": ["?"], "b": [1.0], "y": ["p"]})
    pd.concat([frame.assign(a=frame["a"].astype(str)), more]).to_parquet(path, index=False)
    read = load_dataset(f"parquet:{path}", target="y", missing=["?"], incomplete="drop")
    assert read.fingerprint == from_frame(frame, "y").fingerprint


def test_columns_are_left_out_and_unknown_ones_are_refused_all_at_once(load, frame):
    content = frame.assign(size=1.0).to_csv(index=False)
    assert load(content, drop=["size", "b"]).preparation.columns == ("a",)
    message = (
        "data.drop: there is no column 'siez'; did you mean 'size'\\?; there is no column 'zz'; .*'y' is the target"
    )
    refused(load, content, message, drop=["siez", "zz", "y"])


# --- large files ---


def test_what_passes_does_not_depend_on_how_long_a_file_is(load):
    for rows in (200, 40_000):  # pandas would read the longer one in pieces
        codes = [f"{10_000 + i}" for i in range(rows)]
        codes[-1] = "K1A 0B1"
        content = f"zip,y{',x' * 30}\n" + "".join(f"{code},p{',0' * 30}\n" for code in codes)
        content = content.replace(",x" * 30, "".join(f",x{i}" for i in range(30)))
        refused(
            load, content, rf"column 'zip' is text, but {rows - 1:,} of its {rows:,} values are numbers; not numbers"
        )


def test_many_columns_take_little_longer_than_pandas_takes(load, tmp_path):
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 6000)).round(2)).add_prefix("gene ")
    content = wide.assign(y=list("pq") * 15).to_csv(index=False)
    load("a,y\n" + "1,p\n2,q\n" * 20)  # imports
    (tmp_path / "wide.csv").write_text(content, encoding="utf-8")
    alone = time.process_time()
    pd.read_csv(tmp_path / "wide.csv", low_memory=False)
    alone = time.process_time() - alone
    start = time.process_time()
    assert load(content).features == 6000
    assert time.process_time() - start < 40 * alone + 1  # with room for a busy machine
