"""Processes that compute pieces: in order, each with its data, and without those that died."""

import os

import pytest

from hpsearch.results.processes import Processes

HERE = os.getpid()


def scaled(piece, factor):
    """The piece times the factor; a negative piece ends a process that is not the test's."""
    if piece < 0 and os.getppid() == abs(piece):
        os._exit(1)
    return factor * piece


def test_results_come_in_the_order_of_the_pieces_beside_what_came_with_them():
    with Processes(2, scaled, 10) as pool:
        assert list(pool.map((str(k), k) for k in range(40))) == [(str(k), 10 * k) for k in range(40)]


def test_pieces_are_asked_for_as_they_are_handed_out():
    drawn = []
    with Processes(1, scaled, 1) as pool:
        results = pool.map((k, drawn.append(k) or k) for k in range(100))
        next(results)
        assert len(drawn) < 10
        assert len(list(results)) == 99


def test_what_a_process_had_that_died_is_computed_here():
    pieces = [3, -HERE, *range(20)]
    with Processes(1, scaled, 2) as pool, pytest.warns(RuntimeWarning, match=r"a worker process died .*: the work"):
        assert [result for _, result in pool.map(enumerate(pieces))] == [2 * piece for piece in pieces]
