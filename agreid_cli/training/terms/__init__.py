"""The table of loss terms. Importing it does not load torch.

A term is a module `term(out, batch) -> scalar`, one file here and one line in the table. It is unweighted
and computed in float32. It may have parameters. Its keyword arguments are its options; if it has
arguments `n_ids` and `width` (of the features compared by the metric loss), they are passed in. A term that
reads outputs of one kind of head has `of_method = True`: the methods with that head add it, not `loss.terms`.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from agreid_cli.errors import InputError

if TYPE_CHECKING:
    from torch import nn

TERMS = {
    "cross-entropy": "agreid_cli.training.terms.cross_entropy:CrossEntropy",
    "triplet": "agreid_cli.training.terms.triplet:Triplet",
    "center": "agreid_cli.training.terms.center:Center",
    "view": "agreid_cli.training.terms.view:View",
    "attributes": "agreid_cli.training.terms.attributes:Attributes",
    "orthogonality": "agreid_cli.training.terms.orthogonality:Orthogonality",
}


def make_term(name: str, options: Mapping[str, Any], *, n_ids: int, width: int) -> nn.Module:
    """The term of this name; `InputError` for an unknown name or option, or a missing one."""
    from agreid_cli.nn.tables import check_options, part

    make = part(TERMS, name, what="loss term")
    check_options(make, options, what=f"the loss term {name}")
    known = inspect.signature(make).parameters
    given = {key: value for key, value in (("n_ids", n_ids), ("width", width)) if key in known} | {**options}
    needed = [p.name for p in known.values() if p.kind is p.KEYWORD_ONLY and p.default is p.empty]
    if missing := [key for key in needed if key not in given]:
        raise InputError(f"the loss term {name} needs the option {', '.join(missing)}")
    term: nn.Module = make(**given)
    return term


def is_of_method(name: str) -> bool:
    """Whether the term reads outputs of one kind of head; `InputError` for an unknown name."""
    from agreid_cli.nn.tables import part

    return bool(getattr(part(TERMS, name, what="loss term"), "of_method", False))
