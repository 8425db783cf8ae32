"""What the engine is measured against: the same step in scikit-learn, JAX and PyTorch, and the bare products.

Each maker returns a function that makes so many iterations and gives the seconds they took, compiling and starting
aside. All train a softmax classifier with one tanh layer, mini-batches drawn by a shuffle a pass, momentum and λ, in
float32.
"""

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

RATE, MOMENTUM, L2, SCALE = 0.01, 0.9, 1e-4, 0.1
"""The setting that every contender trains: no time depends on it unless numbers overflow or vanish."""


@dataclass(frozen=True)
class Shape:
    """Data and network of a measurement; ``X`` is ``(examples, features)`` in float32, ``y`` class indexes."""

    X: np.ndarray
    y: np.ndarray
    units: int
    batch_size: int

    @property
    def classes(self) -> int:
        return int(self.y.max()) + 1

    @property
    def per_pass(self) -> int:
        return len(self.X) // self.batch_size


def orders(shape: Shape, iterations: int) -> np.ndarray:
    """The examples of each mini-batch, ``(iterations, batch_size)``."""
    passes = -(-iterations // shape.per_pass)
    shuffles = [np.random.default_rng(p).permutation(len(shape.X)) for p in range(passes)]
    whole = [order[: shape.per_pass * shape.batch_size].reshape(-1, shape.batch_size) for order in shuffles]
    return np.concatenate(whole)[:iterations]


def initial(shape: Shape) -> Iterator[np.ndarray]:
    """Weights ``(inputs, units)`` and biases of both layers."""
    generator = np.random.default_rng(0)
    for inputs, units in ((shape.X.shape[1], shape.units), (shape.units, shape.classes)):
        yield (SCALE * generator.standard_normal((inputs, units))).astype(np.float32)
        yield np.zeros(units, np.float32)


def scikit_learn(shape: Shape) -> Callable[[int], float]:
    """``MLPClassifier.partial_fit``, which is one pass, as often as needed; its own loop, no validation split."""
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        hidden_layer_sizes=(shape.units,),
        activation="tanh",
        solver="sgd",
        alpha=L2 * shape.batch_size,  # its penalty is divided by the batch size
        batch_size=shape.batch_size,
        learning_rate_init=RATE,
        momentum=MOMENTUM,
        nesterovs_momentum=False,
        max_iter=1,
        random_state=0,
    )
    model.partial_fit(shape.X, shape.y, classes=np.arange(shape.classes))
    steps = -(-len(shape.X) // shape.batch_size)

    def run(iterations: int) -> float:
        passes = max(1, round(iterations / steps))
        model.set_params(max_iter=passes, warm_start=True, tol=0, n_iter_no_change=passes + 1)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            began = time.perf_counter()
            model.fit(shape.X, shape.y)
            took = time.perf_counter() - began
        return took * iterations / (passes * steps)

    return run


def scored(
    train: tuple[np.ndarray, np.ndarray],
    validation: tuple[np.ndarray, np.ndarray],
    *,
    learning_rate: float,
    iterations: int,
    momentum: float,
    l2: float,
    batch_size: int,
    seed: int = 0,
) -> float:
    """The validation loss of an ``MLPClassifier`` of 32 tanh units, in whole passes nearest to the iterations."""
    from sklearn.metrics import log_loss
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(
        hidden_layer_sizes=(32,),
        activation="tanh",
        solver="sgd",
        learning_rate_init=learning_rate,
        momentum=momentum,
        alpha=l2 * batch_size,
        batch_size=batch_size,
        max_iter=max(1, round(iterations / -(-len(train[0]) // batch_size))),
        tol=0,
        n_iter_no_change=iterations,
        nesterovs_momentum=False,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model.fit(*train)
            return float(log_loss(validation[1], model.predict_proba(validation[0])))
        except ValueError:  # its weights are no longer finite
            return 15.94


def blas_kernels() -> str:
    """Which BLAS libraries this process has loaded, and the kernels that they run."""
    from threadpoolctl import threadpool_info

    loaded = [library for library in threadpool_info() if library["user_api"] == "blas"]
    return ", ".join(sorted({f"{one['internal_api']} {one.get('architecture', '')}".strip() for one in loaded}))


def jax(shape: Shape, members: int, iterations: int) -> Callable[[int], float]:
    """``jit(vmap(scan))``: all iterations of all members in one compiled call; one order of examples for all."""
    import jax
    import jax.numpy as jnp

    X, y = jnp.asarray(shape.X), jnp.asarray(np.eye(shape.classes, dtype=np.float32)[shape.y])

    def cost(weights, batch, l2):
        w1, b1, w2, b2 = weights
        logits = jnp.tanh(X[batch] @ w1 + b1) @ w2 + b2
        loss = -(y[batch] * jax.nn.log_softmax(logits)).sum(axis=1).mean()
        return loss + l2 / 2 * ((w1**2).sum() + (w2**2).sum())

    def train(weights, rate, momentum, l2, order):
        def step(state, batch):
            weights, velocity = state
            gradient = jax.grad(cost)(weights, batch, l2)
            velocity = jax.tree.map(lambda v, g: momentum * v - rate * g, velocity, gradient)
            return (jax.tree.map(jnp.add, weights, velocity), velocity), None

        zeros = jax.tree.map(jnp.zeros_like, weights)
        return jax.lax.scan(step, (weights, zeros), order)[0][0]

    population = jax.jit(jax.vmap(train, in_axes=(0, 0, 0, 0, None)))
    weights = [jnp.asarray(np.stack([part] * members)) for part in initial(shape)]
    settings = [jnp.full(members, value, jnp.float32) for value in (RATE, MOMENTUM, L2)]
    order = jnp.asarray(orders(shape, iterations))
    jax.block_until_ready(population(weights, *settings, order))

    def run(wanted: int) -> float:
        assert wanted == iterations, "compiled for another number"
        began = time.perf_counter()
        jax.block_until_ready(population(weights, *settings, order))
        return (time.perf_counter() - began) / members

    return run


def torch(shape: Shape) -> Callable[[int], float]:
    """Eager mode: a Sequential, cross_entropy and SGD, the data a tensor indexed by mini-batch."""
    import torch

    torch.set_num_threads(1)
    X, y = torch.from_numpy(shape.X), torch.from_numpy(shape.y.astype(np.int64))
    model = torch.nn.Sequential(
        torch.nn.Linear(X.shape[1], shape.units), torch.nn.Tanh(), torch.nn.Linear(shape.units, shape.classes)
    )
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM, weight_decay=L2)

    def run(iterations: int) -> float:
        batches = torch.from_numpy(orders(shape, iterations))
        began = time.perf_counter()
        for batch in batches:
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(X[batch]), y[batch]).backward()
            optimizer.step()
        return time.perf_counter() - began

    return run


def blas_peak() -> float:
    """Best rate of a 2,048 × 2,048 float32 product on one thread, in operations a second."""
    side, best = 2048, np.inf
    a = np.random.default_rng(0).standard_normal((side, side)).astype(np.float32)
    out = np.empty_like(a)
    for _ in range(5):
        began = time.perf_counter()
        np.matmul(a, a, out=out)
        best = min(best, time.perf_counter() - began)
    return 2 * side**3 / best


def product_operations(shape: Shape) -> int:
    """Multiplications and additions of a step's five products, the biases as columns."""
    inputs, units, classes = shape.X.shape[1] + 1, shape.units, shape.classes
    return 2 * shape.batch_size * (2 * inputs * units + 2 * (units + 1) * classes + units * classes)
