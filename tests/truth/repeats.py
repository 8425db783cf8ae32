"""How often, and on how many processes."""

REPEATS = 200
WORKERS = 2
