"""timm's pretrained weights: from its cache, else from its hub, and quickly clear where neither is."""

from __future__ import annotations

import contextlib
import logging
import socket
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

from torch import Tensor

from agreid_cli.errors import MissingError

SECONDS = 3.0  # for the hub to answer at all


def from_timm(name: str) -> dict[str, Tensor]:
    """The weights by timm's name for them.

    Raises `MissingError` when they are not cached and the hub cannot be reached or has none.
    """
    import timm

    try:
        with _cache_alone_when_cut_off():
            net = timm.create_model(name, pretrained=True, num_classes=0)
    except Exception as error:  # the hub's client raises a dozen kinds for "no network"
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise MissingError(
            f"the weights {name} are neither in timm's cache nor could they be fetched: {reason}",
            hint="Fetch them on a machine with a network and name the file (model.weights=PATH), "
            "or start from random numbers (model.weights=none).",
        ) from error
    state: dict[str, Tensor] = net.state_dict()
    return state


@contextlib.contextmanager
def _cache_alone_when_cut_off() -> Iterator[None]:
    """Without a network the hub's client tries for 47 seconds and writes 24 lines; ask once instead."""
    from huggingface_hub import constants

    offline, disabled = constants.HF_HUB_OFFLINE, logging.root.manager.disable
    constants.HF_HUB_OFFLINE = offline or not _answers(constants.ENDPOINT)
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = offline
        logging.disable(disabled)


def _answers(endpoint: str) -> bool:
    url = urlsplit(endpoint)
    if urllib.request.getproxies().get(url.scheme):
        return True  # through a proxy, which knows names that this machine does not
    port = url.port or (80 if url.scheme == "http" else 443)
    try:
        with socket.create_connection((url.hostname or "", port), timeout=SECONDS):
            return True
    except OSError:
        return False
