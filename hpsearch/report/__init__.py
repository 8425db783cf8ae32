"""Tables to something to look at.

In this room:

    page.py         sections to one HTML file (page.html is its frame)
    sections.py     the sections of a study's page
    missing.py      what stands there in place of a search or a survey
    profiles.py     what a page shows around the best, and must be trained for it
    rounds.py       ranges to try next, a search in rounds and what it paid, for a terminal
    ties.py         whether the trials score alike, or like guessing, for a terminal
    edges.py        where the best trials crowd at an end, for a terminal
    sentences.py    what a survey and profiles say, in sentences
    choice.py       what a search chose, in sentences
    facts.py        how a study was made, and what its page does not say
    catalogue.py    the studies of a storage, for a terminal
    tables.py       what reports for a terminal are made of
    search.py       a search, for a terminal
    survey.py       a survey, for a terminal
    importance.py   importances, for a terminal
    functions.py    the survey of a function, for a terminal
    dashboard.py    the Optuna dashboard, served on this machine
    requests.py     the requests that it answers, and those that it refuses
    comparisons.py  a comparison of studies, as tables, sentences and a page
    explanation.py  what each changed setting gained, in sentences and for a terminal
    gains.py        the numbers of that as text
    lesson.py       the lesson's verdicts, for a terminal and as the sections of its page
"""
