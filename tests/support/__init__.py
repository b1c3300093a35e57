"""Helpers that tests share: drawn people, small tables, a browser, forked trainings."""
