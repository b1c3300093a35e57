"""Run units on Ray: each worker is an actor, which Ray restarts if it dies. Only this file imports Ray."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from agreid_cli import __version__
from agreid_cli.config.engine import EngineConfig
from agreid_cli.cores import usable_cores
from agreid_cli.engine.units import Failure, Unit, Work
from agreid_cli.engine.worker import Outcome, Setting, Worker
from agreid_cli.errors import AgreidError, MissingError, first_line
from agreid_cli.progress import Heard, Progress, Task
from agreid_cli.records.probe import probe, reach

INSTALL = "Install Ray with: pip install 'agreid[ray]'"
LOOK_EVERY_S, SILENCE_S, STARTS = 0.5, 60.0, 3


def run_on_ray(
    units: Sequence[Unit[Any]],
    open_worker: Callable[[], Work],
    *,
    config: EngineConfig,
    folder: Path,
    label: str,
    noun: str,
    done: Callable[[Unit[Any], Any], None],
    progress: Progress,
) -> list[Failure]:
    """As `run_units`. Raises `MissingError` without Ray, `AgreidError` if no worker can start its work."""
    try:
        import ray as installed
    except ImportError as error:
        raise MissingError("--engine ray needs Ray, which is not installed", hint=INSTALL) from error
    ray: Any = installed  # its types do not know actors with concurrency groups
    with connected(ray, config), probe(folder) as name:
        torch = sys.modules.get("torch")
        threads = torch.get_num_threads() if torch else None
        setting = Setting(folder.resolve(), name, __version__, os.getcwd(), threads)
        kind = ray.remote(
            num_cpus=config.cpus, num_gpus=config.gpus, max_restarts=-1, concurrency_groups={"watch": 1}
        )(Worker)
        kept = ray.put(open_worker)  # while it is referenced here, a worker that is restarted finds it again
        actors = [kind.remote(kept, setting) for _ in range(_workers(ray, config, len(units)))]
        try:
            with progress.task(label, len(units), noun) as task:
                loop = _Loop(ray, units, config, done, progress, task)
                loop.run(actors)
                return loop.failures
        finally:
            for actor in actors:
                ray.kill(actor)


class _Loop:
    """Gives units to free workers until each unit has a result or has failed.

    `busy` maps each pending call to its worker and unit; the unit is None while the worker loads its work.
    """

    def __init__(
        self, ray: Any, units: Sequence[Unit[Any]], config: EngineConfig,
        done: Callable[[Unit[Any], Any], None], progress: Progress, task: Task,
    ) -> None:  # fmt: skip
        self.ray, self.config, self.done, self.progress, self.task = ray, config, done, progress, task
        self.todo, self.left = deque(units), len(units)
        self.deaths: Counter[str] = Counter()
        self.failures: list[Failure] = []
        self.busy: dict[Any, tuple[Any, Unit[Any] | None]] = {}
        self.watched: dict[Any, Any] = {}
        self.steps: Counter[str] = Counter()
        self.start = self.last = time.monotonic()

    def run(self, actors: Sequence[Any]) -> None:
        free: list[Any] = []
        for actor in actors:
            self._open(actor)
        while self.left:
            while free and self.todo:
                actor, unit = free.pop(), self.todo.popleft()
                self.busy[actor.do.remote(unit.what)] = (actor, unit)
            ready, _ = self.ray.wait(list(self.busy), num_returns=1, timeout=LOOK_EVERY_S)
            for ref in ready:
                free += self._settle(ref, *self.busy.pop(ref))
            self._listen()

    def _open(self, actor: Any) -> None:
        # Pending until Ray has (re)started the worker; left pending if all units are done before.
        self.busy[actor.ready.options(max_task_retries=-1).remote()] = (actor, None)

    def _settle(self, ref: Any, actor: Any, unit: Unit[Any] | None) -> list[Any]:
        """The worker, in a list, if it is free; else an empty list."""
        self.last = time.monotonic()
        try:
            value: Outcome | AgreidError | None = self.ray.get(ref)
        except self.ray.exceptions.RayError as error:
            if unit is None:
                why = "agreid is not installed there" if "'agreid_cli'" in str(error) else first_line(error)
                hint = "Install the same agreid, for the same Python, on every node."
                raise AgreidError(f"a Ray worker cannot be started: {why}", hint=hint) from error
            self._died(unit, error)
            self._open(actor)
            return []
        if isinstance(value, AgreidError):
            raise value
        if isinstance(value, Outcome) and unit is not None:
            self._hear(value.heard)
            self.left -= 1
            if value.error is not None:
                self.failures.append(Failure(unit.name, value.error))
            else:
                self.done(unit, value.result)
            self._advance(1)
        return [actor]

    def _died(self, unit: Unit[Any], cause: Exception) -> None:
        self.deaths[unit.name] += 1
        if self.deaths[unit.name] <= self.config.retries:
            self.progress.warn(f"{unit.name}: its worker died; the unit is retried")
            self.todo.appendleft(unit)
            return
        what = f"its worker died {self.deaths[unit.name]} times, the last time with: {first_line(cause)}"
        error = AgreidError(what, hint="Memory may be short: use fewer workers.")
        self.failures.append(Failure(unit.name, error))
        self.left -= 1
        self._advance(1)

    def _listen(self) -> None:
        """Show what the workers report during a unit; warn if no worker has run for a while."""
        for actor, unit in list(self.busy.values()):
            if unit is not None and actor not in self.watched.values():
                self.watched[actor.heard.options(concurrency_group="watch").remote()] = actor
        waiting = list(self.watched)
        for ref in self.ray.wait(waiting, num_returns=len(waiting), timeout=0)[0] if waiting else ():
            del self.watched[ref]
            with contextlib.suppress(self.ray.exceptions.RayError):
                self._hear(self.ray.get(ref))
        self._advance(0)
        if time.monotonic() - self.last > SILENCE_S and not any(unit for _, unit in self.busy.values()):
            self.last = time.monotonic()
            self.progress.warn("no worker is running; the cluster has no free CPU or GPU for one")

    def _hear(self, heard: Heard) -> None:
        self.steps.update(heard.steps)
        heard.tell(self.progress)

    def _advance(self, n: int) -> None:
        passed = max(time.monotonic() - self.start, 1e-9)
        figures: dict[str, int | float | str] = {f"{name}/s": n / passed for name, n in self.steps.items()}
        self.task.advance(n, **figures, failed=len(self.failures))


def _workers(ray: Any, config: EngineConfig, units: int) -> int:
    """The number of workers: as configured, else as many as fit the cluster; at most one per unit."""
    has = ray.cluster_resources()
    cpus, gpus = has.get("CPU", 0), has.get("GPU", 0)
    room = int(min(cpus / config.cpus, gpus / config.gpus if config.gpus else cpus / config.cpus))
    if not room:
        what = f"the Ray cluster has {cpus:g} CPUs and {gpus:g} GPUs; one worker needs {config.cpus:g} CPUs"
        raise AgreidError(f"{what} and {config.gpus:g} GPUs", hint="Change [engine] in agreid.toml.")
    return max(1, min(config.workers or room, units))


@contextlib.contextmanager
def connected(ray: Any, config: EngineConfig) -> Iterator[None]:
    """Connect to a cluster: the current one, the one at the address, or a new one on this machine."""
    if ray.is_initialized():
        yield
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    how: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    if config.address:
        how["address"] = config.address
    else:
        cores = max(usable_cores(), int(config.workers * config.cpus + 0.999))
        how |= {"num_cpus": cores, "include_dashboard": config.dashboard}
        how["object_store_memory"] = config.object_store_mb << 20
    ours = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        _started(ray, how)
    except Exception as error:  # Ray raises plain exceptions too
        what = f"the cluster at {config.address} cannot be reached" if config.address else "it cannot start"
        raise AgreidError(f"Ray: {what}: {first_line(error)}", hint="See [engine] of agreid.toml.") from error
    finally:
        for number, handler in ours.items():  # Ray replaces them
            with contextlib.suppress(ValueError):  # not in the main thread
                signal.signal(number, handler)
    try:
        yield
    finally:
        ray.shutdown()


def _started(ray: Any, how: dict[str, Any]) -> None:
    """Start or join a cluster. Ray's fixed time limit for starting is too short under load: retry then."""
    if "address" in how:
        reach(how["address"])
    for attempt in range(STARTS):
        try:
            ray.init(**how)
            return
        except Exception as error:
            if "address" in how or "timed out" not in str(error) or attempt + 1 == STARTS:
                raise
            ray.shutdown()
