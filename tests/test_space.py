import pickle

import numpy as np
import pytest

from hpsearch.space import LARGEST_INT, Choice, Float, Int, Space

NUMERIC = [
    Float(-2.0, 3.0),
    Float(1e-6, 10.0, log=True),
    Float(-1e300, 1e-300),
    Int(-3, 4),
    Int(1, 3, log=True),
    Int(50, 2000, log=True),
    Int(0, LARGEST_INT),
    Int(1, LARGEST_INT, log=True),
]
CHOICES = [Choice((16, 32, 64)), Choice((0.0, 0.5, 0.9)), Choice(("relu", "tanh")), Choice((False, True))]


def space():
    return Space({"rate": Float(1e-3, 1.0, log=True), "steps": Int(1, 10), "batch": Choice((16, 32, 64))})


@pytest.mark.parametrize("dimension", [*NUMERIC, *CHOICES], ids=repr)
def test_values_survive_the_way_to_the_unit_interval_and_back(dimension):
    values = dimension.from_unit(np.random.default_rng(1).random(2000))
    unit = dimension.to_unit(values)
    assert np.all((unit >= 0) & (unit <= 1))
    again = dimension.from_unit(unit)
    assert again.dtype == values.dtype
    if isinstance(dimension, Float):
        width = np.abs(values) if dimension.log else dimension.high - dimension.low
        assert np.all(np.abs(again - values) <= 1e-13 * width)
    else:
        assert np.array_equal(again, values)


@pytest.mark.parametrize("dimension", NUMERIC, ids=repr)
def test_the_ends_of_the_unit_interval_are_the_bounds(dimension):
    assert dimension.from_unit([0.0, 1.0]).tolist() == [dimension.low, dimension.high]


@pytest.mark.parametrize("dimension", [*NUMERIC, *CHOICES], ids=repr)
def test_shapes_are_kept(dimension):
    assert dimension.from_unit(np.zeros((2, 0, 3))).shape == (2, 0, 3)
    assert dimension.to_unit(dimension.from_unit(np.full((2, 3), 0.5))).shape == (2, 3)
    assert dimension.from_unit(0.5).shape == ()


def test_whole_numbers_are_equally_likely():
    counts = np.bincount(Int(0, 4).from_unit(np.arange(5000) / 5000))
    assert counts.tolist() == [1000] * 5


def test_log_whole_numbers_are_as_likely_as_optuna_draws_them():
    values = Int(1, 8, log=True).from_unit((np.arange(200_000) + 0.5) / 200_000)
    cells = np.log(np.arange(1, 9) + 0.5) - np.log(np.arange(1, 9) - 0.5)
    assert np.allclose(np.bincount(values)[1:] / 200_000, cells / np.log(8.5 / 0.5), atol=1e-5)


def test_log_numbers_are_uniform_in_the_logarithm():
    assert np.allclose(Float(1e-4, 1.0, log=True).from_unit([0.25, 0.5, 0.75]), [1e-3, 1e-2, 1e-1], rtol=1e-12)


def test_whole_numbers_and_choices_go_to_the_middle_of_their_cells():
    assert Int(1, 2).to_unit([1, 2]).tolist() == [0.25, 0.75]
    assert Choice(("a", "b")).to_unit(np.array(["b", "a"])).tolist() == [0.75, 0.25]
    edges = np.log([0.5, 1.5, 2.5])
    middles = ((edges[:-1] + edges[1:]) / 2 - edges[0]) / (edges[-1] - edges[0])
    assert np.allclose(Int(1, 2, log=True).to_unit([1, 2]), middles, rtol=1e-14)


@pytest.mark.parametrize(
    ("choices", "dtype"),
    [
        ((1, 2), "int64"),
        ((1, 2.5), "float64"),
        (("a", "bc"), "<U2"),
        ((False, True), "bool"),
        ((1, "a"), "O"),
    ],
)
def test_choices_keep_their_natural_dtype(choices, dtype):
    values = Choice(choices).from_unit([0.1, 0.9])
    assert values.dtype == np.dtype(dtype)
    assert values.tolist() == list(choices)
    assert Choice(choices).numeric == (dtype in ("int64", "float64"))


