"""The command that searches a catalogue, with a photo or with words."""

from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_app import cli_session
from search_app.cli_output import print_json, print_table, tell
from search_app.cli_session import (
    DataOption,
    JsonOption,
    opened_collection,
    require_catalogue,
    settings_for,
)

if TYPE_CHECKING:
    from catalog.filters import Filters
    from indexing.collection import Collection
    from search_app.documents import (
        GarmentDocument,
        ResultDocument,
        SearchDocument,
        UnderstoodDocument,
    )
    from search_app.search_options import SearchOptions
    from search_app.settings import Settings
    from segmentation.photos import Photo


class ClassName(StrEnum):
    """What --class takes."""

    UPPER = "upper"
    WHOLE = "whole"
    LOWER = "lower"


def add_commands(app: typer.Typer) -> None:
    """Make this command known to the console script."""
    app.command()(search)


def search(
    context: typer.Context,
    photo: Annotated[
        Path | None, typer.Argument(help="The photo to search with; without one --words searches.")
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
            metavar="DIR", help="Also draw which parts made the first result of each garment alike."
        ),
    ] = None,
    garment_class: Annotated[
        ClassName | None, typer.Option("--class", help="Only garments of this class.")
    ] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="Results for each garment.")] = 12,
    filters: Annotated[
        list[str] | None,
        typer.Option(
            "--filter",
            metavar="FIELD=VALUE",
            help="Only products with this brand, category, colour (a name or #rrggbb), "
            "price_max, ...; FIELD!=VALUE leaves them out; may repeat.",
        ),
    ] = None,
    colour_weight: Annotated[
        float, typer.Option(min=0, max=1, help="0 compares style only, 1 colour only.")
    ] = 0.5,
    fold: Annotated[
        bool, typer.Option("--fold", help="Show nearly equal products, or equal photos, once.")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find products like the garments on a photo, or by plain words.

    --words beside a photo keeps the results to what they ask for.
    """
    from search_app.search_options import SearchOptions
    from segmentation.classes import GarmentClass

    if photo is None and not words:
        raise typer.BadParameter("name a PHOTO, or what to find with --words")
    options = SearchOptions(
        GarmentClass.from_label(garment_class) if garment_class else None,
        k,
        colour_weight,
        in_colour=in_colour,
        words=words,
        fold_duplicates=fold,
    )
    settings = settings_for(context, data=data)
    if photo is None:
        _search_words(settings, options, filters or [], as_json)
    else:
        _search_photo(settings, photo, options, filters or [], as_json, explain)


def _search_photo(
    settings: "Settings",
    photo: Path,
    options: "SearchOptions",
    filters: list[str],
    as_json: bool,
    explain: Path | None,
) -> None:
    from search_app.search import search_photo
    from segmentation.photos import decode_photo

    decoded = decode_photo(photo)
    require_catalogue(settings)
    with opened_collection(settings, cli_session.load_embedder(settings)) as collection:
        options = replace(options, filters=_filters(collection, filters))
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
    """garment-1.png, ...: the first result of each garment that was found."""
    from search_app.explaining import explain
    from search_app.query import embed_query, embedder_of

    found = embed_query(embedder_of(collection), photo).garments
    by_box = {(each.garment_class.label, round(each.area, 4)): each for each in found}
    folder.mkdir(parents=True, exist_ok=True)
    for number, each in enumerate(document.garments, 1):
        garment = by_box.get((each.garment_class, each.area))
        if garment is not None and each.results:
            first = each.results[0].garment_id
            png = explain(collection, photo, garment, first, options.colour_weight)
            path = folder / f"garment-{number}.png"
            path.write_bytes(png)
            tell(f"written: {path}")


def _search_words(
    settings: "Settings", options: "SearchOptions", filters: list[str], as_json: bool
) -> None:
    from search_app.search import search_words

    require_catalogue(settings)
    # No model is needed: the attributes were predicted at indexing time.
    with opened_collection(settings, None) as collection:
        options = replace(options, filters=_filters(collection, filters))
        document = search_words(collection, options)
    if as_json:
        print_json(document.model_dump())
    else:
        _tell_unknown(document.words)
        _print_table(document.results)


def _filters(collection: "Collection", texts: list[str]) -> "Filters":
    from catalog.queries import attribute_names, parse_filters

    with collection.database.session() as session:
        return parse_filters(texts, attribute_names(session))


def _print_results(document: "SearchDocument") -> None:
    if document.note:
        tell(document.note)
    _tell_unknown(document.words)
    for garment in document.garments:
        typer.echo(_garment_line(garment))
        _print_table(garment.results)
        typer.echo()


def _tell_unknown(words: "UnderstoodDocument | None") -> None:
    if words and words.unknown_words:
        tell(f"not known and not used: {', '.join(words.unknown_words)}")


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
