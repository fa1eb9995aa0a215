"""Calls that search."""

from collections.abc import Sequence
from typing import Any, Final

from search_app.client.calls import (
    API,
    Call,
    Examples,
    Photo,
    PhotoQuery,
    given,
    nothing,
    photo_files,
)
from search_app.documents import (
    ClassLabel,
    EventRequest,
    FacetsDocument,
    ResultsDocument,
    SearchDocument,
    SegmentDocument,
    VectorRequest,
    WordsDocument,
)

SEARCH: Final = f"{API}/search"


def search(
    photo: Photo | PhotoQuery,
    garment_class: ClassLabel | None,
    k: int,
    colour_weight: float,
    filters: Sequence[str],
    words: str | None,
    in_colour: str | None,
    examples: Examples,
) -> Call[SearchDocument]:
    """Search with a photo."""
    query = photo if isinstance(photo, PhotoQuery) else PhotoQuery(photo)
    form = given(
        garment_class=garment_class,
        k=str(k),
        colour_weight=str(colour_weight),
        filters=list(filters),
        words=words,
        in_colour=in_colour,
        region=",".join(str(edge) for edge in query.region) if query.region else None,
        **_examples(examples),
    )
    files = photo_files("further_photos", query.further_photos)
    if isinstance(query.photo, str) and query.photo.startswith(("http://", "https://")):
        form["url"] = query.photo
    else:
        files += photo_files("photo", [query.photo])
    return Call(SearchDocument.model_validate_json, "POST", SEARCH, form=form, files=files)


def segment(photo: Photo) -> Call[SegmentDocument]:
    """Segment a photo."""
    files = photo_files("photo", [photo])
    return Call(SegmentDocument.model_validate_json, "POST", f"{API}/segment", files=files)


def explain(photo: Photo, garment_id: int, garment: int, colour_weight: float) -> Call[bytes]:
    """Explain a result."""
    form = {
        "garment_id": str(garment_id),
        "garment": str(garment),
        "colour_weight": str(colour_weight),
    }
    return Call(bytes, "POST", f"{API}/explain", form=form, files=photo_files("photo", [photo]))


def find(
    words: str, k: int, filters: Sequence[str], garment_class: ClassLabel | None
) -> Call[WordsDocument]:
    """Search by words."""
    parameters = given(words=words, k=k, filters=list(filters), garment_class=garment_class)
    return Call(WordsDocument.model_validate_json, "GET", SEARCH, parameters)


def similar(
    product_id: str,
    k: int,
    filters: Sequence[str],
    garment_class: ClassLabel | None,
    colour_weight: float,
    in_colour: str | None,
    garment_id: int | None,
    examples: Examples,
) -> Call[ResultsDocument]:
    """Search with a product."""
    parameters = given(
        product_id=product_id,
        garment_id=garment_id,
        garment_class=garment_class,
        k=k,
        colour_weight=str(colour_weight),
        filters=list(filters),
        in_colour=in_colour,
        **_examples(examples),
    )
    return Call(ResultsDocument.model_validate_json, "GET", f"{API}/similar", parameters)


def search_vector(request: VectorRequest) -> Call[ResultsDocument]:
    """Search with a vector."""
    body = request.model_dump_json(exclude_none=True)
    return Call(ResultsDocument.model_validate_json, "POST", f"{SEARCH}/vector", json=body)


def facets(filters: Sequence[str], attributes: Sequence[str], limit: int) -> Call[FacetsDocument]:
    """Count the values of the filters."""
    parameters = given(filters=list(filters), attributes=list(attributes), limit=limit)
    return Call(FacetsDocument.model_validate_json, "GET", f"{API}/facets", parameters)


def send_event(event: EventRequest) -> Call[None]:
    """Report what followed a search."""
    return Call(nothing, "POST", f"{API}/events", json=event.model_dump_json())


def _examples(examples: Examples) -> dict[str, Any]:
    return {"more_like": list(examples.more_like), "less_like": list(examples.less_like)}
