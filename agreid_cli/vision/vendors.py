"""The interface to ultralytics and boxmot: their global side effects are prevented or undone.

ultralytics accesses the network at import, installs packages, reduces torch's thread count, rewrites
CUDA_VISIBLE_DEVICES, and changes how numpy and torch print; boxmot installs packages too, such as an exact
older ONNX Runtime for ONNX files, and confirms tracks immediately if it believes it runs in GitHub's CI.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from agreid_cli.errors import MissingError

OFFLINE = {
    "YOLO_OFFLINE": "true",
    "YOLO_AUTOINSTALL": "false",
    "YOLO_VERBOSE": "false",
    "ULTRALYTICS_SAFE_LOAD": "true",  # torch's weights_only: a pickle that would run code is refused
}

#: Variables that ultralytics sets when it loads or runs a network.
REWRITTEN = ("CUDA_VISIBLE_DEVICES", "CUBLAS_WORKSPACE_CONFIG")


def ultralytics() -> ModuleType:
    """Import ultralytics offline and safely; `MissingError` if it is not installed."""
    os.environ.update(OFFLINE)
    with _environment_kept(), _drawing_threads_kept(), _looks_kept():
        try:
            return importlib.import_module("ultralytics")
        except ImportError as error:
            raise MissingError(
                f"ultralytics cannot be imported: {error}", hint="pip install ultralytics"
            ) from error


def boxmot() -> ModuleType:
    """Import boxmot with a quiet log and without its installer; `MissingError` if it is not installed."""
    os.environ.update(OFFLINE)  # it may import ultralytics
    try:
        importlib.import_module("boxmot.utils")  # sets up the package's log, so it comes first
        module = importlib.import_module("boxmot")
    except ImportError as error:
        raise MissingError(
            f"boxmot cannot be imported: {error}", hint="pip install 'boxmot>=25,<26'"
        ) from error
    logging.getLogger("boxmot").setLevel(logging.ERROR)
    # It would replace a package under this and every other running process of the environment.
    checker = importlib.import_module("boxmot.utils.checks").RequirementsChecker
    checker._run_install = _install_nothing
    return module


def _install_nothing(*args: Any, **kwargs: Any) -> None:
    """What boxmot wanted is either there in another version, or its import fails with a message."""


@contextlib.contextmanager
def as_the_user_had_it() -> Iterator[None]:
    """Restore torch's and OpenCV's thread counts and the environment after a vendor's call."""
    import torch

    threads = torch.get_num_threads()
    with _environment_kept(*REWRITTEN), _drawing_threads_kept():
        try:
            yield
        finally:
            if torch.get_num_threads() != threads:
                torch.set_num_threads(threads)


@contextlib.contextmanager
def outside_ci() -> Iterator[None]:
    """Hide GITHUB_ACTIONS, under which boxmot ignores n_init and gives different tracks."""
    hidden = os.environ.pop("GITHUB_ACTIONS", None)
    try:
        yield
    finally:
        if hidden is not None:
            os.environ["GITHUB_ACTIONS"] = hidden


@contextlib.contextmanager
def _looks_kept() -> Iterator[None]:
    import warnings

    import numpy as np
    import torch
    from PIL import Image

    options, save, opened = np.get_printoptions(), torch.save, Image.open
    tensors = vars(torch._tensor_str.PRINT_OPTS).copy()
    with warnings.catch_warnings():
        try:
            yield
        finally:
            np.set_printoptions(**options)
            vars(torch._tensor_str.PRINT_OPTS).update(tensors)
            torch.save = save
            Image.open = opened  # ultralytics' own looks for a package to install at every unreadable image


@contextlib.contextmanager
def _environment_kept(*names: str) -> Iterator[None]:
    """Restore some environment variables, or all if none is named.

    During work only the variables changed by the call are named, because other threads change others.
    """
    before = dict(os.environ)
    try:
        yield
    finally:
        for name in names or {*before, *os.environ}:
            if name not in before:
                os.environ.pop(name, None)
            elif os.environ.get(name) != before[name]:
                os.environ[name] = before[name]


@contextlib.contextmanager
def _drawing_threads_kept() -> Iterator[None]:
    import cv2

    threads = cv2.getNumThreads()
    try:
        yield
    finally:
        cv2.setNumThreads(threads)
