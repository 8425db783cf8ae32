"""One network trained: NumPy and numba. Workers import these modules, so this file imports nothing.

In this room:

    memory.py       how much memory a training takes
    settings.py     Hyperparameters, Architecture: what is chosen
    examples.py     the data as the engine reads it
    parameters.py   initialise: the parameters, and where they lie
    network.py      forward, error, backward, step
    activations.py  those of hidden units, and their slopes
    losses.py       the loss of each example
    training.py     one network in training, and what was measured of it
    descent.py      the loop: mini-batches, iterations, checkpoints
    metrics.py      what each metric is
    diagnostics.py  how they are measured
    products.py     the matrix products of a layer
    tiles.py        these in tiles
    vectors.py      the vector registers that hold a tile
    elementary.py   exp, tanh and log
    compilation.py  how all this is compiled, once
    signals.py      signals that ask to stop, held off while something is half done
"""
