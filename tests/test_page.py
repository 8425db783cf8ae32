"""The page: text stays text, tables are whole or say what is left out, and nothing in it asks for anything."""

import json
import re
from html.parser import HTMLParser

import pandas as pd
import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots

from hpsearch.figures.style import titled
from hpsearch.report.page import LONGEST_TEXT, MOST_ROWS, Exhibit, Section, page

HOSTILE = "</script><img src=x onerror=alert(1)><b>&amp;"


class Reader(HTMLParser):
    """Elements with their attributes, and all text outside of scripts and styles."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.text, self.scripts, self._inside = [], [], {}, None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self._inside = (tag, dict(attributes).get("id")) if tag in ("script", "style") else None

    def handle_endtag(self, tag):
        self._inside = None

    def handle_data(self, data):
        if self._inside is None:
            self.text.append(data.strip())
        else:
            self.scripts[self._inside[1]] = data


def hostile():
    figure = titled(go.Figure(go.Scatter(x=[1, 2], y=[1, 2], name=HOSTILE)), f"What is {HOSTILE}?", "of it", height=200)
    table = pd.DataFrame({HOSTILE: [1.5, None], "words": [HOSTILE, True], "count": [3, 4]})
    section = Section(HOSTILE, [HOSTILE], [Exhibit(table, figure), Exhibit(table, title="Alone")], [("", HOSTILE)])
    return page(HOSTILE, [section])


@pytest.fixture(scope="module")
def read():
    return Reader(hostile())


def test_whatever_is_given_is_shown_as_text(read):
    tags = [tag for tag, _ in read.elements]
    assert "img" not in tags
    assert "b" not in tags
    count = read.text.count(HOSTILE)
    assert count == 10  # title twice, heading and link, sentence, command, column, cell; in two tables
    assert f"of: What is {HOSTILE}?" in read.text
    assert "Alone" in read.text


def test_no_line_breaks_between_a_number_and_its_per_cent_sign():
    assert "<p>from 7.5\u00a0% to 19\u00a0%</p>" in page("x", [Section("y", ["from 7.5 % to 19 %"])])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("-1.4 to 4.7 (-2)", "\u22121.4 to 4.7 (\u22122)"),
        ("λ of 1e-06", "λ of 1e\u221206"),  # no line ends inside of a number
        ("2026-11-26, L4-2, --workers 2, x-1", "2026-11-26, L4-2, --workers 2, x-1"),
    ],
)
def test_numbers_have_a_minus_and_names_keep_their_hyphens(text, shown):
    assert f"<p>{shown}</p>" in page("x", [Section("y", [text])])


def test_a_heading_is_broken_after_an_underscore_alone_and_stands_over_its_numbers():
    table = pd.DataFrame({"total_order": [None, 0.5], "why_<b>": ["a", "b"]})
    text = page("x", [Section("y", [], [Exhibit(table, title="t")])])
    heads = re.findall(r"<th ([^>]*)>(.*?)</th>", text)
    assert [name for _, name in heads] == ["total_<wbr>order", "why_<wbr>&lt;b&gt;"]
    assert ['class="number"' in look for look, _ in heads] == [True, False]


def test_a_table_of_many_columns_is_printed_small():
    tables = [pd.DataFrame({str(k): [1] for k in range(count)}) for count in (12, 13)]
    text = page("x", [Section("y", [], [Exhibit(table, title="t") for table in tables])])
    assert ["data-many" in look for look in re.findall(r"<table ([^>]*)>", text)] == [False, True]


def test_a_sentence_in_a_table_is_broken_and_a_time_has_no_digits_below_the_second():
    table = pd.DataFrame({"said": ["word " * 20, "word"], "at": pd.Timestamp("2026-11-26 09:30:46.428042", tz="UTC")})
    text = page("x", [Section("y", [], [Exhibit(table, title="t")])])
    assert [cell.startswith("word word") for cell in re.findall(r'<td class="long">(.*?)</td>', text)] == [True]
    assert text.count("<td>2026-11-26 09:30:46 UTC</td>") == 2


def test_a_command_stands_after_what_it_is_for():
    assert "<p>This searches:</p>\n<pre>hpsearch search x</pre>" in page(
        "x", [Section("y", commands=[("This searches:", "hpsearch search x")])]
    )


def test_a_column_without_any_value_is_left_out():
    table = pd.DataFrame({"kept": [1.0, None], "gone": [None, float("nan")], "zero": [0, 0]})
    heads = re.findall(r"<th [^>]*>(\w+)</th>", page("x", [Section("y", [], [Exhibit(table, title="t")])]))
    assert heads == ["kept", "zero"]


def test_panels_side_by_side_keep_the_width_that_they_are_made_for():
    table = pd.DataFrame({"x": [1]})
    beside, above = (
        titled(make_subplots(*shape).add_scatter(x=[1], y=[1]), "t", "s", height=200) for shape in ((1, 2), (2, 1))
    )
    plots = Reader(page("x", [Section("y", [], [Exhibit(table, beside), Exhibit(table, above)])])).elements
    assert ["data-wide" in attributes for _, attributes in plots if attributes.get("class") == "plot"] == [True, False]
    maps = (go.Heatmap(z=[[1] * 4]), go.Heatmap(z=[[1] * 5]), go.Heatmap(x=list("abcde"), z=[[1] * 5]))
    cells = [titled(go.Figure(each), "t", "s", height=200) for each in maps]  # cells of a field have no text
    plots = Reader(page("x", [Section("y", [], [Exhibit(table, figure) for figure in cells])])).elements
    assert ["data-wide" in attributes for _, attributes in plots if attributes.get("class") == "plot"] == [
        False,
        True,
        False,
    ]


def test_a_figure_is_plotly_s_json_and_cannot_end_its_element(read):
    figure = json.loads(read.scripts["data-0-0"])
    assert figure["data"][0]["name"] == HOSTILE
    assert "<" not in read.scripts["data-0-0"]
    labels = [attributes["aria-label"] for _, attributes in read.elements if attributes.get("class") == "plot"]
    assert labels == [f"What is {HOSTILE}?"]


def test_the_title_of_a_figure_is_text_of_the_page_and_its_room_above_the_plot_is_given_back(read):
    figure = json.loads(read.scripts["data-0-0"])
    assert "title" not in figure["layout"]
    assert figure["layout"]["height"] == 200 + figure["layout"]["margin"]["t"] < 250
    assert f"What is {HOSTILE}?" in read.text
    assert "of it" in read.text


def test_a_table_holds_every_number_and_nothing_where_one_is_missing(read):
    cells = [tag for tag, _ in read.elements if tag == "td"]
    assert len(cells) == 2 * 6
    assert {"1.5", "yes", "3", "4"} <= set(read.text)
    assert sum(attributes == {"class": "number"} for tag, attributes in read.elements if tag == "td") == 2 * 3


def test_a_table_without_a_figure_is_open_and_one_below_a_figure_is_folded(read):
    folds = [attributes for tag, attributes in read.elements if tag == "details"]
    assert folds == [{}, {"open": None}]


def test_a_long_table_shows_an_even_choice_and_says_so():
    table = pd.DataFrame({"x": range(2 * MOST_ROWS + 1)})
    text = page("t", [Section("s", (), [Exhibit(table, title="Long")])])
    assert f"one row in 3 of {2 * MOST_ROWS + 1:,} is shown" in text
    assert text.count("<tr>") == 1 + len(range(0, 2 * MOST_ROWS + 1, 3))


def test_the_page_forbids_every_request_and_names_no_address(read):
    (policy,) = [a["content"] for tag, a in read.elements if a.get("http-equiv") == "Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert not [attributes for _, attributes in read.elements if {"src"} & attributes.keys()]
    links = [attributes["href"] for tag, attributes in read.elements if "href" in attributes]
    assert all(re.fullmatch(r"#section-\d+", link) for link in links)
    assert 'showSendToCloud: false, plotlyServerURL: ""' in hostile()  # plotly offers to upload a chart unless told


def test_plotly_s_script_is_inside_once():
    assert hostile().count("plotly.js v") == 1


def test_of_a_long_text_the_beginning_is_shown_and_its_length():
    table = pd.DataFrame({"note": ["x" * LONGEST_TEXT, "y" * (LONGEST_TEXT + 1)]})
    text = page("p", [Section("s", (), [Exhibit(table, title="t")])])
    assert "x" * LONGEST_TEXT in text
    assert "(500 characters)" not in text
    assert f"{'y' * LONGEST_TEXT}… (501 characters)" in text
    assert "y" * (LONGEST_TEXT + 1) not in text
