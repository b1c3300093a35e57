"""What other work takes of the processor, and what is said about it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from agreid_cli import cores
from agreid_cli.cores import taken_cores
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages import doctor
from agreid_cli.stages.run import before
from tests.support.heard import Heard


def test_the_share_of_the_ticks_that_were_not_idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat = tmp_path / "stat"
    stat.write_text("cpu  100 0 0 100 0 0 0 0 0 0\n")

    def sleep(seconds: float) -> None:
        stat.write_text("cpu  130 0 0 105 5 0 0 0 0 0\n")  # of 40 ticks, 10 idle or waiting for a disk

    monkeypatch.setattr(cores, "STAT", stat)
    monkeypatch.setattr("time.sleep", sleep)
    monkeypatch.setattr("os.cpu_count", lambda: 4)
    assert taken_cores() == pytest.approx(3)
    stat.write_text("other text\n")
    assert taken_cores() is None
    stat.unlink()
    assert taken_cores() is None


def test_a_busy_machine_is_named_with_what_to_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (doctor, before):
        monkeypatch.setattr(module, "usable_cores", lambda: 2)
        monkeypatch.setattr(module, "taken_cores", lambda: 1.1)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    found = doctor.examine(Workspace(tmp_path))[1]
    assert (found.state, found.found) == ("note", "2 cores, 1.1 of them taken by other work")
    assert "OMP_NUM_THREADS=1" in found.fix
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert doctor.examine(Workspace(tmp_path))[1].state == "ok"

    heard = Heard()
    for threads in (1, 2):
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        before.say_crowded(torch.device("cpu"), heard)
    [said] = heard.notes
    assert "other work takes 1.1 of 2 cores, and 2 threads" in said
    assert "OMP_NUM_THREADS=1" in said
    before.say_crowded(torch.device("cuda"), heard)
    assert len(heard.notes) == 1
