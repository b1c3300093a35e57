"""Shared test helpers: random people, small tables, a browser, forked trainings."""
