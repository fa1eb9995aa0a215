"""The commands that measure and fit what comes after the encoder: evaluate retrieval and others."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_app import cli_session
from search_app.cli_output import print_figures, print_json, progress_on_stderr, tell
from search_app.cli_session import (
    EncoderOption,
    JsonOption,
    WeightsOption,
    settings_for,
)

if TYPE_CHECKING:
    from indexing.evaluate import Contest
    from indexing.labelled import Progress
    from search_app.cli_output import Advance
    from search_app.settings import Settings

PhotosOption = Annotated[Path, typer.Option("--photos", metavar="DIR", help="The photos.")]
LabelsOption = Annotated[
    Path,
    typer.Option(
        "--labels", metavar="FILE.csv", help="Columns photo, label, optionally group and role."
    ),
]
ReportOption = Annotated[
    Path | None,
    typer.Option("--report", metavar="DIR", help="Write a page with photos to look at."),
]


def add_commands(evaluate_app: typer.Typer) -> None:
    """Make these commands known below `apparel evaluate`."""
    evaluate_app.command("retrieval")(evaluate_retrieval)


def evaluate_retrieval(
    context: typer.Context,
    photos: PhotosOption,
    labels: LabelsOption,
    weights: WeightsOption = None,
    encoder: EncoderOption = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="ENCODER", help="A second encoder, compared query by query."),
    ] = None,
    report: ReportOption = None,
    as_json: JsonOption = False,
) -> None:
    """How often the nearest garments carry the query's own label, beside the baselines."""
    from indexing.contact_sheet import write_report
    from indexing.evaluate import evaluate_retrieval as evaluate

    settings = settings_for(context, segmenter_weights=weights, encoder=encoder)
    contest = _contest(settings, against)
    with progress_on_stderr("photos") as tick:
        result = evaluate(contest, photos, labels, progress=_plain(tick))
    if report is not None:
        tell(f"written: {write_report(report, result.report, result.ranked)}")
    if as_json:
        print_json(result.report.to_json())
    else:
        print_figures(result.report.to_json())


def _contest(settings: "Settings", against: str | None) -> "Contest":
    from indexing.encoders import open_encoder
    from indexing.evaluate import Contest

    encoder = cli_session.load_encoder(settings)
    return Contest(
        cli_session.load_segmenter(settings),
        encoder,
        encoder.untrained(),
        open_encoder(against, settings.runtime_options) if against else None,
    )


def _plain(tick: "Advance") -> "Progress":
    return lambda done, total: tick(done, total, "")
