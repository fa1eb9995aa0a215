"""Commands `apparel evaluate`: measure the networks on labelled photos."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from search_app.cli import session
from search_app.cli.networks.evaluate_masks import (
    evaluate_crops,
    evaluate_products,
    evaluate_segmentation,
)
from search_app.cli.options import DataOption, EncoderOption, JsonOption, SegmenterOption
from search_app.cli.output import (
    print_json,
    print_note,
    print_report,
    print_table,
    progress_on_stderr,
)
from search_app.cli.session import opened_collection, require_catalogue, settings_for

if TYPE_CHECKING:
    from indexing.evaluation.retrieval import Evaluation
    from indexing.evaluation.styles import StylesReport
    from search_app.settings import Settings

PhotosOption = Annotated[Path, typer.Option(metavar="DIR", help="The photos.")]
LabelsOption = Annotated[
    Path,
    typer.Option(metavar="FILE.csv", help="Columns photo, label, optionally group and role."),
]

evaluate_app = typer.Typer(
    help="Evaluate the networks on labelled data.", no_args_is_help=True, rich_markup_mode=None
)
evaluate_app.command("segmentation")(evaluate_segmentation)
evaluate_app.command("products")(evaluate_products)
evaluate_app.command("crops")(evaluate_crops)


@evaluate_app.command("retrieval")
def evaluate_retrieval(
    photos: PhotosOption,
    labels: LabelsOption,
    segmenter: SegmenterOption = None,
    encoder: EncoderOption = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="ENCODER", help="A second encoder, compared query by query."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a page with photos to look at.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how often the nearest garments have the same label.

    Colour alone and whole photos without masks are among the baselines.

    Example: apparel evaluate retrieval --photos photos --labels labels.csv
    """
    from indexing.evaluation.contact_sheet import write_report
    from indexing.evaluation.retrieval import evaluate_retrieval as evaluate

    settings = settings_for(segmenter=segmenter, encoder=encoder)
    evaluation = _evaluation(settings, against)
    with progress_on_stderr("photos") as tick:
        result = evaluate(evaluation, photos, labels, progress=tick)
    if report is not None:
        print_note(f"written: {write_report(report, result.report, result.ranked)}")
    print_report(result.report, as_json)


@evaluate_app.command("same-garment")
def evaluate_same_garment(
    photos: PhotosOption,
    labels: LabelsOption,
    also: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="More photos for the gallery; may be repeated."),
    ] = None,
    segmenter: SegmenterOption = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how often a distorted photo finds its own garment.

    Queries are the photos with role query. Each copy has all distortions: another background,
    a patch that hides a part, crop to 60 %, perspective, light and white balance, blur, JPEG 40.
    The background is another photo or garment-free; there are figures for both.

    Example: apparel evaluate same-garment --photos photos --labels labels.csv
    """
    from indexing.evaluation.labelled import read_labels
    from indexing.evaluation.same_garment import evaluate_same_garment as evaluate
    from segmentation.photos import find_photos

    settings = settings_for(segmenter=segmenter, encoder=encoder)
    rows = read_labels(photos, labels)
    gallery = [row.path for row in rows]
    gallery += [path for folder in also or () for path in find_photos(folder)]
    queries = [row for row in rows if row.role != "gallery"]
    with progress_on_stderr("photos") as tick:
        report = evaluate(_evaluation(settings, None), gallery, queries, tick)
    print_report(report, as_json)


@evaluate_app.command("street")
def evaluate_street(
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the contact sheet.")
    ],
    photos: Annotated[Path | None, typer.Option(metavar="DIR", help="Street photos.")] = None,
    pairs: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Pairs of `apparel dataset ccp` instead, whose kinds are known."
        ),
    ] = None,
    garments: Annotated[
        int, typer.Option(metavar="N", min=1, help="Number of query garments.")
    ] = 50,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw street photos with the first five products of each.

    With --pairs, whose test photos are taken, also counts products whose category or title is the
    garment's kind.

    Example: apparel evaluate street --photos street --out sheets
    """
    from indexing.evaluation.street import StreetPhoto, street_to_shop
    from segmentation.data.pairs import read_pairs
    from segmentation.photos import find_photos

    if (photos is None) == (pairs is None):
        raise typer.BadParameter("name either --photos or --pairs")
    street = [StreetPhoto(path) for path in find_photos(photos)] if photos else []
    if pairs:
        folder = read_pairs(pairs).of_split("test")
        street = [StreetPhoto(folder.photo_path(pair), pair.kinds) for pair in folder.pairs]
    settings = settings_for(data=data)
    require_catalogue(settings)
    embedder = session.load_embedder(settings)
    with (
        opened_collection(settings, embedder) as collection,
        progress_on_stderr("garments") as tick,
    ):
        report = street_to_shop(collection, embedder, street, out, garments, tick)
    if as_json:
        print_json(report)
    else:
        typer.echo(f"{report.garments} garments on {report.sheet}")
        for depth, (mean, low, high) in report.same_kind.items():
            typer.echo(
                f"of the kind among the first {depth}: {mean:.3f} [{low:.3f}, {high:.3f}], "
                f"{report.known} garments, {report.missed} more were not found"
            )


