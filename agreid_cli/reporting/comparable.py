"""Whether a result is comparable with a published figure, and if not, every reason."""

from __future__ import annotations

from agreid_cli.records.explanation import ExplanationResult
from agreid_cli.records.results import RankingResult
from agreid_cli.reporting.paper import GALLERIES, QUERIES, published_model

#: The name that an import writes into the manifest for the data set used in the paper.
DATA_SET = "ag-reid"


def reasons_against(
    result: RankingResult | ExplanationResult, *, dataset: str, recipe: str, pretrained: bool | None
) -> tuple[str, ...]:
    """Reasons why this result and the paper's for that direction are not comparable; empty if they are.

    `dataset` is the data set named in the manifest, empty for the user's own footage;
    `pretrained` says whether the backbone started from pretrained weights, None if unknown.
    """
    found = []
    if result.direction not in QUERIES:
        return (f"the paper has no direction {result.direction}",)
    if dataset != DATA_SET:
        whose = f"the data set {dataset}" if dataset else "the workspace's own crops"
        found.append(f"different data: {whose}, not AG-ReID")
    else:
        first, later = QUERIES[result.direction]
        if result.n_valid not in (first, later):
            found.append(f"{result.n_valid:,} valid queries here, {first:,} in the paper")
        elif result.n_valid != first or result.n_gallery != GALLERIES[result.direction][0]:
            found.append(
                f"a later release: {result.n_valid:,} queries and {result.n_gallery:,} gallery crops here, "
                f"{first:,} and {GALLERIES[result.direction][0]:,} in the paper"
            )
    if isinstance(result, RankingResult) and result.level == "track":
        found.append("ranked over tracks; the paper ranks crops")
    if isinstance(result, RankingResult) and result.rerank:
        found.append("re-ranked, unlike the paper")
    if recipe and published_model(recipe) is None:
        found.append(f"the recipe {recipe} is not one of the paper's models")
    elif not recipe:
        found.append("the model that made these embeddings is unknown")
    if pretrained is False:
        found.append("randomly initialised; the paper starts from ImageNet weights")
    return tuple(found)
