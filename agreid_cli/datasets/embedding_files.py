"""Read embeddings from files of other programs: Parquet, .npz, .npy with .csv, torch and Matlab files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from agreid_cli.datasets import embedding_readers as readers
from agreid_cli.datasets.embedding_keys import by_file_name
from agreid_cli.datasets.embedding_multi import with_multi_query
from agreid_cli.errors import InputError, MissingError
from agreid_cli.records.embeddings import Part

READERS: dict[str, Callable[[Path], list[Part]]] = {
    ".parquet": readers.read_parquet,
    ".npz": readers.read_npz,
    ".pt": readers.read_torch,
    ".pth": readers.read_torch,
    ".mat": readers.read_mat,
}
FORMATS = ", ".join([*READERS, ".npy with .csv"])
PICKLES = (".pkl", ".pickle")


def read_files(files: Sequence[Path]) -> list[Part]:
    """The parts of all files. A .npy takes the names of its rows from the .csv given with it or beside it.

    If no file says which rows are queries but the file names do ("bot_query.npy", "bot_gallery.npy"),
    the file names decide.
    """
    for path in files:
        if not path.is_file():
            what = "is a folder" if path.is_dir() else "does not exist"
            raise MissingError(f"{path} {what}", hint=f"Embeddings are read from {FORMATS}")
    arrays = [path for path in files if path.suffix.lower() != ".csv"]
    tables = _tables([path for path in files if path.suffix.lower() == ".csv"], arrays)
    parts: list[Part] = []
    stems: list[str] = []
    for path in arrays:
        found = readers.read_npy(path, tables[path]) if path in tables else _reader(path)(path)
        parts += found
        stems += [path.stem] * len(found)
    told = by_file_name(parts, stems)
    named = [
        replace(part, role=[role] * len(part)) if role else part
        for part, role in zip(parts, told, strict=True)
    ]
    return with_multi_query(named)


def _reader(path: Path) -> Callable[[Path], list[Part]]:
    suffix = path.suffix.lower()
    if suffix in PICKLES:
        raise InputError(f"{path}: {readers.PICKLE}", hint=readers.SAVE_NPZ)
    if suffix not in READERS:
        raise InputError(f"{path}: embeddings are read from {FORMATS}", hint=readers.SAVE_NPZ)
    return READERS[suffix]


def _tables(tables: Sequence[Path], arrays: Sequence[Path]) -> dict[Path, Path]:
    """Which .csv belongs to which .npy: if there is one each, these; else those with equal names."""
    wanting = [path for path in arrays if path.suffix.lower() == ".npy"]
    pairs = {path: path.with_suffix(".csv") for path in wanting}
    if len(tables) == len(wanting) == 1:
        pairs = {wanting[0]: tables[0]}
    by_stem = {table.stem: table for table in tables}
    pairs.update({path: by_stem[path.stem] for path in wanting if path.stem in by_stem})
    idle = [str(table) for table in tables if table not in pairs.values()]
    lonely = [str(path) for path in wanting if not pairs[path].is_file()]
    if idle or lonely:
        raise MissingError(
            f"no .npy matches {', '.join(idle)}" if idle else f"no .csv matches {', '.join(lonely)}",
            hint="Give a .npy and a .csv of the same name; the csv has one line per row of the array, with "
            "the columns crop_id, pid, camid, platform and optionally role.",
        )
    return pairs
