"""The command `apparel search`: search a catalogue with a photo or with words."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
from search_app.cli import session
from search_app.cli.output import print_json, print_note, print_table
from search_app.cli.session import (
    DataOption,
    JsonOption,
    opened_collection,
    opened_database,
    require_catalogue,
    settings_for,
)

if TYPE_CHECKING:
    from catalog.filtering.filters import Filters
    from indexing.collection import Collection
    from search_app.documents import (
        GarmentDocument,
        ResultDocument,
        SearchDocument,
        UnderstoodDocument,
    )
    from search_app.search.options import SearchOptions
    from search_app.settings import Settings
    from segmentation.photos import Photo


class ClassName(StrEnum):
    """Values of --class."""

    UPPER = "upper"
    WHOLE = "whole"
    LOWER = "lower"


def add_commands(app: typer.Typer) -> None:
    """Register the command."""
    app.command()(search)


def search(
    context: typer.Context,
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
        ClassName | None, typer.Option("--class", help="Only garments of this class.")
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
        float | None,
        typer.Option(
            metavar="0..1",
            min=0,
            max=1,
            help=f"0 compares style only, 1 colour only ({DEFAULT_COLOUR_WEIGHT}).",
        ),
    ] = None,
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
    from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
    from search_app.search.options import SearchOptions, check_colour
    from segmentation.classes import GarmentClass

    if photo is None and not words:
        raise typer.BadParameter("name a PHOTO, or what to find with --words")
    settings = settings_for(context, data=data)
    options = SearchOptions(
        garment_class=GarmentClass.from_label(garment_class) if garment_class else None,
        k=k,
        colour_weight=DEFAULT_COLOUR_WEIGHT if colour_weight is None else colour_weight,
        filters=_filters(settings, filters or []),
        in_colour=in_colour,
        words=words,
        fold_duplicates=fold,
    )
    check_colour(options)
    if photo is None:
        _search_words(settings, options, as_json)
    else:
        _search_photo(settings, photo, options, as_json, explain)


def _search_photo(
    settings: "Settings",
    photo: Path,
    options: "SearchOptions",
    as_json: bool,
    explain: Path | None,
) -> None:
    from search_app.search.search_document import search_photo
    from segmentation.photos import decode_photo

    decoded = decode_photo(photo)
    require_catalogue(settings)
    with opened_collection(settings, session.load_embedder(settings)) as collection:
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


def _search_words(settings: "Settings", options: "SearchOptions", as_json: bool) -> None:
    from indexing.embedding.hub import has_text_tower
    from search_app.jobs.encoder_choices import encoder_in_use
    from search_app.search.search_document import search_words

    require_catalogue(settings)
    # Only an encoder that takes texts is needed: attributes are predicted at indexing time.
    takes_text = has_text_tower(encoder_in_use(settings))
    embedder = session.load_embedder(settings) if takes_text else None
    with opened_collection(settings, embedder) as collection:
        document = search_words(collection, options)
    if as_json:
        print_json(document.model_dump())
    else:
        _print_unused(document.words)
        _print_table(document.results)


def _filters(settings: "Settings", texts: list[str]) -> "Filters":
    """Parse filters, before anything is loaded. Raises CatalogError, which lists the fields."""
    from catalog.queries import Filters, attribute_names, parse_filters

    if not texts:
        return Filters()
    require_catalogue(settings)
    with opened_database(settings) as database, database.session() as session:
        return parse_filters(texts, attribute_names(session))


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
    if results:
        rows = [_result_row(result) for result in results]
        print_table(("  score", "product", "title", "brand", "price"), rows)
    else:
        typer.echo("  no product of the catalogue answers this")


def _garment_line(garment: "GarmentDocument") -> str:
    colours = ", ".join(f"{each.name} {each.share:.0%}" for each in garment.colours)
    box = ", ".join(str(side) for side in garment.box)
    return f"{garment.garment_class} {garment.score:.2f}  box {box}  {colours}"


def _result_row(result: "ResultDocument") -> tuple[str, ...]:
    price = "" if result.price is None else f"{result.price:.2f} {result.currency or ''}"
    return (
        f"  {result.score:.3f}",
        result.product_id,
        result.title[:60],
        result.brand or "",
        price.strip(),
    )
