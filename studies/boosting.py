r"""Gradient boosting on breast_cancer, surveyed: which of its settings matter for the loss on held-out examples?

    hpsearch survey boosting --function studies.boosting:loss --space studies/spaces/boosting.toml --until decided \
        --timeout 2m --workers 2 --processes

or, with the same numbers, ``python -m studies.boosting``. Stopped at any time, either goes on.
"""

from functools import cache

import hpsearch
from hpsearch.config.function_space import load_space


@cache
def examples():
    from sklearn.datasets import load_breast_cancer

    return load_breast_cancer(return_X_y=True)


def loss(learning_rate, max_iter, max_leaf_nodes, min_samples_leaf, l2_regularization, seed):
    """Log loss and error on a third of the examples; the seed draws which third, and is all the luck there is."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import log_loss, zero_one_loss
    from sklearn.model_selection import train_test_split
    from threadpoolctl import threadpool_limits

    X, X_test, y, y_test = train_test_split(*examples(), test_size=1 / 3, random_state=seed)
    model = HistGradientBoostingClassifier(
        learning_rate=learning_rate,
        max_iter=max_iter,
        max_leaf_nodes=max_leaf_nodes,
        min_samples_leaf=min_samples_leaf,
        l2_regularization=l2_regularization,
        early_stopping=False,
    )
    with threadpool_limits(1):  # the workers share the cores, not the threads of one model
        model.fit(X, y)
        probability = model.predict_proba(X_test)
    return {
        "log_loss": log_loss(y_test, probability),
        "error": zero_one_loss(y_test, probability[:, 1] > 0.5),
    }


if __name__ == "__main__":
    file = load_space("studies/spaces/boosting.toml")
    survey = hpsearch.survey(
        loss,
        file.space,
        **file.size,
        ceilings=file.ceilings,
        name="boosting",
        workers=2,
        processes=True,
        until="decided",
        timeout=120,
        on_progress=print,
    )
    print(survey.sensitivity()[["hyperparameter", "total_order", "total_low", "total_high", "verdict"]])
