"""Sensitivity of a response to each setting, from tables: with intervals, a noise floor and a verdict."""
