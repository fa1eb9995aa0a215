"""The command `apparel search`: search a catalogue with a photo or with words."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
from search_app.cli import session
from search_app.cli.options import DataOption, JsonOption
from search_app.cli.output import print_columns, print_json, print_note
from search_app.cli.session import opened_collection, require_catalogue, settings_for

if TYPE_CHECKING:
    from indexing.collection import Collection
    from indexing.types import Embedder
    from search_app.documents import (
        GarmentDocument,
        ResultDocument,
        SearchDocument,
        UnderstoodDocument,
    )
    from search_app.search.search import SearchOptions
    from search_app.settings import Settings
    from segmentation.photos import DecodedPhoto, Photo


def search(
    photo: Annotated[
        Path | None,
        typer.Argument(metavar="PHOTO", help="The query photo; without it, --words is required."),
    ] = None,
    words: Annotated[
        str | None,
        typer.Option("--words", metavar="TEXT", help='What to find, e.g. "striped dress".'),
    ] = None,
    in_colour: Annotated[
        str | None,
        typer.Option(metavar="COLOUR", help="The same in another colour: a name or #rrggbb."),
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Also draw which parts of each garment and its first result are similar.",
        ),
    ] = None,
    garment_class: Annotated[
        Literal["upper", "whole", "lower"] | None,
        typer.Option("--class", help="Only garments of this class."),
    ] = None,
    k: Annotated[
        int,
        typer.Option("-k", metavar="N", min=1, max=1000, help="Results for each garment."),
    ] = 12,
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="FIELD=VALUE",
            help="Only products with this brand, category, colour (a name or #rrggbb), "
            "price_max, ...; FIELD!=VALUE excludes; may be repeated.",
        ),
    ] = None,
    colour_weight: Annotated[
        float,
        typer.Option(metavar="0..1", min=0, max=1, help="0 compares style only, 1 colour only."),
    ] = DEFAULT_COLOUR_WEIGHT,
    fold: Annotated[
        bool,
        typer.Option(
            "--fold", help="Show nearly equal products, or products with equal photos, once."
        ),
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find products like a garment on a photo, or by plain words.

    With a photo, --words filters the results.

    Example: apparel search query.jpg --class upper --filter price_max=50
    """
    from search_app.search.search import SearchOptions, parsed_filters
    from segmentation.classes import GarmentClass
    from segmentation.photos import decode_photo

    if photo is None and not words:
        raise typer.BadParameter("name a PHOTO, or what to find with --words")
    decoded = decode_photo(photo) if photo else None
    settings = settings_for(data=data)
    require_catalogue(settings)
    embedder = session.embedder_when_needed(settings) if decoded else _text_embedder(settings)
    with opened_collection(settings, embedder) as collection:
        options = SearchOptions(
            garment_class=GarmentClass.from_label(garment_class) if garment_class else None,
            k=k,
            colour_weight=colour_weight,
            filters=parsed_filters(collection.database, filters or []),
            in_colour=in_colour,
            words=words,
            fold_duplicates=fold,
        )
        if decoded is None:
            _search_words(collection, options, as_json)
        else:
            _search_photo(collection, decoded, options, as_json, explain)


def _text_embedder(settings: "Settings") -> "Embedder | None":
    """The models, if they embed texts; else words need none, as attributes are stored."""
    from search_app.jobs.encoder_choices import encoder_in_use
    from segmentation.hub.files import has_text_tower

    return session.load_embedder(settings) if has_text_tower(encoder_in_use(settings)) else None


def _search_photo(
    collection: "Collection",
    decoded: "DecodedPhoto",
    options: "SearchOptions",
    as_json: bool,
    explain: Path | None,
) -> None:
    from search_app.search.search_document import search_photo

    size = (decoded.height, decoded.width)
    document = search_photo(collection, decoded.photo, options, size)
    if explain is not None:
        _write_explanations(collection, decoded.photo, document, options, explain)
    if as_json:
        print_json(document.model_dump())
    else:
        _print_results(document)


def _write_explanations(
    collection: "Collection",
    photo: "Photo",
    document: "SearchDocument",
    options: "SearchOptions",
    folder: Path,
) -> None:
    """Write garment-1.png, ...: the explanation of each garment's first result."""
    from search_app.search.explaining import explain
    from search_app.search.query_photo import embed_query, embedder_of

    found = embed_query(embedder_of(collection), photo).garments
    by_box = {
        (each.garment.garment_class.label, round(each.garment.area, 4)): each for each in found
    }
    folder.mkdir(parents=True, exist_ok=True)
    for number, each in enumerate(document.garments, 1):
        garment = by_box.get((each.garment_class, each.area))
        if garment is not None and each.results:
            first = each.results[0].garment_id
            png = explain(collection, photo, garment, first, options.colour_weight)
            path = folder / f"garment-{number}.png"
            path.write_bytes(png)
            print_note(f"written: {path}")


def _search_words(collection: "Collection", options: "SearchOptions", as_json: bool) -> None:
    from search_app.search.search_document import search_words

    document = search_words(collection, options)
    if as_json:
        print_json(document.model_dump())
    else:
        _print_unused(document.words)
        _print_table(document.results)


def _print_results(document: "SearchDocument") -> None:
    if document.note:
        print_note(document.note)
    _print_unused(document.words)
    for garment in document.garments:
        typer.echo(_garment_line(garment))
        _print_table(garment.results)
        typer.echo()


def _print_unused(words: "UnderstoodDocument | None") -> None:
    if words and words.unknown_words:
        print_note(f"not known and not used: {', '.join(words.unknown_words)}")
    for goods in words.missing_goods if words else ():
        print_note(f"no {goods} in this catalogue")


def _print_table(results: "list[ResultDocument]") -> None:
    """Print the results, without the columns that no result fills."""
    header = ("  score", "product", "title", "brand", "price", "stock")
    columns = zip(header, *map(_result_row, results), strict=True)
    filled = [column for column in columns if any(column[1:])]
    if filled:
        print_columns(list(zip(*filled, strict=True)))
    else:
        typer.echo("  no product of the catalogue answers this")


def _garment_line(garment: "GarmentDocument") -> str:
    colours = ", ".join(f"{each.name} {each.share:.0%}" for each in garment.colours)
    box = ", ".join(str(side) for side in garment.box)
    return f"{garment.garment_class} {garment.score:.2f}  box {box}  {colours}"


def _result_row(result: "ResultDocument") -> tuple[str, ...]:
    """The cells of a result; its stock explains why it is behind others: sold out comes last."""
    return (
        f"  {result.score:.3f}",
        result.product_id,
        result.title[:60],
        result.brand or "",
        _price_cell(result),
        result.availability or "",
    )


def _price_cell(result: "ResultDocument") -> str:
    from catalog.feeds.prices import decimals_of

    if result.price is None:
        return ""
    if not result.currency:
        return str(result.price)
    return f"{result.price:.{decimals_of(result.currency)}f} {result.currency}"
