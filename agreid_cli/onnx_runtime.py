"""Networks in ONNX Runtime, which runs them on a CPU two to four times as quickly as torch does.

Torch's older exporter is used on purpose: it traces in a second, where the newer one takes ten. What it made
is compared with torch before it is used.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from agreid_cli.errors import AgreidError

if TYPE_CHECKING:
    import numpy as np
    import torch

#: Raised when files that were traced before must not be used any more.
VERSION = 1
OPSET = 17
#: Largest difference to torch, as a share of the largest value.
TOLERANCE = 1e-4
#: Two batches, neither of the size that was traced with.
CHECKED = (1, 5)

Run = Callable[["dict[str, np.ndarray]"], "np.ndarray"]


def name() -> str:
    """The name and version of the runtime, for records."""
    return f"onnxruntime {importlib.metadata.version('onnxruntime')}"


def traced(network: torch.nn.Module, inputs: dict[str, torch.Tensor]) -> bytes:
    """The network as ONNX, for batches of any size.

    network: in eval mode on the CPU, takes the inputs in their order and gives one tensor; each has the batch
    as its first dimension. Raises `AgreidError` for a network that cannot be traced or that differs from
    torch by more than `TOLERANCE`.
    """
    import torch

    data = io.BytesIO()
    axes = {word: {0: "batch"} for word in (*inputs, "output")}
    try:
        with quiet(), torch.no_grad():
            torch.onnx.export(
                network, tuple(inputs.values()), data, dynamo=False, opset_version=OPSET,
                input_names=list(inputs), output_names=["output"], dynamic_axes=axes,
            )  # fmt: skip
        made = data.getvalue()
        worst = _difference(network, inputs, started(made))
    except Exception as error:  # the exporter and the runtime raise whatever stopped them
        raise AgreidError(f"ONNX Runtime cannot run this network: {_first_line(error)}") from error
    if not worst <= TOLERANCE:
        raise AgreidError(f"in ONNX Runtime this network differs from torch by {worst:.2g}")
    return made


def started(data: bytes) -> Run:
    """A function from the inputs by name to the output, on as many threads as torch uses.

    Its threads do not spin while they wait, so that they leave the cores to others.
    """
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    # The tracer leaves out an input that nothing depends on.
    used = {given.name for given in session.get_inputs()}

    def run(inputs: dict[str, np.ndarray]) -> np.ndarray:
        output: np.ndarray = session.run(None, {word: inputs[word] for word in inputs if word in used})[0]
        return output

    return run


def _difference(network: Any, inputs: dict[str, torch.Tensor], run: Run) -> float:
    import torch

    worst = 0.0
    for batch in CHECKED:
        random = torch.Generator().manual_seed(batch)
        given = {
            word: torch.randn(batch, *part.shape[1:], generator=random)
            if part.is_floating_point()
            else part[:1].expand(batch, *part.shape[1:]).contiguous()
            for word, part in inputs.items()
        }
        with torch.no_grad():
            expected = network(*given.values())
        found = torch.from_numpy(run({word: part.numpy() for word, part in given.items()}))
        if found.shape != expected.shape:
            return float("inf")
        scale = expected.abs().max().clamp(min=1e-6)
        worst = max(worst, float((found - expected).abs().max() / scale))
    return worst


def _first_line(error: Exception) -> str:
    lines: Sequence[str] = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence the messages of torch's ONNX exporter; its result is checked numerically."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
