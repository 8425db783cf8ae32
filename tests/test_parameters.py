import numpy as np
import pytest

from hpsearch.engine.parameters import initial_parameters, layers_of, packed, room_of, sizes_of, space_of, unpacked
from hpsearch.engine.settings import Architecture


@pytest.mark.parametrize("hidden", [(4,), (4, 7), (1, 2, 3)])
def test_packed_parameters_are_each_layer_s_and_come_back(hidden):
    architecture = Architecture(5, hidden, 3)
    parameters = initial_parameters(architecture, 0, 1.0)
    flat = packed(architecture, parameters)
    assert flat.ctypes.data % 64 == 0
    found = layers_of(flat, sizes_of(architecture))
    for n, layer in enumerate(architecture.layers(parameters)):
        W = found.weights[n] if n == len(hidden) else found.weights[n].T
        np.testing.assert_array_equal(W, layer[:, :-1])
        np.testing.assert_array_equal(found.biases[n], layer[:, -1])
    np.testing.assert_array_equal(unpacked(architecture, flat), parameters)


@pytest.mark.parametrize("sizes", [(3, 5, 2), (1, 1, 1), (9, 4, 30, 7)])
@pytest.mark.parametrize("examples", [1, 16, 21])
def test_nothing_in_a_room_overlaps(sizes, examples):
    sizes = np.array(sizes)
    space = np.zeros(space_of(sizes, examples), np.float32)
    room = room_of(sizes, np.arange(examples, dtype=np.int32), space)
    parts = [*room.answers, *room.signals, room.turned, room.sums]
    for part in parts:
        part += 1
    assert space.max() == 1
    shapes = [(examples, units) for units in sizes[1:-1]] + [(sizes[-1], examples)]
    assert [part.shape for part in parts[:-2]] == shapes * 2
    assert room.turned.shape == (sizes[-2], examples)
    assert room.sums.size >= sizes[1:].max()


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
