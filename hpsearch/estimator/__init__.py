"""The shallow network as scikit-learn estimators.

What is chosen (hyperparameters, the network's shape, the seed) are constructor arguments and stay as they were given;
what is learned (weights, biases, the classes) are attributes that end in ``_``. The defaults, and the rules for what
may be given, are those of a study. With the same settings on the same arrays the weights are, to the bit, those of a
trial. In this room:

    base.py      what the two share: arguments, checks, training
    networks.py  ShallowNetworkClassifier, ShallowNetworkRegressor
"""

from hpsearch.estimator.networks import ShallowNetworkClassifier, ShallowNetworkRegressor

__all__ = ["ShallowNetworkClassifier", "ShallowNetworkRegressor"]
