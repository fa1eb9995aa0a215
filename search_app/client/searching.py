"""Calls that search."""

from collections.abc import Sequence
from typing import Any, Final

from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
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
    garment_class: ClassLabel | None = None,
    k: int = 12,
    colour_weight: float = DEFAULT_COLOUR_WEIGHT,
    filters: Sequence[str] = (),
    words: str | None = None,
    in_colour: str | None = None,
    examples: Examples = Examples(),
) -> Call[SearchDocument]:
    """Find the garments of a photo and the nearest products to each."""
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
    """Find the garments and the class mask of a photo."""
    files = photo_files("photo", [photo])
    return Call(SegmentDocument.model_validate_json, "POST", f"{API}/segment", files=files)


def explain(
    photo: Photo,
    garment_id: int,
    garment: int = 0,
    colour_weight: float = DEFAULT_COLOUR_WEIGHT,
) -> Call[bytes]:
    """Explain a result by its `garment_id`, as a PNG; `garment` of the photo, from 0."""
    form = {
        "garment_id": str(garment_id),
        "garment": str(garment),
        "colour_weight": str(colour_weight),
    }
    return Call(bytes, "POST", f"{API}/explain", form=form, files=photo_files("photo", [photo]))


def find(
    words: str,
    k: int = 12,
    filters: Sequence[str] = (),
    garment_class: ClassLabel | None = None,
) -> Call[WordsDocument]:
    """Find products by plain words."""
    parameters = given(words=words, k=k, filters=list(filters), garment_class=garment_class)
    return Call(WordsDocument.model_validate_json, "GET", SEARCH, parameters)


def similar(
    product_id: str,
    k: int = 12,
    filters: Sequence[str] = (),
    garment_class: ClassLabel | None = None,
    colour_weight: float = DEFAULT_COLOUR_WEIGHT,
    in_colour: str | None = None,
    garment_id: int | None = None,
    examples: Examples = Examples(),
) -> Call[ResultsDocument]:
    """Find products like a product, or like one of its garments."""
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
    """Find the products nearest to a vector of `apparel embed`."""
    body = request.model_dump_json(exclude_none=True)
    return Call(ResultsDocument.model_validate_json, "POST", f"{SEARCH}/vector", json=body)


def facets(
    filters: Sequence[str] = (), attributes: Sequence[str] = (), limit: int = 50
) -> Call[FacetsDocument]:
    """Count the products by brand, category, colour, availability, class and attributes."""
    parameters = given(filters=list(filters), attributes=list(attributes), limit=limit)
    return Call(FacetsDocument.model_validate_json, "GET", f"{API}/facets", parameters)


def send_event(event: EventRequest) -> Call[None]:
    """Report a click, a cart or a purchase that followed a search."""
    return Call(nothing, "POST", f"{API}/events", json=event.model_dump_json())


def _examples(examples: Examples) -> dict[str, Any]:
    return {"more_like": list(examples.more_like), "less_like": list(examples.less_like)}
