import importlib.util

import numpy as np
import pytest

from hpsearch.engine import parameters as module
from hpsearch.engine.compilation import before_compiling
from hpsearch.engine.parameters import (
    Layers,
    answers_of,
    biases_of,
    initial_parameters,
    packed,
    plan_of,
    room_for,
    room_within,
    signal_of,
    sums_of,
    turned_of,
    unpacked,
    weights_of,
)
from hpsearch.engine.settings import Architecture


@pytest.mark.parametrize("hidden", [(4,), (4, 7), (1, 2, 3)])
def test_packed_parameters_are_each_layer_s_and_come_back(hidden):
    architecture = Architecture(5, hidden, 3)
    parameters = initial_parameters(architecture, 0, 1.0)
    flat = packed(architecture, parameters)
    assert flat.ctypes.data % 64 == 0
    found = Layers(flat, plan_of(architecture))
    for n, layer in enumerate(architecture.layers(parameters)):
        W = weights_of(found, n) if n == len(hidden) else weights_of(found, n).T
        np.testing.assert_array_equal(W, layer[:, :-1])
        np.testing.assert_array_equal(biases_of(found, n), layer[:, -1])
    np.testing.assert_array_equal(unpacked(architecture, flat), parameters)


@pytest.mark.parametrize("sizes", [(3, 5, 2), (1, 1, 1), (9, 4, 30, 7)])
@pytest.mark.parametrize("examples", [1, 16, 21])
@pytest.mark.parametrize("whole", [True, False])
def test_nothing_in_a_room_overlaps(sizes, examples, whole):
    layers = range(len(sizes) - 1)
    plan = plan_of(Architecture(sizes[0], sizes[1:-1], sizes[-1]))
    room = room_for(plan, examples if whole else 30, "float32")
    part = room_within(room, examples)
    assert room.space.ctypes.data % 64 == 0
    room.space[:] = 0
    for layer in layers:
        shape = (examples, sizes[layer + 1]) if layer < layers[-1] else (sizes[-1], examples)
        for numbers in (answers_of(part, layer), signal_of(part, layer)):
            assert numbers.shape == shape
            numbers += 1
        assert sums_of(part, layer).shape == (sizes[layer + 1],)
        assert answers_of(part, layer).ctypes.data % 64 == 0
    turned = turned_of(part)
    turned += 1
    assert turned.shape == (sizes[-2], examples)
    sums_of(part, max(layers, key=lambda layer: sizes[layer + 1]))[:] += 1
    assert room.space.max() == 1
    assert part.every.tolist() == list(range(examples))


def test_networks_of_one_seed_start_from_the_same_draws_times_their_scale():
    architecture = Architecture(7, (5,), 3, dtype="float64")
    one, other, larger = (initial_parameters(architecture, s, scale) for s, scale in ((1, 0.5), (2, 0.5), (1, 2.0)))
    np.testing.assert_allclose(larger, 4 * one, rtol=1e-15)
    assert not np.allclose(one, other)


@pytest.mark.parametrize(
    ("init", "deviation"),
    [("scaled", lambda n: 1.0), ("he", lambda n: np.sqrt(2 / n)), ("xavier", lambda n: np.sqrt(1 / n))],
)
def test_initial_weights_have_the_scheme_s_standard_deviation_and_biases_are_zero(init, deviation):
    architecture = Architecture(400, (300, 200), 2, init=init, dtype="float64")
    layers = architecture.layers(initial_parameters(architecture, 0, 0.7))
    for layer, fan_in in zip(layers[:2], (400, 300), strict=True):
        assert layer[:, :-1].std() == pytest.approx(0.7 * deviation(fan_in), rel=0.01)
        assert abs(layer[:, :-1].mean()) < 0.01 * deviation(fan_in)
    assert not any(layer[:, -1].any() for layer in layers)


@pytest.mark.parametrize(("init", "value"), [("zeros", 0.0), ("constant", 0.25)])
def test_constant_schemes_give_every_weight_one_value(init, value):
    architecture = Architecture(4, (3,), 2, init=init)
    for layer in architecture.layers(initial_parameters(architecture, 0, 0.25)):
        assert (layer[:, :-1] == value).all()
        assert (layer[:, -1] == 0).all()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_initial_parameters_that_a_caller_changes_are_drawn_the_same_again(dtype):
    architecture = Architecture(3, (4,), 2, dtype=dtype)
    first = initial_parameters(architecture, 7, 1.0)
    kept = first.copy()
    first[:] = 0
    np.testing.assert_array_equal(initial_parameters(architecture, 7, 1.0), kept)


def test_room_is_made_without_compiling_anything():
    spec = importlib.util.spec_from_file_location("parameters_afresh", module.__file__)
    afresh = importlib.util.module_from_spec(spec)  # in this process others may have been called already
    spec.loader.exec_module(afresh)
    said = []
    with before_compiling(lambda: said.append("compiling")):
        afresh.room_for(plan_of(Architecture(5, (4,), 3)), 20, "float32")
    assert said == []