@evaluate_app.command("styles")
def evaluate_styles(
    queries: Annotated[
        Path,
        typer.Argument(metavar="QUERIES.csv", help="Columns photo, style, view and class."),
    ],
    catalogue: Annotated[
        Path,
        typer.Option(metavar="CATALOGUE.csv", help="A feed whose item_group_id is the style."),
    ],
    photos: PhotosOption,
    segmenter: SegmenterOption = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how often another view of a style finds that style.

    Example: apparel evaluate styles queries.csv --catalogue feed.csv --photos photos
    """
    from indexing.evaluation.styles import evaluate_styles as evaluate
    from indexing.evaluation.styles import read_style_queries

    rows = read_style_queries(queries, photos)
    with TemporaryDirectory(prefix="apparel-styles-") as folder:
        settings = settings_for(data=Path(folder), segmenter=segmenter, encoder=encoder)
        embedder = session.load_embedder(settings)
        with (
            opened_collection(settings, embedder) as collection,
            progress_on_stderr("photos") as tick,
        ):
            report = evaluate(collection, catalogue, photos, rows, tick)
    if as_json:
        print_json(report)
    else:
        _print_styles(report)


def _print_styles(report: "StylesReport") -> None:
    """Print one line per view and colour weight, each figure with its interval."""
    rows = [
        (
            each.view,
            f"{each.colour_weight:g}",
            *(_interval(figure) for figure in (each.recall_at_1, each.recall_at_10)),
            _interval(each.nothing_close),
            _interval(each.sold_as_another),
            _interval(report.largest_right[each.view]),
        )
        for each in report.figures
    ]
    head = ("view", "colour weight", "recall@1", "recall@10", "nothing close", "sold as another")
    print_table((*head, "largest right"), rows)
    counts = ", ".join(f"{count} {view}" for view, count in report.queries.items())
    typer.echo(f"{counts} among {report.products} products; {report.encoder}")


def _interval(figure: list[float]) -> str:
    value, low, high = figure
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"


@evaluate_app.command("judged")
def evaluate_judged(
    photos: PhotosOption,
    pairs: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.csv", help="Columns query, candidate_a, candidate_b, better (a or b)."
        ),
    ] = None,
    colour_weight: Annotated[
        list[float] | None,
        typer.Option(
            metavar="0..1", min=0, max=1, help="May be repeated; default: several weights."
        ),
    ] = None,
    segmenter: SegmenterOption = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Measure how often the better of two candidates comes first.

    People have judged which is better. Without --pairs the project's own are taken.

    Example: apparel evaluate judged --photos photos --colour-weight 0.3
    """
    from indexing.evaluation.judged_pairs import (
        COLOUR_WEIGHTS,
        JUDGED_PAIRS,
        evaluate_judged_pairs,
        read_judged_pairs,
    )

    settings = settings_for(segmenter=segmenter, encoder=encoder)
    judged = read_judged_pairs(pairs or JUDGED_PAIRS)
    loaded = session.load_segmenter(settings)
    with progress_on_stderr("photos") as tick:
        report = evaluate_judged_pairs(
            loaded,
            session.load_encoder(settings, loaded),
            judged,
            photos,
            colour_weight or COLOUR_WEIGHTS,
            tick,
        )
    if as_json:
        print_json(report)
        return
    print_table(
        ("colour weight", "ranked as judged", "95 % interval"),
        [
            (f"{row.colour_weight:.2f}", f"{row.right:.3f}", f"{row.low:.3f} to {row.high:.3f}")
            for row in report.figures
        ],
    )
    typer.echo(f"{report.pairs} pairs, {report.encoder}")


def _evaluation(settings: "Settings", against: str | None) -> "Evaluation":
    from indexing.embedding.wiring import open_encoder
    from indexing.evaluation.retrieval import Evaluation

    segmenter, options = session.load_segmenter(settings), settings.runtime_options
    return Evaluation(
        segmenter,
        session.load_encoder(settings, segmenter),
        open_encoder(against, options, segmenter) if against else None,
    )
