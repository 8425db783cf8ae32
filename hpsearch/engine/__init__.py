"""Networks trained: NumPy alone. Workers import these modules, so this file imports nothing.

In this room:

    settings.py     Hyperparameters, Architecture: what is chosen
    examples.py     the data as the engine reads it
    network.py      initialise, forward, loss, backward
    training.py     the loop: mini-batches, descent step, checkpoints
    diagnostics.py  the metrics
    threads.py      one BLAS thread
"""
