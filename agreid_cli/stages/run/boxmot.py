"""Prepare a network for export to boxmot, and describe what boxmot can do with it.

boxmot passes only the crop to a re-ID network. It resizes bilinearly without antialiasing to the size in the
file, normalises by ImageNet's mean and deviation, and scales embeddings to length 1.
"""

from __future__ import annotations

from agreid_cli.errors import InputError
from agreid_cli.nn.encoder import Encoder
from agreid_cli.nn.imagenet import BehindImageNet, is_imagenet

BOXMOT = "boxmot"


def for_boxmot(encoder: Encoder) -> Encoder:
    """The same network behind ImageNet's normalisation; `InputError` when it needs side information."""
    if encoder.needs:
        raise InputError(
            f"boxmot cannot run this network: it needs the {_asked(encoder)} of a crop",
            hint="Export it without --for, or train a network that needs the crop alone.",
        )
    if is_imagenet(encoder.model):
        return encoder
    return Encoder(BehindImageNet(encoder.model), size=encoder.size, interpolation=encoder.interpolation)


def boxmot_note(encoder: Encoder) -> str:
    """For the model card: how to use the exported file in boxmot, or why that is not possible."""
    if encoder.needs:
        return (
            f"boxmot cannot run this network: it needs the {_asked(encoder)} of each crop as a further input."
        )
    if not is_imagenet(encoder.model):
        return (
            "boxmot would run this file and give wrong vectors: it normalises crops by ImageNet's mean and "
            "deviation, and the file expects others. Export it with `agreid export-model --for boxmot`."
        )
    height, width = encoder.size
    return (
        "boxmot takes this file as re-ID weights (`--reid-model FILE.onnx`). It resizes crops to "
        f"{height}x{width}, the only size that the file takes, bilinearly and without antialiasing. Crops of "
        "that size give the embeddings of `agreid embed`, of length 1; for others the resizing differs."
    )


def _asked(encoder: Encoder) -> str:
    return " and the ".join(sorted(encoder.needs))
