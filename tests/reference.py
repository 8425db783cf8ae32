"""One network, trained slowly and plainly in float64: the oracle of the engine. It shares no code with it.

Examples are rows here. A layer is a pair (W, b) with W of shape (inputs, units).
"""

import numpy as np

ACTIVATIONS = {
    "tanh": (np.tanh, lambda a: 1 - a**2),
    "relu": (lambda z: np.where(z > 0, z, 0.0), lambda a: (a > 0).astype(float)),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda a: a * (1 - a)),
}


def forward(layers, X, activation):
    """Activations of every hidden layer (the input first), and the logits."""
    hidden = [X]
    for W, b in layers[:-1]:
        hidden.append(ACTIVATIONS[activation][0](hidden[-1] @ W + b))
    W, b = layers[-1]
    return hidden, hidden[-1] @ W + b


def outputs(logits, output):
    if output == "softmax":
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)
    return 1 / (1 + np.exp(-logits)) if output == "binary" else logits


def loss(layers, X, Y, activation, output):
    """Mean loss over the rows; Y is one-hot, 0/1 or real, always two-dimensional."""
    out = outputs(forward(layers, X, activation)[1], output)
    if output == "softmax":
        return -np.mean(np.sum(Y * np.log(out), axis=1))
    if output == "binary":
        return -np.mean(Y * np.log(out) + (1 - Y) * np.log(1 - out))
    return np.mean(0.5 * np.sum((out - Y) ** 2, axis=1))


def cost(layers, X, Y, activation, output, l2):
    return loss(layers, X, Y, activation, output) + l2 / 2 * sum(np.sum(W**2) for W, _ in layers)


def gradients(layers, X, Y, activation, output, l2):
    hidden, logits = forward(layers, X, activation)
    delta = (outputs(logits, output) - Y) / len(X)
    found = []
    for depth in range(len(layers) - 1, -1, -1):
        W = layers[depth][0]
        found.insert(0, (hidden[depth].T @ delta + l2 * W, delta.sum(axis=0)))
        if depth:
            delta = (delta @ W.T) * ACTIVATIONS[activation][1](hidden[depth])
    return found


def train(layers, X, Y, batches, *, activation, output, learning_rate, momentum, l2):
    """Descend over an explicit list of mini-batches (row indexes); gives new layers."""
    layers = [(W.copy(), b.copy()) for W, b in layers]
    speed = [(np.zeros_like(W), np.zeros_like(b)) for W, b in layers]
    for rows in batches:
        found = gradients(layers, X[rows], Y[rows], activation, output, l2)
        speed = [
            (momentum * vW - learning_rate * dW, momentum * vb - learning_rate * db)
            for (vW, vb), (dW, db) in zip(speed, found, strict=True)
        ]
        layers = [(W + vW, b + vb) for (W, b), (vW, vb) in zip(layers, speed, strict=True)]
    return layers