def test_values_lie_in_equal_cells_of_the_unit_interval_and_the_upper_bound_in_the_last():
    assert Float(0.0, 10.0).numeric
    assert Int(1, 2).numeric
    assert Float(0.0, 10.0).cell_of([0.0, 0.999, 1.0, 9.5, 10.0], 10).tolist() == [0, 0, 1, 9, 9]
    assert Float(1.0, 100.0, log=True).cell_of([1.0, 9.9, 10.1, 100.0], 2).tolist() == [0, 0, 1, 1]
    assert Choice((16, 32, 64)).cell_of([64, 16, 32], 3).tolist() == [2, 0, 1]


def test_text_that_numpy_would_cut_stays_whole():
    assert Choice(("a", "a\0")).from_unit([0.1, 0.9]).tolist() == ["a", "a\0"]


def test_whole_numbers_may_arrive_as_floats():
    assert Int(1, 4).to_unit([2.0]).tolist() == Int(1, 4).to_unit([2]).tolist()


def test_zero_has_no_sign():
    dimensions = Float(-0.0, 1.0), Float(-1.0, -0.0), Choice((-1.0, -0.0)), Choice((np.float64(-0.0), 0.5))
    assert [str(dimension) for dimension in dimensions] == ["0 to 1", "-1 to 0", "-1.0, 0.0", "0.0, 0.5"]
    assert str(Float(-0.0, 1.0).from_unit(0.0)) == "0.0"
    assert [type(choice) for choice in Choice((0, 1)).choices + Choice((False, True)).choices] == [int, int, bool, bool]


def test_numpy_scalars_become_plain_numbers():
    assert Int(np.int32(1), np.int64(9)) == Int(1, 9)
    assert type(Float(np.float32(0.5), 1).low) is float
    assert type(Choice((np.int64(1), np.int64(2))).choices[0]) is int


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Float(1.0, 1.0), r"low must be less than high \(given: low 1.0, high 1.0\)"),
        (lambda: Float(2.0, 1.0), "low must be less than high"),
        (lambda: Float(float("nan"), 1.0), r"low must be a finite number \(given: nan\)"),
        (lambda: Float(0.0, float("inf")), r"high must be a finite number \(given: inf\)"),
        (lambda: Float(0.0, 10**400), "high must be a finite number"),
        (lambda: Float(False, 1.0), r"low must be a finite number \(given: False\)"),
        (lambda: Float("0", 1.0), r"low must be a finite number \(given: '0'\)"),
        (lambda: Float(-1.7e308, 1.7e308), "high - low overflows"),
        (
            lambda: Float(0.0, 1.0, log=True),
            r"log needs low above 0 \(given: low 0.0\); raise low or drop log",
        ),
        (lambda: Float(0.1, 1.0, log=1), r"log must be True or False \(given: 1\)"),
        (lambda: Int(1, 1), r"low must be less than high \(given: low 1, high 1\)"),
        (lambda: Int(0, 4, log=True), "log needs low above 0"),
        (lambda: Int(1.0, 4), r"low must be a whole number \(given: 1.0\)"),
        (lambda: Int(1, True), r"high must be a whole number \(given: True\)"),
        (lambda: Int(0, 2**41), r"high must lie within ±2\*\*40 \(given: 0x20000000000\)"),
        (lambda: Choice((1,)), r"at least two choices \(given: \(1,\)\)"),
        (lambda: Choice(()), "at least two choices"),
        (lambda: Choice((1, 2, 1)), r"choices must differ \(given: \(1, 2, 1\)\)"),
        (lambda: Choice((1, True)), "choices must differ"),
        (lambda: Choice((1, None)), r"a choice must be .* \(given: None\)"),
        (lambda: Choice((1.0, float("nan"))), r"a choice must be .* \(given: nan\)"),
        (lambda: Choice("ab"), r"choices must be several values \(given: 'ab'\)"),
        (lambda: Choice(3), r"choices must be several values \(given: 3\)"),
        (lambda: Space({}), "at least one dimension"),
        (lambda: Space([Float(0, 1)]), r"a dict of dimensions by name \(given: list\)"),
        (lambda: Space(None), r"\(given: NoneType\)"),
        (lambda: Space({"": Int(1, 2)}), r"name of a dimension must be text \(given: ''\)"),
        (lambda: Space({"rate": 0.1}), r"rate must be a Float, Int or Choice \(given: 0.1\)"),
    ],
)
def test_a_dimension_that_is_none_is_refused(build, message):
    with pytest.raises(ValueError, match=message):
        build()


