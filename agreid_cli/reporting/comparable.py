"""Whether a result may be held against a published figure, and if not, every reason why."""

from __future__ import annotations

from agreid_cli.records.explanation import ExplanationResult
from agreid_cli.records.results import RankingResult
from agreid_cli.reporting.paper import GALLERIES, QUERIES, published_model

#: The name that an import writes into the manifest of the data set that the paper measured.
DATA_SET = "ag-reid"


def reasons_against(
    result: RankingResult | ExplanationResult, *, dataset: str, recipe: str, pretrained: bool | None
) -> tuple[str, ...]:
    """Why this result and the paper's of that direction do not measure the same; empty when they do.

    `dataset` is the manifest's word for where the crops come from, empty for footage of one's own;
    `pretrained` says whether the backbone began from weights learnt elsewhere, None when nobody knows.
    """
    found = []
    if result.direction not in QUERIES:
        return (f"the paper has no direction {result.direction}",)
    if dataset != DATA_SET:
        whose = f"the data set {dataset}" if dataset else "this workspace's own crops"
        found.append(f"other people: {whose}, not AG-ReID")
    else:
        first, later = QUERIES[result.direction]
        if result.n_valid not in (first, later):
            found.append(f"{result.n_valid:,} queries count here, {first:,} in the paper")
        elif result.n_valid != first or result.n_gallery != GALLERIES[result.direction][0]:
            found.append(
                f"a later release: {result.n_valid:,} queries and {result.n_gallery:,} gallery crops here, "
                f"{first:,} and {GALLERIES[result.direction][0]:,} in the paper"
            )
    if isinstance(result, RankingResult) and result.rerank:
        found.append("re-ranked, which the paper is not")
    if recipe and published_model(recipe) is None:
        found.append(f"the recipe {recipe} is none of the paper's models")
    elif not recipe:
        found.append("nobody says which model made these embeddings")
    if pretrained is False:
        found.append("trained from scratch; the paper starts from ImageNet")
    return tuple(found)
