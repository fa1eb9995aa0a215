"""`apparel segment` and `apparel embed`: photos without a catalogue.

photo files -> decoded batches -> models -> NAME.png and NAME.json, or one .npz
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from search_app.cli import session
from search_app.cli.options import DataOption, JsonOption, SegmenterOption
from search_app.cli.output import Advance, print_json, print_note, progress_on_stderr
from search_app.cli.session import settings_for
from search_app.errors import CommandFailed
from segmentation.errors import UnreadablePhoto

if TYPE_CHECKING:
    from indexing.types import Embedder, Vector
    from segmentation.mask import Box, Garment
    from segmentation.photos import DecodedPhoto
    from segmentation.segmented_photo import Segmentation

BATCH_PHOTOS: Final = 8
SourceArgument = Annotated[
    Path, typer.Argument(metavar="PHOTO|DIR", help="A photo, or a folder of photos.")
]


@dataclass(frozen=True)
class NamedPhoto:
    """A photo file and its name: the path relative to the given folder."""

    name: str
    path: Path


@dataclass(frozen=True)
class UnreadableFile:
    """A photo that could not be read, and why."""

    photo: str
    code: str
    reason: str


def segment(
    source: SourceArgument,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for NAME.png and NAME.json.")
    ],
    overlays: Annotated[
        bool,
        typer.Option("--overlay", help="Also write contact sheets OUT/overlays/sheet-001.png ..."),
    ] = False,
    segmenter: SegmenterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write each photo's class mask and garments.

    NAME.png has 8 bits: 0 background, 1 upper, 2 whole, 3 lower, at the photo's size.

    Example: apparel segment photos --out masks --overlay
    """
    from segmentation.evaluation.overlays import OverlaySheets

    settings = settings_for(segmenter=segmenter)
    photos = named_photos(source)
    stems = _output_stems(photos, out)
    loaded = session.load_segmenter(settings)
    sheets = OverlaySheets(out / "overlays")
    documents: list[dict[str, Any]] = []
    with progress_on_stderr("photos") as tick:
        reader = PhotoReader(photos, tick)
        for batch in reader.batches():
            found = loaded.segment([decoded.photo for _, decoded in batch])
            for (named, decoded), segmentation in zip(batch, found, strict=True):
                stem = stems[named.name]
                documents.append(_write_segmentation(named, decoded, segmentation, stem))
                if overlays:
                    sheets.add(decoded.photo, segmentation.mask)
    sheets.close()
    if as_json:
        print_json({"photos": documents, "skipped": reader.skipped, "model": loaded.fingerprint})
    else:
        typer.echo(f"{len(documents)} photos segmented into {out}")
    reader.require_one_read()


def named_photos(source: Path) -> list[NamedPhoto]:
    """The photo itself, or all photos in a folder. Raises CommandFailed if there are none."""
    from segmentation.photos import find_photos

    if not source.is_dir():
        return [NamedPhoto(source.name, source)]
    found = [NamedPhoto(path.relative_to(source).as_posix(), path) for path in find_photos(source)]
    if not found:
        raise CommandFailed(f"no photos below {source}; give a folder with JPEG, PNG or WebP files")
    return found


class PhotoReader:
    """Reader that decodes photos in batches; it reports and skips those that cannot be read."""

    def __init__(self, photos: list[NamedPhoto], tick: Advance) -> None:
        self._photos = photos
        self._tick = tick
        self.skipped: list[UnreadableFile] = []

    def batches(self) -> Iterator[list[tuple[NamedPhoto, DecodedPhoto]]]:
        """Yield batches of 1 to `BATCH_PHOTOS` photos in order."""
        for start in range(0, len(self._photos), BATCH_PHOTOS):
            some = self._photos[start : start + BATCH_PHOTOS]
            batch = [(named, decoded) for named in some if (decoded := self._decode(named))]
            if batch:
                yield batch
            note = f"{len(self.skipped)} skipped" if self.skipped else ""
            self._tick(start + len(some), len(self._photos), note)

    def _decode(self, named: NamedPhoto) -> DecodedPhoto | None:
        from segmentation.photos import decode_photo

        try:
            return decode_photo(named.path)
        except UnreadablePhoto as error:
            self.skipped.append(UnreadableFile(named.name, error.code, str(error)))
            print_note(f"skipped {named.name}: {error}")
            return None

    def require_one_read(self) -> None:
        """Raise CommandFailed if every photo was skipped."""
        if len(self.skipped) == len(self._photos):
            first = self.skipped[0]
            raise CommandFailed(
                f"none of {len(self._photos)} photos could be read; {first.photo}: {first.reason}"
            )


