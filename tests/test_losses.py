import numpy as np
import pytest
import reference
from sklearn.metrics import log_loss

from hpsearch.engine import losses as engine
from hpsearch.engine.losses import CEILING
from hpsearch.engine.network import OUTPUTS, shift


def losses(output, logits, targets):
    """Of each example; ``logits`` are (examples, outputs), ``targets`` too, or the indexes of classes (examples, 1)."""
    logits, code, values = np.ascontiguousarray(logits.T), OUTPUTS.index(output), np.empty(len(logits))
    if output == "softmax":
        shift(logits, np.empty(len(values)))
    engine.losses(code, logits, targets.copy(), values)
    return values


def mistakes(output, logits, targets):
    """Of each example, whether it is one."""
    code = OUTPUTS.index(output)
    return [engine.mistakes(code, np.ascontiguousarray(logits[[i]].T), targets[[i]]) for i in range(len(logits))]


@pytest.mark.parametrize("output", ["softmax", "binary", "identity"])
def test_losses_are_the_textbook_s(output):
    rng = np.random.default_rng(0)
    outputs = {"softmax": 3}.get(output, 1)
    y = rng.integers(0, 2, 12) if output == "binary" else np.arange(12) % 3
    Y = y[:, None].astype(float)
    logits = rng.standard_normal((12, outputs))
    out = reference.outputs(logits, output)
    if output == "identity":
        expected = np.mean(0.5 * (out - Y) ** 2)
    else:
        expected = log_loss(y, out[:, 0] if output == "binary" else out)
    assert losses(output, logits, Y).mean() == pytest.approx(expected, rel=1e-10)


def test_a_loss_is_clipped_at_the_ceiling_and_stays_nan_where_logits_are():
    first = np.zeros((3, 1))
    wrong, right, lost = losses("softmax", np.array([[-500.0, 500.0], [500.0, -500.0], [np.nan, 0.0]]), first)
    assert (wrong, right) == (CEILING, 0)
    assert np.isnan(lost)
    assert np.isnan(losses("softmax", np.array([[0.0, np.nan], [np.inf, 0.0], [0.0, np.inf]]), first)).all()
    wrong, right, lost = losses("binary", np.array([[-500.0], [500.0], [np.nan]]), first + 1)
    assert (wrong, right) == (CEILING, 0)
    assert np.isnan(lost)
    far, near, lost = losses("identity", np.array([[100.0], [2.0], [np.nan]]), np.array([[0.0], [1.0], [0.0]]))
    assert (far, near) == (CEILING, 0.5)
    assert np.isnan(lost)


def test_a_tie_goes_to_the_first_class():
    assert mistakes("softmax", np.zeros((2, 3)), np.array([[0.0], [1.0]])) == [False, True]
    assert mistakes("binary", np.zeros((2, 1)), np.array([[0.0], [1.0]])) == [False, True]
