"""A Parquet artefact: name, version, Arrow schema, and the invariants checked on write and on read.

A schema changes in two ways. A new nullable column needs no new version: it is read as nulls if an older file
lacks it. Any other change raises the version by one and adds the function that upgrades a table of the
previous version.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from agreid_cli.errors import InputError, MissingError, Problem
from agreid_cli.records.files import writing

SCHEMA_KEY = b"agreid.schema"
#: The writer holds one row group in memory: 134 MB of embeddings with D 512.
ROWS_A_GROUP = 65_536
Check = Callable[[pa.Table], list[Problem]]
Upgrade = Callable[[pa.Table], pa.Table]


@dataclass(frozen=True)
class Artefact:
    """One kind of table on disk.

    `schema` lists the columns; nullable ones may be missing. Additional columns of the user are kept. `check`
    returns the problems of a table whose columns are valid. `made_by` is the command that creates the
    artefact, named in the error if it is missing. `upgrades` has one function per older version n, which
    converts a table of version n to version n + 1.
    """

    name: str
    version: int
    schema: pa.Schema
    made_by: str
    check: Check = field(default=lambda table: [])
    upgrades: Mapping[int, Upgrade] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert set(self.upgrades) == set(range(1, self.version)), f"{self.name}: one upgrade a version"

    def conform(self, table: pa.Table, source: str) -> pa.Table:
        """Order and cast the columns; a missing nullable column is filled with nulls.

        Raises `InputError` with every problem found in `table`.
        """
        problems: list[Problem] = []
        columns: dict[str, pa.ChunkedArray] = {}
        spelt = {_plain(name): name for name in table.column_names}
        for want in self.schema:
            if want.name not in table.column_names:
                other = spelt.get(_plain(want.name))
                if other or not want.nullable:
                    said = f"missing (expected {want.type})" + (f"; rename '{other}'" if other else "")
                    problems.append(Problem(f"column {want.name}", said))
                columns[want.name] = pa.chunked_array([pa.nulls(len(table), want.type)])
                continue
            try:
                columns[want.name] = table[want.name].cast(want.type)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
                problems.append(Problem(f"column {want.name}", f"is not {want.type}: {error}"))
                continue
            empty = columns[want.name].null_count
            if not want.nullable and empty:
                problems.append(Problem(f"column {want.name}", f"{empty} empty values"))
        if not problems:
            extra = [n for n in table.column_names if n not in self.schema.names]
            fields = [*self.schema, *(table.schema.field(n) for n in extra)]
            arrays = [*columns.values(), *(table[n] for n in extra)]
            # Chunking and foreign metadata would change the bytes of equal tables.
            table = pa.Table.from_arrays(arrays, schema=pa.schema(fields)).combine_chunks()
            problems = self.check(table)
        if problems:
            raise InputError(f"{source} is not a valid {self.name} table", problems=problems)
        return table

    def write(self, table: pa.Table, path: Path, metadata: Mapping[str, str] | None = None) -> None:
        """Check `table` and write it atomically; equal tables give equal bytes."""
        table = self.conform(table, str(path))
        marks = {SCHEMA_KEY: f"{self.name}/{self.version}".encode()}
        marks.update({f"agreid.{k}".encode(): v.encode() for k, v in sorted((metadata or {}).items())})
        with writing(path) as temporary:
            stored = _storable(table).replace_schema_metadata(marks)
            pq.write_table(stored, temporary, compression="zstd", row_group_size=ROWS_A_GROUP)

    def read(self, path: Path) -> pa.Table:
        """Read and check the table; raise `MissingError` or `InputError`.

        The metadata passed to `write` are available through `metadata`.
        """
        table = self.load(path)
        marks = table.schema.metadata
        return self.conform(table, str(path)).replace_schema_metadata(marks)

    def load(self, path: Path, without: Collection[str] = ()) -> pa.Table:
        """Read a table of this kind and upgrade it to this version; columns are not checked."""
        if not path.is_file():
            raise MissingError(f"{path} does not exist", hint=f"Create it with: {self.made_by}")
        try:
            columns = (
                [name for name in pq.read_schema(path).names if name not in without] if without else None
            )
            table = pq.read_table(path, columns=columns)
        except (ValueError, pa.ArrowTypeError, OSError) as error:  # ValueError: also names that are not UTF-8
            raise InputError(
                f"{path} cannot be read as Parquet: {error}", hint=f"Create it again with: {self.made_by}"
            ) from error
        mark = (table.schema.metadata or {}).get(SCHEMA_KEY, b"")
        stored = self._version(path, mark.decode("utf-8", "replace"))  # a damaged file may contain any bytes
        marks = table.schema.metadata
        for version in range(stored, self.version):
            table = self.upgrades[version](table)
        return table.replace_schema_metadata(marks)

    def _version(self, path: Path, mark: str) -> int:
        if not mark:
            return self.version  # another program's table: only the columns are checked
        name, _, version = mark.partition("/")
        if name != self.name:
            raise InputError(f"{path} is a {name} table, not a {self.name} table")
        if not version.isdecimal() or not 1 <= int(version) <= self.version:
            raise InputError(
                f"{path} has schema {mark}; this agreid reads up to {self.name}/{self.version}",
                hint="Upgrade agreid: pip install --upgrade agreid",
            )
        return int(version)


def _plain(name: str) -> str:
    """A normalised column name, equal for spelling variants."""
    return name.replace("_", "").casefold()


def _storable(table: pa.Table) -> pa.Table:
    """The table with every fixed-size list column that has null rows converted to a variable-size list.

    Arrow cannot write a null row of a fixed-size list to Parquet; reading casts it back.
    """
    for index, name in enumerate(table.column_names):
        if not pa.types.is_fixed_size_list(table[name].type) or not table[name].null_count:
            continue
        column = table[name].combine_chunks()
        empty = column.is_null().to_numpy(zero_copy_only=False)
        ends = np.cumsum(np.where(empty, 0, column.type.list_size), dtype=np.int32)
        offsets = pa.array(np.concatenate([np.zeros(1, np.int32), ends]))
        plain = pa.ListArray.from_arrays(offsets, column.drop_null().flatten(), mask=pa.array(empty))
        table = table.set_column(index, name, plain)
    return table


def metadata(table: pa.Table) -> dict[str, str]:
    """The `agreid.*` metadata of a table read by an artefact, without the prefix.

    >>> metadata(pa.table({"a": [1]}).replace_schema_metadata({"agreid.codebook": "x", "other": "y"}))
    {'codebook': 'x'}
    """
    marks = {k.decode(): v for k, v in (table.schema.metadata or {}).items()}
    return {k[7:]: v.decode() for k, v in marks.items() if k.startswith("agreid.")}


def duplicates(column: pa.ChunkedArray) -> list[str]:
    """The values that occur more than once in a column, in order."""
    counts = column.value_counts()
    repeated = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
    return sorted(map(str, repeated.to_pylist()))
