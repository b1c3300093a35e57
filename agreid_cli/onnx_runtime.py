"""Networks in ONNX Runtime, two to four times as fast as torch on a CPU (tests/benchmarks/RESULTS.md).

Torch's older exporter is used because it traces faster. Each exported network is compared with torch before
use.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from agreid_cli.errors import AgreidError, first_line

if TYPE_CHECKING:
    import numpy as np
    import torch

#: Increase it to invalidate files that were traced before.
VERSION = 1
OPSET = 17
#: Maximum difference from torch, relative to the largest value.
TOLERANCE = 1e-4
#: Batch sizes of the comparison, different from the traced one.
CHECKED = (1, 5)

Run = Callable[["dict[str, np.ndarray]"], "np.ndarray"]
RunAll = Callable[["dict[str, np.ndarray]"], "list[np.ndarray]"]


def name() -> str:
    """The name and version of the runtime, for records."""
    return f"onnxruntime {importlib.metadata.version('onnxruntime')}"


def traced(
    network: torch.nn.Module, inputs: dict[str, torch.Tensor], outputs: Sequence[str] = ("output",)
) -> bytes:
    """The network as ONNX, for batches of any size.

    network: in eval mode on the CPU; takes the inputs in order and returns one tensor, or a tuple of
    `outputs`. The first dimension of each is the batch. Raises `AgreidError` if the network cannot be traced,
    or differs from torch by more than `TOLERANCE`.
    """
    import torch

    data = io.BytesIO()
    axes = {word: {0: "batch"} for word in (*inputs, *outputs)}
    try:
        with quiet(), torch.no_grad():
            torch.onnx.export(
                network, tuple(inputs.values()), data, dynamo=False, opset_version=OPSET,
                input_names=list(inputs), output_names=list(outputs), dynamic_axes=axes,
            )  # fmt: skip
        made = data.getvalue()
        worst = _difference(network, inputs, started_all(made))
    except Exception as error:  # the exporter and the runtime raise many types
        raise AgreidError(f"ONNX Runtime cannot run this network: {first_line(error)}") from error
    if not worst <= TOLERANCE:
        raise AgreidError(f"in ONNX Runtime this network differs from torch by {worst:.2g}")
    return made


def started(data: bytes) -> Run:
    """As `started_all`, for a network with one output."""
    run = started_all(data)
    return lambda inputs: run(inputs)[0]


def started_all(data: bytes) -> RunAll:
    """A function from the inputs by name to the outputs, on as many threads as torch uses.

    Waiting threads do not spin, so the cores stay free for other work.
    """
    import onnxruntime
    import torch

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # errors are raised, and need not be printed too
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    # The tracer removes inputs that the output does not depend on.
    used = {given.name for given in session.get_inputs()}

    def run(inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        outputs: list[np.ndarray] = session.run(None, {word: inputs[word] for word in inputs if word in used})
        return outputs

    return run


def _difference(network: Any, inputs: dict[str, torch.Tensor], run: RunAll) -> float:
    """The largest over all outputs, each relative to its own largest value."""
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
            made = network(*given.values())
        every = run({word: part.numpy() for word, part in given.items()})
        for expected, values in zip(made if isinstance(made, tuple) else (made,), every, strict=True):
            found = torch.from_numpy(values)
            if found.shape != expected.shape:
                return float("inf")
            scale = expected.abs().max().clamp(min=1e-6)
            worst = max(worst, float((found - expected).abs().max() / scale))
    return worst


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence the messages of torch's ONNX exporter; its result is checked numerically.

    A network that it cannot export is printed whole, past Python's streams, if its own log is on. The
    exporter means to keep that log as it was, off, but tests the function that tells in place of its answer;
    so that function is hidden meanwhile.
    """
    import torch

    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    asked = getattr(torch._C, "_jit_is_onnx_log_enabled", None)
    if asked:
        torch._C._jit_is_onnx_log_enabled = False
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
        if asked:
            torch._C._jit_is_onnx_log_enabled = asked
