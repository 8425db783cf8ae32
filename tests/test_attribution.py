"""Shares of a gain: closed forms, the axioms, and sums over all orders written out."""

from itertools import combinations, permutations

import numpy as np
import pytest

from hpsearch.sensitivity.attribution import (
    best_path,
    gains,
    mixtures_along,
    others,
    pair_interactions,
    sampled_orders,
    sampled_values,
    shapley_values,
)


def made(mixture, count):
    return [k for k in range(count) if mixture >> k & 1]


def game(count, gain, *, samples=1):
    """Losses of a game whose gain is a function of the changes made."""
    return np.array([[10.0 - gain(made(mixture, count))] * samples for mixture in range(1 << count)])


def random_game(count, samples=2):
    return np.random.default_rng(count).standard_normal((1 << count, samples))


def over_all_orders(losses):
    """What each change gains in every order, ``(orders, changes, samples)``."""
    count = len(losses).bit_length() - 1
    rows = []
    for order in permutations(range(count)):
        row, mixture = [None] * count, 0
        for change in order:
            row[change] = losses[mixture] - losses[mixture | 1 << change]
            mixture |= 1 << change
        rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize("count", [1, 2, 3, 5])
def test_shares_are_means_over_all_orders_and_sum_to_the_gain(count):
    losses = random_game(count)
    shares = shapley_values(losses)
    assert shares == pytest.approx(over_all_orders(losses).mean(axis=0))
    assert shares.sum(axis=0) == pytest.approx(losses[0] - losses[-1])


def test_of_an_additive_game_each_has_its_own():
    own = [3.0, -1.0, 0.5, 2.0]
    losses = game(4, lambda changes: sum(own[k] for k in changes))
    assert shapley_values(losses).ravel() == pytest.approx(own)
    assert pair_interactions(losses).ravel() == pytest.approx(np.zeros(6))


def test_what_cancels_is_exactly_nothing_whatever_the_rounding():
    rng = np.random.default_rng(0)
    own, luck = rng.standard_normal(5), rng.standard_normal(7)
    losses = np.array(
        [[0.3 - own[made(mixture, 5)].sum() + of_seed * (mixture & 1) for of_seed in luck] for mixture in range(32)]
    )
    assert (pair_interactions(losses) == 0).all()
    assert (shapley_values(losses)[1:].std(axis=1) < 1e-15).all()
    opposed = np.array([[0.3], [0.2], [0.7], [0.8]])  # change 0 gains 0.1 alone, and loses 0.1 beside the other
    assert shapley_values(opposed)[0] == 0


def test_of_a_product_all_have_the_same_and_so_have_all_pairs():
    """A gain of 6 that only three changes together have: a third each, and to each of three pairs a third."""
    losses = game(3, lambda changes: 6.0 * (len(changes) == 3))
    assert shapley_values(losses).ravel() == pytest.approx([2, 2, 2])
    assert pair_interactions(losses).ravel() == pytest.approx([2, 2, 2])


def test_a_change_that_changes_nothing_has_exactly_nothing():
    losses = random_game(3)
    with_dummy = losses[np.arange(16) & 0b11 | (np.arange(16) >> 3 << 2)]  # change 2 is the dummy
    assert (shapley_values(with_dummy)[2] == 0).all()
    assert shapley_values(with_dummy)[[0, 1, 3]] == pytest.approx(shapley_values(losses))
    dummy = [2 in pair for pair in combinations(range(4), 2)]
    assert (pair_interactions(with_dummy)[dummy] == 0).all()
    assert (pair_interactions(with_dummy)[~np.array(dummy)] != 0).all()


def test_two_changes_that_do_the_same_have_the_same():
    losses = game(3, lambda changes: len({0, 1} & set(changes)) ** 2 + 5.0 * (2 in changes) * len(changes))
    shares = shapley_values(losses).ravel()
    assert shares[0] == pytest.approx(shares[1])
    assert shares[0] != pytest.approx(shares[2])


