"""The command line (Typer and Rich). Only this package prints, reads argv or exits."""
