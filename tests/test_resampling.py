"""Permutations and half samples: the same numbers whoever computes them, and all of them counted."""

import multiprocessing
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from hpsearch.results import resampling
from hpsearch.results.points import Sample
from hpsearch.results.resampling import Piece, Resamples, resampled


@pytest.fixture(scope="module")
def sample():
    rng = np.random.default_rng(0)
    points = np.column_stack([rng.random(40), np.eye(2)[rng.integers(2, size=40)] / np.sqrt(2), rng.random(40)])
    return Sample(("x", "kind", "y"), points, np.array([0, 1, 1, 2]), points @ [1, 0, 0, 0.3], 40, ())


def tasks(*, count=5):
    """Of each measure, with random rows of their own."""
    rngs = np.random.default_rng(1).spawn(6)
    kinds = [(name, null) for name in ("ped_anova", "fanova", "permutation") for null in (True, False)]
    return [Resamples(name, null, count, rng) for (name, null), rng in zip(kinds, rngs, strict=True)]


@pytest.mark.slow
def test_each_resample_is_what_its_rows_give_on_their_own(sample):
    computed = resampled(sample, 3, tasks(count=23))
    for task, found in zip(tasks(count=23), computed, strict=True):
        assert found.shape == (23, 3)
        alone = {place: [] for place in task._places(sample)}
        for piece in task.pieces(sample):
            each = (replace(piece, rows=row[None]) for row in piece.rows)
            alone[piece.place] += [one.run(sample, 3)[0] for one in each]
        np.testing.assert_allclose(found, np.concatenate(list(alone.values()), axis=1), rtol=1e-9, atol=1e-12)


@pytest.mark.slow
def test_two_processes_give_the_numbers_of_one(sample, monkeypatch):
    monkeypatch.setattr(resampling, "_WORTHWHILE", 0)
    alone, seen = resampled(sample, 0, tasks()), set()
    shared = resampled(
        sample, 0, tasks(), workers=2, on_progress=lambda _: seen.update(multiprocessing.active_children())
    )
    assert len(seen) == 2
    assert multiprocessing.active_children() == []
    for one, two in zip(alone, shared, strict=True):
        np.testing.assert_array_equal(one, two)


def test_little_work_starts_no_process(sample):
    seen = []
    resampled(sample, 0, tasks(), workers=2, on_progress=lambda _: seen.append(multiprocessing.active_children()))
    assert len(seen) > 1
    assert not any(seen)


def test_progress_counts_every_resample_and_the_seconds_left_go_to_none(sample):
    seen = []
    resampled(sample, 0, tasks(), on_progress=seen.append)
    total = 5 * (2 + 2 + 3 + 1)  # where fANOVA permutes three parameters apart
    assert {progress.total for progress in seen} == {total}
    done = [progress.done for progress in seen]
    assert 0 < done[0] < done[-1] == total
    assert done == sorted(set(done))
    assert [p.fresh for p in seen] == [count - done[0] for count in done]
    assert seen[0].seconds > seen[-1].seconds == 0


def test_the_rest_is_expected_to_take_as_long_as_the_first_did_and_workers_share_it(sample, monkeypatch):
    seconds = iter([0, 60, *range(1000)])  # a minute, then a second a piece
    monkeypatch.setattr(resampling, "time", SimpleNamespace(perf_counter=seconds.__next__))
    for workers in (1, 4):
        run = []
        with pytest.raises(InterruptedError):
            resampled(sample, 0, tasks()[3:4], workers=workers, on_progress=lambda p, run=run: stop(run, p))
        assert run[0].seconds == 3 / workers
        assert (run[0].done, run[0].total) == (2, 5)


def stop(run, progress):
    run.append(progress)
    raise InterruptedError


def test_work_of_all_kinds_is_mixed_so_that_the_pace_stays_the_same(sample):
    order = [task for task, _ in resampling._Run(sample, 0, tasks(count=20)[2:4]).rest()]
    counts = [order[: len(order) // 2].count(task) for task in (0, 1)]
    assert abs(counts[0] - 30) <= 2
    assert abs(counts[1] - 10) <= 2


def test_a_half_whose_values_are_all_the_same_has_no_importance(sample):
    flat = Sample(sample.names, sample.points, sample.owners, np.array([0.0] * 39 + [1.0]), 40, ())
    rows = np.array([np.arange(20), np.arange(20, 40)])
    found = Piece("permutation", rows, null=False).run(flat, 0)
    assert np.isnan(found).all(axis=1).tolist() == [True, False]


def test_a_half_is_half_of_the_settings_in_their_order(sample):
    halves = [piece.rows[0] for piece in Resamples("ped_anova", False, 9, np.random.default_rng(0)).pieces(sample)]
    assert len({half.tobytes() for half in halves}) == 9
    for half in halves:
        assert half.shape == (20,)
        assert (np.diff(half) > 0).all()


def test_one_blas_thread_computes_as_in_a_worker(sample):
    seen = []
    with threadpool_limits(2):
        before = {library["num_threads"] for library in threadpool_info()}
        resampled(sample, 0, tasks()[:1], on_progress=lambda _: seen.extend(threadpool_info()))
    if before == {1}:
        pytest.skip("this machine has one thread")
    assert {library["num_threads"] for library in seen} == {1}