@pytest.mark.parametrize(
    ("dimension", "values", "message"),
    [
        (Float(0.0, 1.0), [0.5, 1.5], r"outside the range \(given: 1.5, 1 in all\); use 0.0 to 1.0"),
        (Float(0.0, 1.0), [float("nan")], r"outside the range \(given: nan"),
        (Float(1e-3, 1.0, log=True), [-1.0, 0.0], r"outside the range \(given: -1.0, 2 in all\)"),
        (Float(0.0, 1.0), ["a"], r"must be numbers \(given: an array of <U1\)"),
        (Int(1, 4), [0], "outside the range"),
        (Int(1, 4), [2.5], r"not a whole number \(given: 2.5"),
        (Int(1, 4), [True], r"must be numbers \(given: an array of bool\)"),
        (Choice((16, 32)), [16, 17], r"not among the choices \(given: 17, 1 in all\); use one of \(16, 32\)"),
        (Choice((16, 32)), ["a"], r"not among the choices \(given: a"),
    ],
)
def test_values_outside_their_range_are_refused(dimension, values, message):
    with pytest.raises(ValueError, match=message):
        dimension.to_unit(values)


@pytest.mark.parametrize("dimension", [NUMERIC[0], NUMERIC[3], CHOICES[0]], ids=repr)
@pytest.mark.parametrize("point", [-1e-9, 1.0000001, float("nan"), float("inf")])
def test_points_outside_the_unit_interval_are_refused(dimension, point):
    with pytest.raises(ValueError, match=r"outside the unit interval \(given: .*\); give points in \[0, 1\]"):
        dimension.from_unit([0.5, point])


def test_a_space_maps_a_cube_to_columns_and_back():
    cube = np.random.default_rng(2).random((50, 3))
    columns = space().from_unit(cube)
    assert list(columns) == ["rate", "steps", "batch"]
    assert {name: column.dtype.kind for name, column in columns.items()} == {
        "rate": "f",
        "steps": "i",
        "batch": "i",
    }
    again = space().from_unit(space().to_unit(columns))
    assert np.allclose(again.pop("rate"), columns["rate"], rtol=1e-13)
    assert all(np.array_equal(again[name], columns[name]) for name in again)


def test_a_space_reads_its_own_columns_only():
    columns = space().from_unit(np.full((4, 3), 0.5))
    assert space().to_unit({"value": ["x"] * 4, **columns}).shape == (4, 3)


def test_a_space_is_an_immutable_hashable_picklable_mapping():
    assert len(space()) == 3
    assert "rate" in space()
    assert space().get("absent") is None
    assert dict(space())["steps"] == Int(1, 10)
    assert space() == space()
    assert hash(space()) == hash(space())
    assert pickle.loads(pickle.dumps(space())) == space()
    assert space() != Space(dict(reversed(list(space().items()))))
    assert eval(repr(space())) == space()
    with pytest.raises(AttributeError, match="cannot assign to field"):
        space()._dimensions = ()


@pytest.mark.parametrize(
    ("cube", "message"),
    [
        (np.zeros((2, 2)), r"the shape \(rows, 3\) \(given: \(2, 2\)\)"),
        (np.zeros(3), r"the shape \(rows, 3\) \(given: \(3,\)\)"),
        (np.full((2, 3), np.nan), "outside the unit interval"),
    ],
)
def test_a_cube_that_does_not_fit_the_space_is_refused(cube, message):
    with pytest.raises(ValueError, match=message):
        space().from_unit(cube)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rate": None}, r"columns are missing: rate \(given: steps, batch\)"),
        ({"rate": [2.0, 0.1]}, "rate: a value is outside the range"),
        ({"rate": [0.1]}, r"columns must be of one length \(given: {'rate': 1, 'steps': 2, 'batch': 2}\)"),
        ({"rate": [[0.1], [0.2]]}, r"rate: a column must have the shape \(rows,\) \(given: \(2, 1\)\)"),
    ],
)
def test_columns_that_do_not_fit_the_space_are_refused(change, message):
    columns = {"rate": [0.1, 0.1], "steps": [1, 2], "batch": [16, 32]} | change
    with pytest.raises(ValueError, match=message):
        space().to_unit({name: column for name, column in columns.items() if column is not None})
