"""Any study to DataFrames.

In this room, of which a worker process imports some files without Optuna and pandas:

    frames.py        the tables: their columns and dtypes
    names.py         the name of a study in the results; ResultsError
    catalogue.py     which studies a storage holds
    study.py         Results, load
    trials.py        the tables of a study's trials, as they are now
    networks.py      the networks of a study's trials, trained again
    foreign.py       columns of what other programs stored: names of their own, values of one kind
    best.py          the chosen setting
    standings.py     which trials stand out: the best by the study's rules, or one by its number
    profiles.py      the tables of Results that train around the best, and keep what they trained
    searches.py      the tables of a search for its figures: history, space, bands of curves
    refinement.py    what to try after a study: by its survey, or else by its trials
    rounds.py        a search in rounds
    arms.py          what the rounds chose, and one unrefined search of the same cost
    payoff.py        what rounds pay: both on fresh seeds, over several sampler seeds
    transfers.py     what the best of one study loses on another, and which single setting serves all best
    comparison.py    studies side by side
    units.py         the first layer's weights while they are learned
    lesson.py        the lesson: each claim's study searched or read, and judged
    applications.py  of its L7 the studies of all data sets
    plots.py         each table as a figure
    observations.py  the trials of any study that importances come from, and their values
    evenness.py      whether they are spread evenly over each parameter
    points.py        settings as points of the unit cube, each with a value
    samples.py       the trials of any study as such points, one a setting
    divergences.py   PED-ANOVA: densities of the best trials against those of all
    forest.py        fANOVA: the marginals of a forest
    measures.py      three measures of importance, and what permutations give
    processes.py     processes that share one piece of data
    resampling.py    permutations and half samples, on any number of processes
    surrogates.py    importance of any study, by these measures
    importances.py   the same, kept with the study
"""
