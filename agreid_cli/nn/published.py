"""Load checkpoints published by a method's authors, by their own names, into our networks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from agreid_cli.errors import InputError
from agreid_cli.nn.positions import resized_positions
from agreid_cli.nn.weights import ENOUGH, WeightReport

Tensors = dict[str, Tensor]


def _same(state: Tensors) -> Tensors:
    return state


@dataclass(frozen=True)
class Scheme:
    """How the names in one method's checkpoints are translated.

    marker: matches a name that every such checkpoint has, and no other file. rules: pattern of a published
    name → our names in the order in which they are tried, as templates of `re.Match.expand`. prepare:
    transforms the file's tensors first. unused: matches names that the authors' network stores but does not
    use.
    """

    marker: str
    rules: tuple[tuple[str, tuple[str, ...]], ...]
    prepare: Callable[[Tensors], Tensors] = _same
    unused: str = "$^"

    def fits(self, state: Mapping[str, Tensor]) -> bool:
        """Whether this is a checkpoint of the method."""
        return any(re.search(self.marker, name) for name in state)

    def translated(
        self, state: Mapping[str, Tensor], wanted: Mapping[str, Tensor]
    ) -> Iterator[tuple[str, str]]:
        """(published name, our name) of every tensor with a counterpart in `wanted`."""
        for name in state:
            for pattern, templates in self.rules:
                if match := re.fullmatch(pattern, name):
                    ours = (match.expand(template) for template in templates)
                    if found := next((target for target in ours if target in wanted), None):
                        yield name, found
                    break


#: Rules for a backbone with timm's names under a prefix. Blocks are in the stem or in one of two tails.
def trunk_rules(prefix: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The rules of a timm transformer whose names begin with `prefix`, a pattern."""
    return (
        (rf"{prefix}(cls_token|reg_token|pos_embed|patch_embed\..*)", (r"backbone.stem.net.\1",)),
        (rf"{prefix}sie_embed", ("backbone.stem.table.rows",)),
        (rf"{prefix}(view_token|view_pos)", (r"backbone.stem.\1",)),
        (
            rf"{prefix}(blocks\.\d+\..*)",
            (r"backbone.stem.first.\1", r"head.shared.\1", r"head.tail.late.\1"),
        ),
    )


def load_published(
    model: nn.Module, state: Mapping[str, Tensor], scheme: Scheme, *, source: str, grid: tuple[int, int]
) -> WeightReport:
    """Copy a published checkpoint into `model`, including classifiers with the same number of identities.

    grid: rows and columns of the model's patches; positions of another grid are resized. Raises `InputError`
    if less than 90 % of what the embedding needs is found, and names the tensors that do not fit.
    """
    found = scheme.prepare({name.removeprefix("module."): tensor for name, tensor in state.items()})
    wanted = model.state_dict()
    names = dict(scheme.translated(found, wanted))
    resized = []
    fits, misshapen = {}, []
    for theirs, ours in names.items():
        tensor = found[theirs]
        if tensor.shape != wanted[ours].shape and ours.endswith("pos_embed"):
            made = resized_positions(
                {"pos_embed": tensor}, {"pos_embed": wanted[ours]}, prefix_tokens=1, grid=grid
            )
            tensor = made.get("pos_embed", tensor)
            resized += [theirs] if made else []
        if tensor.shape == wanted[ours].shape:
            fits[theirs] = tensor
        else:
            misshapen.append(f"{theirs} {_shape(tensor)} for {_shape(wanted[ours])}")
    needed = {name: t for name, t in wanted.items() if "classifier" not in name}
    loaded_size = sum(wanted[names[theirs]].numel() for theirs in fits if names[theirs] in needed)
    share = loaded_size / max(sum(t.numel() for t in needed.values()), 1)
    filled = {names[theirs] for theirs in fits}
    report = WeightReport(
        source, share=share, loaded=tuple(fits), missing=tuple(n for n in wanted if n not in filled),
        unexpected=tuple(n for n in found if n not in names and not re.fullmatch(scheme.unused, n)),
        misshapen=tuple(misshapen), resized=tuple(resized),
    )  # fmt: skip
    if share < ENOUGH:
        raise InputError(
            f"{source} has only {share:.1%} of what the embedding needs, so nothing was loaded: {report}",
            hint="Compare it with model.size, model.backbone and method.options (stride, prompts).",
        )
    with torch.no_grad():
        for theirs, tensor in fits.items():
            wanted[names[theirs]].copy_(tensor)
    return report


def _shape(tensor: Tensor) -> str:
    return "×".join(map(str, tensor.shape)) or "scalar"
