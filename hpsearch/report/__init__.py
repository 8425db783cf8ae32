"""Tables to something to look at.

In this room:

    page.py       sections to one HTML file (page.html is its frame)
    sections.py   the sections of a study's page
    sentences.py  what tables say, in sentences
    facts.py      how a study was made, and what its page does not say
    terminal.py   tables and sentences for a terminal
    lesson.py     the lesson's verdicts, for a terminal and as the sections of its page
    dashboard.py  the Optuna dashboard, served on this machine
"""
