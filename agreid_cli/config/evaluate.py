"""`[evaluate]`: how galleries are ranked and what is reported."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from agreid_cli.config.base import Frozen, SwitchedOnBy

Platform = Literal["uav", "cctv", "wearable"]


class RerankConfig(Frozen):
    """k-reciprocal re-ranking."""

    k1: int = Field(20, ge=1)  # neighbours considered for reciprocity
    k2: int = Field(6, ge=1)  # neighbours for local query expansion
    lambda_value: float = Field(0.3, ge=0, le=1)  # λ, the weight of the original distance

    def __str__(self) -> str:
        return f"{self.k1},{self.k2},{self.lambda_value:g}"


class ExplainEvaluateConfig(Frozen):
    """Settings of `--explain` and `--attributes`."""

    pairs: int = Field(2_000_000, ge=1)  # maximum number of pairs for the explanation metrics, evenly spread
    memory_mb: int = Field(1024, ge=1)  # memory for attribute vectors
    batch: int = Field(32, ge=1)  # crops
    #: The shares that re-weight the distance: those that the run was trained with (run), or by name.
    shares: Literal["run", "paper", "expected"] = "run"
    #: Pairs whose places are occluded (deletion, insertion), 0 for none, and at most so many steps.
    faithfulness: int = Field(100, ge=0)
    faithfulness_steps: int = Field(8, ge=2)
    descriptions: int = Field(100, ge=1)  # of each length, for --attributes


class EvaluateConfig(Frozen):
    """The defaults: cosine distance as in fast-reid, no re-ranking, no confidence intervals."""

    metric: Literal["cosine", "euclidean"] = "cosine"
    rerank: Annotated[RerankConfig | None, SwitchedOnBy("--set rerank=20,6,0.3 (k1, k2, lambda)")] = None
    #: What is ranked: every crop, or every track, whose crops are pooled.
    level: Literal["crop", "track"] = "crop"
    #: A track's embedding: the mean of its crops, the mean weighted by their quality; or, for each two
    #: tracks, the distance of their best-matching pair of crops.
    pool: Literal["mean", "weighted", "best"] = "weighted"
    ci: bool = False
    ci_level: float = Field(0.95, gt=0, lt=1)
    rounds: int = Field(1000, ge=1)  # bootstrap resamples
    seed: int = 0
    top_k: int = Field(50, ge=1)  # rows per query in --save-ranks
    #: Source of query and gallery roles: the split if it knows the crops (auto), the split, or the file.
    roles: Literal["auto", "split", "file"] = "auto"
    #: For files with cameras but without platforms, as in AG-ReID: {0 = "uav", 2 = "wearable", 3 = "cctv"}.
    platform_of_camid: dict[int, Platform] = Field(default_factory=dict)
    #: What embeds the test crops, if needed: auto is onnxruntime on a CPU where there are many.
    backend: Literal["auto", "torch", "onnxruntime"] = "auto"
    engine: str = "auto"
    threads: int | None = Field(None, ge=1)
    block_query: int = Field(512, ge=1)
    block_gallery: int = Field(32768, ge=1)
    explain: ExplainEvaluateConfig = ExplainEvaluateConfig()

    @field_validator("rerank", mode="before")
    @classmethod
    def _three_numbers(cls, value: Any) -> Any:
        """`"20,6,0.3"` as on the command line; empty: no re-ranking."""
        if not isinstance(value, str):
            return value
        words = [word.strip() for word in value.split(",")]
        if words == [""]:
            return None
        if len(words) != 3:
            raise ValueError("give three numbers, e.g. 20,6,0.3")
        return dict(zip(("k1", "k2", "lambda_value"), words, strict=True))
