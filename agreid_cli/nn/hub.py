"""timm's pretrained weights: from its cache, else from its hub, with a quick error if neither is
available."""

from __future__ import annotations

import contextlib
import logging
import socket
import urllib.request
from collections.abc import Iterator
from urllib.parse import urlsplit

from torch import Tensor

from agreid_cli.errors import MissingError, first_line

SECONDS = 3.0  # timeout for the hub


def from_timm(name: str) -> dict[str, Tensor]:
    """The weights by their timm name.

    Raises `MissingError` if they are not cached and the hub cannot be reached or does not have them.
    """
    import timm

    try:
        with _cache_alone_when_cut_off():
            net = timm.create_model(name, pretrained=True, num_classes=0)
    except Exception as error:  # the hub's client raises many kinds of errors without a network
        reason = first_line(error)
        raise MissingError(
            f"the weights {name} are not in timm's cache and could not be downloaded: {reason}",
            hint="Download them on a machine with a network and give the file (model.weights=PATH), "
            "or use random initialisation (model.weights=none).",
        ) from error
    state: dict[str, Tensor] = net.state_dict()
    return state


@contextlib.contextmanager
def _cache_alone_when_cut_off() -> Iterator[None]:
    """Without a network the hub's client retries for 47 seconds and prints 24 lines; try once instead."""
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
        return True  # through a proxy, which resolves names that this machine cannot
    port = url.port or (80 if url.scheme == "http" else 443)
    try:
        with socket.create_connection((url.hostname or "", port), timeout=SECONDS):
            return True
    except OSError:
        return False
