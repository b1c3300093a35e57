"""`agreid evaluate`: mAP, CMC and mINP of a run, or of embeddings from any program."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from agreid_cli.cli.console import Console
from agreid_cli.cli.options import (
    HERE,
    ConfigOption,
    EngineOption,
    JsonOption,
    LevelOption,
    PoolOption,
    SetOption,
    ShardOption,
    WorkspaceOption,
    check_pool,
    config_file,
    engine_config,
    is_workspace,
)
from agreid_cli.cli.results_view import show_results, worst_queries
from agreid_cli.errors import UsageError

if TYPE_CHECKING:
    from agreid_cli.records.workspace import Workspace


def evaluate(
    context: typer.Context,
    more: Annotated[Optional[list[Path]], typer.Argument(metavar="FILE", hidden=True)] = None,
    direction: Annotated[
        Optional[list[str]],
        typer.Option(
            "--direction", "-d", metavar="NAME",
            help="a2g, g2a, both, or another protocol: a2w w2a g2w w2g a2a g2g w2w all, AG-ReID.v2's exp1 to "
            "exp6, CARGO's cargo-all cargo-gg cargo-aa cargo-ag, market1501. Can be repeated.",
            show_default="both where possible",
        ),
    ] = None,
    run: Annotated[
        Optional[str], typer.Option("--run", metavar="NAME", help="Run to rank.", show_default="the newest")
    ] = None,
    embeddings: Annotated[
        Optional[list[Path]],
        typer.Option(
            "--embeddings", metavar="FILE...",
            help="Rank the embeddings in these files: .parquet, .npz, .npy with .csv, .pt, .pth, .mat.",
        ),
    ] = None,
    baseline: Annotated[
        Optional[str],
        typer.Option(
            "--baseline", metavar="NAME",
            help="Rank a baseline that needs no network: colour, the strongest of four colour histograms.",
        ),
    ] = None,
    metric: Annotated[
        Optional[str], typer.Option("--metric", help="cosine or euclidean.", show_default="cosine")
    ] = None,
    level: LevelOption = None,
    pool: PoolOption = None,
    rerank: Annotated[
        Optional[str],
        typer.Option("--rerank", metavar="K1,K2,LAMBDA", help="k-reciprocal re-ranking, e.g. 20,6,0.3."),
    ] = None,
    ci: Annotated[
        Optional[bool], typer.Option("--ci", help="95 % confidence intervals (bootstrap over identities).")
    ] = None,
    compare: Annotated[
        Optional[Path],
        typer.Option(
            "--compare", metavar="RESULT.json",
            help="Compare with an earlier result over the same crops (paired bootstrap).",
        ),
    ] = None,
    save_ranks: Annotated[
        Optional[Path],
        typer.Option("--save-ranks", metavar="FILE", help="Write each query's nearest crops as Parquet."),
    ] = None,
    device: Annotated[
        str, typer.Option(help="Device for embedding, if needed: auto, cpu, cuda or cuda:1.")
    ] = "auto",
    engine: EngineOption = None,
    shard: ShardOption = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Evaluate the explainable stream: rankings, attributes, shares."),
    ] = False,
    attributes: Annotated[
        bool,
        typer.Option(
            "--attributes", help="Evaluate search by description on the explainable stream: mAP and Rank-1."
        ),
    ] = False,
    oracle: Annotated[
        bool,
        typer.Option(
            "--oracle", help="With --explain: add the upper bound that uses the test labels."
        ),
    ] = False,
    out: Annotated[
        Optional[Path],
        typer.Option(
            "--out", metavar="FOLDER", help="With --embeddings: write the results into this folder.",
            show_default="results of the workspace; outside a workspace nothing is written",
        ),
    ] = None,
    worst: Annotated[int, typer.Option("--worst", metavar="N", min=0, help="List the N worst queries.")] = 0,
    workspace: WorkspaceOption = HERE,
    config: ConfigOption = None,
    set_: SetOption = None,
    json: JsonOption = False,
) -> None:  # fmt: skip
    """Rank the gallery for every query and report mAP, CMC and mINP.

    Each score comes with a fingerprint of the ranked crops. Scores are comparable if their fingerprints are
    equal. With --json, prints one object per direction, one per line.

    With --level track, a query and a gallery item is a track: its crops are pooled. Such scores have
    fingerprints of their own.

    Example: agreid evaluate --embeddings features.npz --direction a2g
    """
    from agreid_cli.config.evaluate import EvaluateConfig
    from agreid_cli.config.load import load_section
    from agreid_cli.records.workspace import Workspace
    from agreid_cli.stages.run.evaluate import evaluate as rank_all

    if more and not embeddings:
        raise UsageError(
            f"unexpected argument '{more[0]}'", hint=f"To rank embeddings: --embeddings {more[0]}"
        )
    console = Console(json=json)
    settings = load_section(
        EvaluateConfig, "evaluate", config_file(config, workspace), set_ or (),
        metric=metric, rerank=rerank, ci=ci, level=level, pool=pool,
    )  # fmt: skip
    check_pool(pool, settings.level)
    if attributes or explain or oracle:
        others = {"--embeddings": embeddings or more, "--baseline": baseline, "--compare": compare,
                  "--save-ranks": save_ranks, "--out": out, "--worst": worst, "--rerank": rerank,
                  "--metric": metric, "--engine": engine, "--shard": shard,
                  "--level track": settings.level == "track"}  # fmt: skip
        if attributes:
            others |= {"--explain": explain, "--oracle": oracle, "--direction": bool(direction),
                       "--ci": bool(ci)}  # fmt: skip
        if wrong := [name for name, given in others.items() if given]:
            own = "--attributes" if attributes else "--explain"
            raise UsageError(f"{' and '.join(wrong)} cannot be combined with {own}", hint="Leave it out.")
        if attributes:
            _attributes(
                console, Workspace(workspace), config=settings, run=run, device=device, progress=console
            )
            return
        _explain(
            console, Workspace(workspace), config=settings, run=run, directions=direction or (),
            oracle=oracle, device=device, progress=console,
        )  # fmt: skip
        return
    where, part = engine_config(engine, config_file(config, workspace), shard)
    results = rank_all(
        Workspace(workspace), config=settings, run=run, files=[*(embeddings or []), *(more or [])],
        baseline=baseline,
        directions=direction or (), save_ranks=save_ranks, compare_with=compare, out=out,
        keep=is_workspace(context, workspace), device=device, engine=where, shard=part, progress=console,
    )  # fmt: skip
    if part is not None:
        console.print(f"shard {part} is done; the same call without --shard will give the results")
        return
    for result in results:
        console.data(result.brief() | ({"worst": worst_queries(result, worst)} if worst else {}))
    show_results(console, results, worst=worst)


def _attributes(console: Console, workspace: Workspace, **how: Any) -> None:
    from agreid_cli.cli.attributes_view import show_attributes
    from agreid_cli.stages.explain.evaluate_attributes import evaluate_attributes

    result = evaluate_attributes(workspace, **how)
    console.data(result.brief())
    show_attributes(console, result)


def _explain(console: Console, workspace: Workspace, **how: Any) -> None:
    from agreid_cli.cli.explain_view import show_explanations
    from agreid_cli.stages.explain.evaluate_explain import evaluate_explain

    results = evaluate_explain(workspace, **how)
    for result in results:
        console.data(result.brief())
    show_explanations(console, results)
