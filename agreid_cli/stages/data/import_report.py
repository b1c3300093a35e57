"""What a user should know about an import beyond the counts: unused files, odd cameras, missing lists."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from agreid_cli.datasets.counts import people
from agreid_cli.datasets.formats import admits
from agreid_cli.datasets.recognise import image_folders
from agreid_cli.datasets.rows import Dataset, Layout, Row
from agreid_cli.datasets.tree import find_file
from agreid_cli.datasets.unused import NOT_READ, Unused, say_unused, say_vanished, unused, vanished
from agreid_cli.errors import Problem
from agreid_cli.progress import Progress
from agreid_cli.records.directions import DIRECTIONS
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.data.attribute_files import Attributes


def find_unused(
    rows: Sequence[Row],
    left_out: Sequence[Problem],
    source: Dataset,
    layout: Layout,
    root: Path,
    attributes: Path | None,
    workspace: Workspace,
) -> list[Unused]:
    """The files under `root` that are not a row, not reported as left out, and not a list that was read."""
    used = {path for row in rows for path in (row.path, *row.also)} | {problem.where for problem in left_out}
    lists = (*layout.folders, *layout.any_of, *(name for name, _ in layout.optional))
    read = [root / name for name in lists] + ([attributes] if attributes else [])
    used |= {os.path.relpath(path, root).replace(os.sep, "/") for path in read if path.is_file()}
    read_in = image_folders(layout, root)
    if not layout.whole:  # lists may name images of other folders
        read_in += sorted({row.path.partition("/")[0] for row in rows} - set(read_in))
    here = os.path.realpath(root)
    own = [os.path.relpath(path, here).replace(os.sep, "/") for path in workspace.own_files()]
    return unused(root, used, read_in, own)


def report_unused(
    rows: Sequence[Row],
    left_out: Sequence[Problem],
    passed_over: Sequence[Unused],
    source: Dataset,
    layout: Layout,
    progress: Progress,
) -> None:
    """Warn of files that were skipped and of identities that are lost with them; note unused folders."""
    warnings, notes = say_unused(passed_over)
    lost = [problem.where for problem in left_out]
    lost += [path for group in passed_over if group.why == NOT_READ for path in group.paths]
    if gone := vanished(rows, lost, layout, source.distractor_pids):
        warnings.append(say_vanished(gone))
    for text in warnings:
        progress.warn(text)
    for text in notes:
        progress.note(text)


def advise(
    source: Dataset, layout: Layout, rows: Sequence[Row], found: Attributes, root: Path, progress: Progress
) -> None:
    """What the counts alone do not say."""
    if source.remark:
        progress.note(source.remark)
    for name, loss in layout.optional:
        if find_file(root, (name,)) is None:
            progress.warn(f"{name} is neither in {root} nor beside it: {loss}")
    if others := sorted({row.camid for row in rows} - set(source.camids)) if source.camids else []:
        shown = ", ".join(map(str, others[:10])) + (" …" if len(others) > 10 else "")
        platforms = " and ".join(sorted({row.platform for row in rows if row.camid in others}))
        progress.warn(
            f"camera {shown}: {source.title} has cameras {source.camids[0]} to {source.camids[-1]} only. "
            f"All their crops are taken for {platforms}; is this another data set?"
        )
    strangers: Counter[tuple[str, str]] = Counter()
    for row in rows:
        for role in row.roles:
            part, _, direction = role.partition(":")
            if direction and not admits(DIRECTIONS[direction], part, row.platform):
                strangers[role, row.platform] += 1
    for (role, platform), n in sorted(strangers.items()):
        progress.warn(f"{n} crops published as {role} come from a {platform} camera; they keep that role")
    if found.path is not None:
        lacking = people(source, rows) - set(found.of_pid)
        if lacking:
            shown = ", ".join(str(pid) for pid in sorted(lacking)[:5])
            progress.warn(f"{len(lacking)} identities are missing in {found.path.name}: {shown}")
