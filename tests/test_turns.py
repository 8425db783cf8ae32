import contextlib
import sys

import pytest
from helpers import tasks_of

from hpsearch.evaluation.executors import Workers
from hpsearch.evaluation.turns import short_turns


@pytest.fixture(params=[0.005, 0.0000601])
def before(request):
    """What the caller's process had set, restored afterwards."""
    default = sys.getswitchinterval()
    sys.setswitchinterval(request.param)
    yield sys.getswitchinterval()
    sys.setswitchinterval(default)


def test_turns_are_short_within_and_as_before_afterwards_whichever_call_ends_first(before):
    first, second = short_turns(), short_turns()
    first.__enter__()
    second.__enter__()
    assert sys.getswitchinterval() == pytest.approx(min(before, 0.0005))
    first.__exit__(None, None, None)
    assert sys.getswitchinterval() == pytest.approx(min(before, 0.0005))
    second.__exit__(None, None, None)
    assert sys.getswitchinterval() == before


def test_turns_are_short_while_threads_train_and_then_as_before_also_after_an_exception(small_evaluator):
    before = sys.getswitchinterval()
    task = tasks_of(small_evaluator, 1)[0]
    pool = Workers(small_evaluator.trainer, 2)
    with contextlib.suppress(KeyboardInterrupt), pool:
        pool.submit(task)()
        assert sys.getswitchinterval() < before
        raise KeyboardInterrupt
    assert sys.getswitchinterval() == before


def test_training_in_the_calling_thread_leaves_turns_alone(small_evaluator):
    before = sys.getswitchinterval()
    task = tasks_of(small_evaluator, 1)[0]
    with Workers(small_evaluator.trainer, 1) as pool:
        pool.submit(task)()
        assert sys.getswitchinterval() == before
