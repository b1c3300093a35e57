"""`[explain]` and `[search]`: what is shown per pair, and the number of answers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from agreid_cli.config.base import Frozen


class ExplainPagesConfig(Frozen):
    """For `agreid explain`."""

    top: int = Field(5, ge=1)  # matches per query
    bars: int = Field(10, ge=1)  # attributes per pair
    maps: int = Field(12, ge=1)  # mean maps in --aggregate, those with the highest shares first
    batch: int = Field(32, ge=1)  # crops
    shares: Literal["run", "paper", "expected"] = "run"  # those of the run, or by name
    #: Over the crops: where an attribute is looked for, whatever the other crop shows (the paper's maps);
    #: what the places contribute to its part of the distance of the two; or where the two differ, weighted by
    #: the evidence from which the attribute is recognised. auto: the evidence, which lay on the right part
    #: of the body most often on a campus; the attention of a transformer without attribute maps.
    show: Literal["auto", "attention", "contributions", "evidence"] = "auto"


class IndexConfig(Frozen):
    """For `search --index`; a change of `factory` or `metric` rebuilds the index."""

    factory: str = ""  # a faiss index factory; empty: inverted lists with 8 bits per value, IVF...,SQ8
    probes: int = Field(128, ge=1)  # lists read per query
    candidates: int = Field(1000, ge=1)  # per query, compared exactly
    sample: int = Field(100, ge=1)  # crops searched for to measure the recall
    seed: int = Field(0, ge=0)  # of that sample and of the index


class SearchConfig(Frozen):
    """For `agreid search`."""

    top: int = Field(10, ge=1)  # answers
    bars: int = Field(10, ge=1)  # attributes per answer, with --image
    batch: int = Field(32, ge=1)  # crops
    #: What runs the network for the crops: auto is onnxruntime on a CPU where there are many. A single image
    #: is embedded in torch.
    backend: Literal["auto", "torch", "onnxruntime"] = "auto"
    #: Of --embeddings; an explainable run is searched by the distance that it explains.
    metric: Literal["cosine", "euclidean"] = "cosine"
    #: What is found: crops, or tracks, whose crops are pooled as in `evaluate --level track`.
    level: Literal["crop", "track"] = "crop"
    pool: Literal["mean", "weighted", "best"] = "weighted"
    index: IndexConfig = IndexConfig()
    shares: Literal["run", "paper", "expected"] = "run"  # those of the run, or by name
    #: Over the crops, with --image: as in `explain`.
    show: Literal["auto", "attention", "contributions", "evidence"] = "auto"
