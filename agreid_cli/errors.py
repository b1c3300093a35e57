"""Errors shown to users: what is wrong, where, and what to do next.

A function that checks input collects all problems in `Problems` and raises once, so that a user can fix a
file in one pass. The first twenty problems are shown in full, the others are counted by kind, in linear time.
Only bugs in agreid end in a traceback.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

#: Number of problems shown in full, and number of kinds shown of the others.
SHOWN, KINDS = 20, 5
#: Number of choices searched for the nearest, and number of choices listed.
SEARCHED, LISTED = 1000, 40
_VALUES = re.compile(r"'[^']*'|\b\d[\d,.]*\b")
_COLUMN = re.compile(r"\bcolumn [^,]+$")


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
        self.problems = shortened(problems)

    def __str__(self) -> str:
        lines = [self.message, *(f"  {problem}" for problem in self.problems)]
        return "\n".join([*lines, self.hint] if self.hint else lines)


def first_line(error: BaseException) -> str:
    """The first line of a library's message that is not blank; the name of its class if there is none.

    >>> first_line(ValueError("\\n bad value \\n at line 3")), first_line(ValueError())
    ('bad value', 'ValueError')
    """
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


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
    """Collects problems and raises them together.

    `found` has the first `SHOWN`; `n` counts all of them.
    """

    found: list[Problem] = field(default_factory=list)
    n: int = 0
    _kinds: Counter[str] = field(default_factory=Counter)  # of the problems that are not in `found`

    def add(self, where: str, what: str | Callable[[], str], *, kind: str = "") -> None:
        """`what` may be a function, called only if the problem is shown; else `kind` is counted."""
        self.n += 1
        if len(self.found) < SHOWN:
            self.found.append(Problem(where, what() if callable(what) else what))
        else:
            column = where.rpartition("column ")[2] if kind and "column " in where else ""
            name = f"column {column}: {kind}" if column else kind
            self._kinds[name or _kind(where, what if isinstance(what, str) else "")] += 1

    def extend(self, problems: Iterable[Problem]) -> None:
        """Add several, in order."""
        for problem in problems:
            self.add(problem.where, problem.what)

    def take(self, other: Problems, place: str = "") -> None:
        """Add all that `other` has collected, with `place` before each place."""
        self.extend(Problem(f"{place}: {p.where}" if place else p.where, p.what) for p in other.found)
        self.n += other.n - len(other.found)
        self._kinds.update(other._kinds)

    def all(self) -> list[Problem]:
        """The problems that are shown, and a last one that counts the others by kind."""
        return [*self.found, *_counted(self._kinds)]

    def raise_if_any(self, message: str, *, hint: str = "", kind: type[AgreidError] = InputError) -> None:
        """Raise `kind` with all problems; `{n}` in the message is replaced by their number."""
        if self.n:
            raise kind(message.replace("{n}", f"{self.n:,}"), hint=hint, problems=self.all())


def shortened(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """The first `SHOWN` problems, and one that counts the others by kind.

    >>> [str(p) for p in shortened([Problem(f"line {n}", f"'{n}' is no pid") for n in range(23)])[19:]]
    ["line 19: '19' is no pid", "and 3 more: '…' is no pid"]
    """
    if len(problems) <= SHOWN + 1:  # the last may already be such a count
        return tuple(problems)
    return (*problems[:SHOWN], *_counted(Counter(_kind(p.where, p.what) for p in problems[SHOWN:])))


def _kind(where: str, what: str) -> str:
    """The text that problems of one kind share: the sentence without its values, and the column."""
    column = _COLUMN.search(where)
    said = _VALUES.sub(lambda found: "'…'" if found[0][0] == "'" else "…", what)
    return f"{column[0]}: {said}" if column else said


def _counted(kinds: Counter[str]) -> list[Problem]:
    if not kinds:
        return []
    if len(kinds) == 1:
        words = list(kinds)
    else:
        words = [f"{kind} ({n:,})" for kind, n in kinds.most_common(KINDS)]
        if rest := sum(kinds.values()) - sum(n for _, n in kinds.most_common(KINDS)):
            words.append(f"others ({rest:,})")
    return [Problem("", f"and {sum(kinds.values()):,} more: {'; '.join(words)}")]


def did_you_mean(word: str, choices: Iterable[str]) -> str:
    """`"; did you mean 'x'?"` for the closest choice, or the list of choices if none is close.

    >>> did_you_mean("blakc", ["black", "white"])
    "; did you mean 'black'?"
    """
    options = [str(choice) for choice in choices]
    by_lower = {option.lower(): option for option in _worth_comparing(word, options)}
    near = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.6)
    if near:
        return f"; did you mean '{by_lower[near[0]]}'?"
    more = f" and {len(options) - LISTED:,} more" if len(options) > LISTED else ""
    return f"; allowed: {', '.join(options[:LISTED])}{more}" if options else ""


def _worth_comparing(word: str, options: list[str]) -> list[str]:
    """All choices if there are few; else those that share the word's beginning or end (difflib is slow)."""
    if len(options) <= SEARCHED:
        return options
    start, end = word[:3].lower(), word[-3:].lower()
    alike = [o for o in options if o[:3].lower() == start or o[-3:].lower() == end]
    alike.sort(key=lambda option: abs(len(option) - len(word)))
    return alike[:SEARCHED]
