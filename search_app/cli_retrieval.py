"""The commands that measure and fit what comes after the encoder: evaluate retrieval and others."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_app import cli_session
from search_app.cli_output import print_figures, print_json, progress_on_stderr, tell
from search_app.cli_session import (
    DataOption,
    EncoderOption,
    JsonOption,
    WeightsOption,
    opened_collection,
    require_catalogue,
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


def add_commands(evaluate_app: typer.Typer, train_app: typer.Typer) -> None:
    """Make these commands known below `apparel evaluate` and `apparel train`."""
    evaluate_app.command("retrieval")(evaluate_retrieval)
    evaluate_app.command("same-garment")(evaluate_same_garment)
    evaluate_app.command("street")(evaluate_street)
    train_app.command("attributes")(train_attributes)


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


def evaluate_same_garment(
    context: typer.Context,
    photos: PhotosOption,
    labels: LabelsOption,
    also: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="More photos for the gallery; may be repeated."),
    ] = None,
    weights: WeightsOption = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """How often a garment seen again through a hard change finds itself among all garments.

    Queries are the photos with role query. The change, all of it each time: other background,
    a patch that hides a part, crop to 60 %, perspective, light and white balance, blur, JPEG 40.
    Behind the garment lies another photo, garment and all, or bare ground: figures for both.
    """
    from indexing.labelled import read_labels
    from indexing.same_garment import evaluate_same_garment as evaluate
    from segmentation.photos import find_photos

    settings = settings_for(context, segmenter_weights=weights, encoder=encoder)
    rows = read_labels(photos, labels)
    gallery = [row.path for row in rows]
    gallery += [path for folder in also or () for path in find_photos(folder)]
    queries = [row for row in rows if row.role != "gallery"]
    contest = replace(_contest(settings, None), look_again=cli_session.load_second_look(settings))
    with progress_on_stderr("photos") as tick:
        report = evaluate(contest, gallery, queries, _plain(tick))
    (print_json if as_json else print_figures)(report.to_json())


def evaluate_street(
    context: typer.Context,
    photos: PhotosOption,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the sheets go.")],
    garments: Annotated[int, typer.Option(min=1, help="How many garments to search with.")] = 50,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Street to shop, for the eye: contact sheets of the first 5 products for street garments."""
    from indexing.street import street_to_shop
    from segmentation.photos import find_photos

    settings = settings_for(context, data=data)
    require_catalogue(settings)
    embedder = cli_session.load_embedder(settings)
    with (
        opened_collection(settings, embedder) as collection,
        progress_on_stderr("garments") as tick,
    ):
        report = street_to_shop(
            collection, embedder, find_photos(photos), out, garments, _plain(tick)
        )
    if as_json:
        print_json(report)
    else:
        typer.echo(f"{report.garments} garments on {', '.join(report.sheets)}")


def train_attributes(
    context: typer.Context,
    pairs: Annotated[
        list[Path],
        typer.Option(
            "--pairs", metavar="DIR", help="Clothing and drawn pairs (`apparel dataset`)."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder to write.")],
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fit what follows the encoder: attributes (kind, pattern, ...) and calibrated closeness.

    Writes attributes.safetensors, its card and closeness.json; figures are of test senders.
    """
    from indexing.train_heads import train_heads

    settings = settings_for(context, encoder=encoder)
    with progress_on_stderr("garments") as tick:
        heads, closeness = train_heads(pairs, cli_session.load_encoder(settings), out, _plain(tick))
    document = {"attributes": heads.figures, "closeness": closeness.figures, "out": str(out)}
    (print_json if as_json else print_figures)(document)


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