@pytest.mark.parametrize("count", [2, 3, 5])
def test_pairs_are_means_over_orders_and_sum_with_the_gains_alone_to_the_gain(count):
    """The order's own formula: what two do together beside those that come before both."""
    losses = random_game(count)
    expected = []
    for first, second in combinations(range(count), 2):
        terms = []
        for order in permutations(range(count)):
            before = min(order.index(first), order.index(second))
            rest = sum(1 << k for k in order[:before])
            one, two = 1 << first, 1 << second
            terms.append(-(losses[rest | one | two] - losses[rest | one] - losses[rest | two] + losses[rest]))
        expected.append(np.mean(terms, axis=0))
    pairs = pair_interactions(losses)
    assert pairs == pytest.approx(np.array(expected))
    alone = np.array([losses[0] - losses[1 << k] for k in range(count)])
    assert alone.sum(axis=0) + pairs.sum(axis=0) == pytest.approx(losses[0] - losses[-1])
    of = [[k in pair for pair in combinations(range(count), 2)] for k in range(count)]
    assert shapley_values(losses) == pytest.approx(alone + np.array(of) @ pairs / 2)


def test_gains_are_those_beside_each_mixture_of_the_others():
    losses = np.arange(8.0)[:, None] ** 2
    assert others(1, 3).tolist() == [0b000, 0b001, 0b100, 0b101]
    assert gains(losses)[1].ravel().tolist() == [0 - 4, 1 - 9, 16 - 36, 25 - 49]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_no_order_has_lower_losses_on_the_way_than_the_best_path(count):
    losses = random_game(count)[:, 0]

    def on_the_way(order):
        return sum(losses[mixture] for mixture in mixtures_along(order))

    best = best_path(losses)
    assert sorted(best) == list(range(count))
    assert on_the_way(best) == pytest.approx(min(map(on_the_way, permutations(range(count)))))


def test_mixtures_along_an_order_start_with_none_and_end_with_all():
    assert mixtures_along((2, 0, 1)) == [0b000, 0b100, 0b101, 0b111]
    assert mixtures_along(()) == [0]


def test_drawn_orders_come_in_pairs_of_an_order_and_its_reverse():
    orders = sampled_orders(5, pairs=3, rng=np.random.default_rng(0))
    assert orders.shape == (6, 5)
    assert orders[::2].tolist() == orders[1::2, ::-1].tolist()
    assert (np.sort(orders, axis=1) == np.arange(5)).all()
    assert len({tuple(order) for order in orders.tolist()}) == 6


def test_drawn_orders_give_the_shares_without_bias_and_the_error_that_they_have():
    losses = random_game(5)[:, 0]
    exact = shapley_values(losses[:, None]).ravel()
    rng = np.random.default_rng(1)
    draws = [sampled_values(sampled_orders(5, pairs=8, rng=rng), lambda mixture: losses[mixture]) for _ in range(400)]
    values, errors = (np.array(part) for part in zip(*draws, strict=True))
    assert values.sum(axis=1) == pytest.approx(losses[0] - losses[-1])
    spread = values.std(axis=0, ddof=1)
    assert np.abs(values.mean(axis=0) - exact).max() < 4 * spread.max() / 20
    assert np.sqrt(np.square(errors).mean(axis=0)) == pytest.approx(spread, rel=0.15)


def test_an_order_and_its_reverse_give_the_shares_of_pairs_exactly():
    """Where no three act together, every change has in an order and its reverse its own and half of its pairs."""
    losses = game(4, lambda changes: len(changes) ** 2 - 3.0 * (1 in changes))
    values, errors = sampled_values(
        sampled_orders(4, pairs=2, rng=np.random.default_rng(0)), lambda mixture: losses[mixture, 0]
    )
    assert values == pytest.approx(shapley_values(losses).ravel())
    assert errors == pytest.approx(np.zeros(4))
