"""Errors shown to users: what is wrong, where, and what to do next.

A function that checks input collects all problems in `Problems` and raises once, so that a user can
fix a file in one pass. Only bugs in agreid end in a traceback.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Problem:
    """One problem: `where` is the place ("attributes.csv, line 3, column age"), `what` the fault."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class AgreidError(Exception):
    """What went wrong (`message`), where (`problems`), what to do next (`hint`)."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", problems: Sequence[Problem] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = [self.message, *(f"  {problem}" for problem in self.problems)]
        return "\n".join([*lines, self.hint] if self.hint else lines)


class InputError(AgreidError):
    """A file or value that the user gave cannot be used."""


class MissingError(InputError):
    """A required artefact, weight file or optional package is missing."""


class UsageError(AgreidError):
    """The command-line arguments do not fit together; exit code 2, as for other command-line tools."""

    exit_code = 2


class Terminated(KeyboardInterrupt):
    """SIGTERM arrived. It unwinds like Ctrl-C, so that every `finally` block runs, and exits with 143."""


@dataclass
class Problems:
    """Collects problems and raises them together."""

    found: list[Problem] = field(default_factory=list)

    def add(self, where: str, what: str) -> None:
        self.found.append(Problem(where, what))

    def raise_if_any(self, message: str, *, hint: str = "", kind: type[AgreidError] = InputError) -> None:
        """Raise `kind` with all problems; `{n}` in the message is replaced by their number."""
        if self.found:
            raise kind(message.replace("{n}", str(len(self.found))), hint=hint, problems=self.found)


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """`"; did you mean 'x'?"` for the closest choice, or the list of choices if none is close.

    >>> did_you_mean("blakc", ["black", "white"])
    "; did you mean 'black'?"
    """
    options = [str(choice) for choice in choices]
    by_lower = {option.lower(): option for option in options}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{by_lower[near[0]]}'?"
    return f"; allowed: {', '.join(options)}" if options else ""
