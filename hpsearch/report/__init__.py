"""Tables to something to look at.

terminal.py   tables and sentences for a terminal
notes.py      the notes of a study's page in the dashboard
dashboard.py  the Optuna dashboard, served on this machine
"""
