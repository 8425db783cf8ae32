"""Populations of shallow networks, trained in lockstep with NumPy.

:mod:`~hpsearch.engine.network` is one pass (initialise, forward, loss, backward), :mod:`~hpsearch.engine.training` the
loop of descent steps, :mod:`~hpsearch.engine.diagnostics` what is measured at a checkpoint.
"""
