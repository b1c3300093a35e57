"""Real command-line processes without the import time: a warm process that forks.

A fork has its own signals, streams and exit code, so Ctrl-C, `kill -9` and two runs at once can be tried as a
user would meet them, many times over. Nothing runs in the warm process itself, so nothing is carried over.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
#: What Python tells an audit hook before it changes a folder.
CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"}


@dataclass
class Run:
    """One forked run. out, err: the files of its streams."""

    pid: int
    out: Path
    err: Path

    @property
    def stderr(self) -> str:
        return self.err.read_text()

    @property
    def stdout(self) -> str:
        return self.out.read_text()


@dataclass
class Warm:
    """The warm process. `start` begins `agreid WORDS...` in a fork, `wait` gives its exit code."""

    folder: Path
    _server: Any = None
    _runs: int = field(default=0)

    def start(self, *words: str | Path, cwd: Path, **how: Any) -> Run:
        """how: `pause_s` a frame, `kill_at` the n-th change under `crops/`, `count_to` a file for the number
        of changes, `real` for real networks, `env` on top of ours."""
        self._runs += 1
        streams = [str(self.folder / f"{self._runs}.{name}") for name in ("out", "err")]
        job = {"words": [str(w) for w in words], "cwd": str(cwd), "streams": streams, **how}
        return Run(self._ask(job), *map(Path, streams))

    def wait(self, run: Run) -> int:
        """The exit code; negative for a signal that killed it."""
        return self._ask({"wait": run.pid})

    def run(self, *words: str | Path, cwd: Path, **how: Any) -> tuple[int, str, str]:
        """Exit code, stdout, stderr of a run to its end."""
        started = self.start(*words, cwd=cwd, **how)
        code = self.wait(started)
        return code, started.stdout, started.stderr

    def python(self, code: str, cwd: Path, **how: Any) -> tuple[int, str, str]:
        """The same for some Python code instead of the command line."""
        return self.run(code=code, cwd=cwd, **how)

    def close(self) -> None:
        if self._server is not None:
            self._server.stdin.close()
            self._server.wait()

    def preload(self, *modules: str) -> None:
        """Import what the runs to come need, so that none of them must."""
        self._ask({"preload": modules})

    def _ask(self, job: dict[str, Any]) -> int:
        if self._server is None:
            self._server = subprocess.Popen(
                [sys.executable, "-c", "from tests.support.forked import serve; serve()"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        self._server.stdin.write(json.dumps(job, default=str) + "\n")
        self._server.stdin.flush()
        return int(self._server.stdout.readline())


def until(condition: Any, run: Run) -> None:
    """Wait for something to happen in a run that goes on meanwhile."""
    for _ in range(3000):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError(f"it never came to that: {run.stderr}")


def serve() -> None:
    """Fork for each line of stdin; answer with a process id or an exit code."""
    import pandas
    import rich.table

    import agreid_cli.cli.app
    import agreid_cli.config.load
    import agreid_cli.stages.video.extract_crops
    from agreid_cli.vision.sources import KINDS
    from agreid_cli.vision.tracker import BoxmotTracker
    from tests.support import tiny

    # What a fork imports by itself it reads anew: an edit of the checkout would make two forks differ.
    for opener in KINDS.values():
        importlib.import_module(opener.partition(":")[0])
    BoxmotTracker("strongsort", options={}, same_person=0.2, frame_size=tiny.SIZE, motion_px=0)
    del pandas, rich, agreid_cli
    for line in sys.stdin:
        job = json.loads(line)
        if "preload" in job:
            for module in job["preload"]:
                importlib.import_module(module)
            answer = 0
        elif "wait" in job:
            _, status = os.waitpid(job["wait"], 0)
            answer = os.waitstatus_to_exitcode(status)
        else:
            answer = os.fork()
            if not answer:
                _child(job)
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


def _child(job: dict[str, Any]) -> None:
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a background job's shell has it ignored
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for number, path in enumerate(job["streams"], start=1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    code: Any = 1
    try:
        os.chdir(job["cwd"])
        for name, value in {"NO_COLOR": "1", "COLUMNS": "200", **job.get("env", {})}.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})
        changes = _watch(job.get("kill_at", 0))
        if "code" in job:
            exec(job["code"], {"__name__": "forked"})
            raise SystemExit(0)
        if not job.get("real"):
            from agreid_cli.stages.video import extract_crops as stage
            from tests.support import tiny

            stage.load_networks = tiny.loader(tiny.ColourFinder(job.get("pause_s", 0.0)))
        from agreid_cli.cli.app import main

        sys.argv = ["agreid", *job["words"]]
        main()
    except SystemExit as stop:
        code = stop.code or 0
    except BaseException:
        traceback.print_exc()
    if "count_to" in job:
        Path(job["count_to"]).write_text(str(changes[0]))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _watch(kill_at: int) -> list[int]:
    """Count the changes under `crops/`; die without warning before the `kill_at`-th."""
    changes = [0]

    def hook(event: str, words: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(words[2], int) and words[2] & (os.O_WRONLY | os.O_RDWR)
        if (writes or event in CHANGES) and "crops" in str(words[0]):
            changes[0] += 1
            if changes[0] == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    return changes
