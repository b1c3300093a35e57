"""Attribute groups that tell nobody apart are left out of a stream and named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from agreid_cli.attributes.official import official_codebook
from agreid_cli.config.evaluate import EvaluateConfig
from agreid_cli.errors import InputError
from agreid_cli.records.manifest import attribute_matrix, manifest_artefact, read_manifest
from agreid_cli.records.workspace import Workspace
from agreid_cli.stages.explain.evaluate_explain import evaluate_explain
from agreid_cli.stages.run.streams import open_stream
from agreid_cli.stages.run.train import train
from agreid_cli.training.bits import Bits, uninformative
from tests.support.heard import Heard
from tests.support.streams import copy_of_stream, settings
from tests.support.tables import GROUP_SIZES

BOOK = official_codebook()


def with_one_label(workspace: Workspace, labels: dict[str, str]) -> None:
    """Give everyone the bit `labels[group]`."""
    table = read_manifest(workspace.manifest)
    bits = attribute_matrix(table).copy()
    for name, bit in labels.items():
        at = BOOK.names.index(name)
        bits[:, BOOK.starts[at] : BOOK.starts[at] + BOOK.sizes[at]] = 0
        bits[:, BOOK.bits.index(bit)] = 1
    column = pa.array(bits.tolist(), table.schema.field("attr_bits").type)
    table = table.set_column(table.column_names.index("attr_bits"), "attr_bits", column)
    manifest_artefact(GROUP_SIZES).write(table, workspace.manifest)


def test_unknown_for_all_or_one_label_only() -> None:
    bits = np.zeros((6, BOOK.n_bits), np.uint8)
    for start in BOOK.starts:
        bits[:3, start] = bits[3:, start + 1] = 1
    gender, age = BOOK.starts[0], BOOK.starts[1]
    bits[:, gender : gender + BOOK.sizes[0]] = 0
    bits[:, gender + BOOK.sizes[0] - 1] = 1
    bits[:, age : age + BOOK.sizes[1]] = 0
    bits[:, age] = 1
    found = uninformative(Bits.of(BOOK, ()), bits)
    assert found == {"gender": "unknown for all", "age": f"{BOOK.groups[1].classes[0]} for all"}


def test_groups_unknown_for_the_whole_test_are_named(tmp_path: Path) -> None:
    workspace, heard = copy_of_stream(tmp_path), Heard()
    with_one_label(workspace, {"gender": BOOK.bits[BOOK.unknown_bits[0]], "bag": "bagbackpack"})
    config = EvaluateConfig.model_validate({"explain": {"faithfulness": 0}})
    evaluate_explain(workspace, config=config, directions=["a2g"], progress=heard)
    [said] = [words for words in heard.warnings if "unknown for every test crop" in words]
    assert said.endswith(": gender")


def test_they_are_left_out_of_training_and_named(tmp_path: Path) -> None:
    workspace, heard = copy_of_stream(tmp_path), Heard()
    unknown = BOOK.bits[BOOK.unknown_bits[0]]
    with_one_label(workspace, {"gender": unknown, "bag": "bagbackpack"})
    config = settings("explain-campus", "schedule.epochs=0", "explain.held_out=0.3")
    train(workspace, config=config, name="fewer", progress=heard)
    [said] = [words for words in heard.warnings if "tell no two training people apart" in words]
    assert "gender (unknown for all)" in said
    assert "bag (Backpack for all)" in said
    opened = open_stream(workspace, "fewer")
    assert set(BOOK.names) - set(opened.codebook.names) == {"gender", "bag"}
    with_one_label(workspace, {group.name: group.bits[0] for group in BOOK.groups})
    with pytest.raises(InputError, match="no attribute tells two training people apart: gender"):
        train(workspace, config=config, name="none")