def _output_stems(photos: list[NamedPhoto], out: Path) -> dict[str, Path]:
    """Output path of each photo without suffix; with it where a.jpg and a.png would collide."""
    plain = [Path(named.name).with_suffix("") for named in photos]
    stems = {
        named.name: out / (stem if plain.count(stem) == 1 else Path(named.name))
        for named, stem in zip(photos, plain, strict=True)
    }
    sources = {named.path.resolve() for named in photos}
    for stem in stems.values():
        if mask_path(stem).resolve() in sources:
            raise CommandFailed(f"{mask_path(stem)} is one of the photos; name another --out")
    return stems


def mask_path(stem: Path) -> Path:
    """The mask file of an output stem, which may itself contain a dot."""
    return stem.with_name(f"{stem.name}.png")


def _write_segmentation(
    named: NamedPhoto, decoded: DecodedPhoto, segmentation: Segmentation, stem: Path
) -> dict[str, Any]:
    """Write NAME.png and NAME.json; returns the JSON document."""
    from search_app.api.masks import mask_png

    stem.parent.mkdir(parents=True, exist_ok=True)
    mask_path(stem).write_bytes(mask_png(segmentation.mask, (decoded.height, decoded.width)))
    document = {
        "photo": named.name,
        "mask": mask_path(stem).name,
        "width": decoded.width,
        "height": decoded.height,
        "garments": [_garment_document(decoded, garment) for garment in segmentation.garments],
    }
    path = stem.with_name(f"{stem.name}.json")
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return document


def _garment_document(decoded: DecodedPhoto, garment: Garment) -> dict[str, Any]:
    from indexing.embedding.colour import describe_colours

    return {
        "garment_class": garment.garment_class.label,
        "score": round(garment.score, 4),
        "box": box_at_own_size(garment.box, decoded),
        "area": round(garment.area, 4),
        "colours": [asdict(each) for each in describe_colours(decoded.photo, garment).colours],
    }


def box_at_own_size(box: Box, decoded: DecodedPhoto) -> Box:
    """Convert a box from pixels of the decoded photo to pixels of its file."""
    from search_app.search.query_photo import scaled_box

    height, width = decoded.photo.shape[:2]
    return scaled_box(box, decoded.width / width, decoded.height / height)


def embed(
    source: SourceArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE.npz", help="The file to write.")],
    data: DataOption = None,
) -> None:
    """Write the vectors of each photo's garments.

    Arrays photo, garment_class, box and vector: the vectors are those of the index.

    Example: apparel embed photos --out vectors.npz
    """
    settings = settings_for(data=data)
    photos = named_photos(source)
    embedder = session.load_embedder(settings)
    with progress_on_stderr("photos") as tick:
        reader = PhotoReader(photos, tick)
        rows = [row for batch in reader.batches() for row in _embed_batch(embedder, batch)]
    reader.require_one_read()
    _write_vectors(rows, embedder.fingerprint.dimension, out)
    typer.echo(f"{len(rows)} garments of {len(photos) - len(reader.skipped)} photos in {out}")


@dataclass(frozen=True, eq=False)
class EmbeddedRow:
    """A garment's values in the output file."""

    photo: str
    garment_class: int
    box: Box
    vector: Vector


def _embed_batch(
    embedder: Embedder, batch: list[tuple[NamedPhoto, DecodedPhoto]]
) -> Iterator[EmbeddedRow]:
    embedded = embedder.embed([decoded.photo for _, decoded in batch])
    for (named, decoded), photo in zip(batch, embedded, strict=True):
        for each in photo.garments:
            box = box_at_own_size(each.garment.box, decoded)
            yield EmbeddedRow(named.name, int(each.garment.garment_class), box, each.vector)


def _write_vectors(rows: list[EmbeddedRow], dimension: int, out: Path) -> None:
    import numpy as np

    from catalog.files import publishing

    with publishing(out) as unfinished, unfinished.open("wb") as file:
        np.savez(
            file,
            photo=np.array([row.photo for row in rows], dtype=np.str_),
            garment_class=np.array([row.garment_class for row in rows], np.int64),
            box=np.array([row.box for row in rows], np.int64).reshape(-1, 4),
            vector=np.array([row.vector for row in rows], np.float32).reshape(-1, dimension),
        )
