"""Typer and Rich: the only place that prints, reads argv or exits."""
