"""One network trained: NumPy and numba. Workers import these modules, so this file imports nothing.

In this room:

    settings.py     Hyperparameters, Architecture: what is chosen
    examples.py     the data as the engine reads it
    network.py      initialise, forward, loss, backward
    training.py     the loop: mini-batches, descent step, checkpoints
    diagnostics.py  the metrics
    products.py     the matrix products of a layer, in tiles
    elementary.py   exp, tanh and log
    compilation.py  how all this is compiled, once
"""
