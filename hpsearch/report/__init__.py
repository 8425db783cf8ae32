"""Tables to something to look at.

In this room:

    terminal.py   tables and sentences for a terminal
    dashboard.py  the Optuna dashboard, served on this machine
"""
