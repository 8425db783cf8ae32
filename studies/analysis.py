"""An analysis of your own, on the results of `make search STUDY=digits` and `make survey STUDY=digits`.

Run it with the environment that make has set up: .venv/bin/python studies/analysis.py
"""

import sys

import pandas as pd

import hpsearch


def main(name="digits", results="results"):
    r = hpsearch.load(name, results=results)

    # Every trial is a row: settings with their natural types, metrics where training ended, times.
    trials = r.trials[r.trials["state"] == "COMPLETE"]
    good = trials.nsmallest(20, "value")
    print(good[["learning_rate", "momentum", "value"]].describe().round(3))

    # A table of one's own: the effective step, which momentum and the learning rate make together, in five classes.
    step = trials["learning_rate"] / (1 - trials["momentum"])
    classes = pd.qcut(step.rename("effective_step"), 5)
    print(trials.groupby(classes, observed=True)["validation_loss"].agg(["median", "min", "size"]).round(3))

    # What was measured: shares of the variance with intervals, and a verdict for each setting.
    sensitivity = r.sensitivity("validation_error", form="rank")
    shown = sensitivity.set_index("hyperparameter")[["total_order", "total_low", "total_high", "verdict"]]
    print(shown.round(3))

    # Figures take tables: filter a table and draw what is left. Figures are plotly's, with its own ways to save.
    settings = sensitivity[sensitivity["hyperparameter"] != "seed"]
    hpsearch.figures.sensitivity(settings).write_html(f"{results}/{name}-settings.html")

    # The chosen network answers raw rows, as they are in the data it was trained on.
    row = pd.DataFrame([dict.fromkeys(r.best.network.preparation.columns, 0.0)])
    print(f"an empty row is taken for {r.best.network.predict(row)[0]}")


if __name__ == "__main__":
    main(*sys.argv[1:])
