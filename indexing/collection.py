"""The one object that the command line and the web open: a data folder with its models.

    DATA/apparel.db   the truth: products, photos, garments, vectors
    DATA/index/       a cache of it: one FAISS file per class
    DATA/photos/      a reduced copy of every indexed photo, named by the source's SHA-256

Searches run on any thread while one thread writes.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import select

from catalog.database import Database, open_database
from catalog.errors import CatalogError
from catalog.fetch import FetchLimits
from catalog.fetched import FetchedPhotos
from catalog.importer import (
    Feed,
    ImportOptions,
    ImportSummary,
    ProductRow,
    import_feed,
    update_product,
)
from catalog.models import Garment, Photo
from catalog.models import Vector as VectorRow
from catalog.photos import PhotoStore
from catalog.queries import Filters, catalog_counts, product_cards
from catalog.removal import Leftovers, remove_left_photos, remove_product, remove_products
from indexing.cards import CollectionStatus, ResultCard, result_card
from indexing.closeness import closeness_for
from indexing.errors import IndexingError
from indexing.export import export_collection
from indexing.fetching import photos_to_index
from indexing.indices import ClassIndices
from indexing.pipeline import index_photos
from indexing.question import Question
from indexing.records import Embedder, Hit, ModelFingerprint, Probe, Vector
from indexing.reembed import renew_attributes
from indexing.run import Run
from indexing.searcher import nearest_products, surest_products
from indexing.stages import (
    GarmentChange,
    IndexProgress,
    IndexSummary,
    StageClock,
    StageTiming,
)
from indexing.tiles import NO_TILES, Tiles, are_compared
from indexing.vectors import (
    active_model,
    fingerprint_of,
    stored_tiles,
    use_model,
    vector_from_bytes,
)
from indexing.verify import find_problems
from segmentation.classes import GARMENT_CLASSES, GarmentClass

__all__ = [
    "Collection",
    "CollectionStatus",
    "IndexProgress",
    "IndexSummary",
    "ResultCard",
    "StageTiming",
    "open_collection",
]

SECONDS_TO_VISIBLE: Final = 1.0
"""New vectors reach searches at least this often during a run."""


class Collection:
    """Products, their photos' vectors and the indices over them. Made by `open_collection`.

    `database` is open for the reads of `catalog.queries`:
        with collection.database.session() as session: facets(session)
    """

    def __init__(self, data: Path, database: Database, embedder: Embedder | None) -> None:
        self.data = data
        self.database = database
        self.embedder = embedder
        self._store = PhotoStore(data)
        self._fetched = FetchedPhotos(data)
        self._run_lock = threading.Lock()
        self._retired = False
        self._model_id, self._fingerprint = _model_of(database, embedder)
        self._indices = None
        if self._fingerprint is not None:
            self._indices = ClassIndices(data, database, self._model_id, self._fingerprint)

    @property
    def fingerprint(self) -> ModelFingerprint | None:
        """What made the vectors, or will make them."""
        return self._fingerprint

    def index(
        self,
        feed: Feed,
        photos: Path | None = None,
        on_progress: Callable[[IndexProgress], None] | None = None,
        options: ImportOptions = ImportOptions(),
    ) -> IndexSummary:
        """Import a feed and index the photos that need it; resumes where a run was stopped.

        A photo whose bytes are unchanged is not embedded again; a bad one is skipped with
        stage, code and reason. Each batch is one transaction. What the feed no longer has goes
        when all else is done. A dry run only counts, and writes nothing.

        Raises:
            IndexingError: the collection was opened without a model, or is retired.
            PruneRefused: pruning would take most products; nothing was written.
        """
        if options.dry_run:
            return self._preview(feed, photos, options)
        if self.embedder is None or self._indices is None:
            raise IndexingError("no model is loaded; open the collection with an embedder")
        with self._run_lock:
            if self._retired:
                raise IndexingError("the encoder was changed meanwhile; try again")
            clock = StageClock()
            with clock.timing("import"), self.database.transaction() as session:
                imported = import_feed(session, feed, photos, options, self._fetched)
            run = Run(imported, clock, on_progress)
            limits = FetchLimits(allow_private=options.allow_private_hosts)
            try:
                self._index_pending(self.embedder, self._indices, run, limits)
                with clock.timing("remove"):
                    self._remove_what_left(imported)
            finally:
                with clock.timing("publish"):
                    self._indices.refresh()
                    self._indices.save()
                    self._indices.forget()
                    self.database.analyze()
            return run.summary()

    def _preview(self, feed: Feed, photos: Path | None, options: ImportOptions) -> IndexSummary:
        clock = StageClock()
        with clock.timing("import"), self.database.session() as session:
            imported = import_feed(session, feed, photos, options, self._fetched)
        return Run(imported, clock, None).summary()

    def _remove_what_left(self, imported: ImportSummary) -> None:
        """Products to prune and photos that others have replaced; indices are refreshed later."""
        with self.database.transaction() as session:
            left = remove_left_photos(session) + remove_products(session, imported.removed)
        self._delete_files(left)

    def _delete_files(self, left: Leftovers) -> None:
        for name in left.stored:
            self._store.remove(name)
        for url in left.urls:
            self._fetched.remove(url)

    def _index_pending(
        self, embedder: Embedder, indices: ClassIndices, run: Run, limits: FetchLimits
    ) -> None:
        run.report()
        hidden: list[GarmentChange] = []
        shown = time.monotonic()
        photos = photos_to_index(run.imported, self._fetched, limits, run.clock)
        batches = index_photos(
            photos, embedder, self.database, self._model_id, self._store, run.clock
        )
        with closing(photos), closing(batches):
            for batch in batches:
                hidden.append(batch.change)
                if time.monotonic() - shown >= SECONDS_TO_VISIBLE:
                    with run.clock.timing("index"):
                        indices.apply(hidden)
                    hidden, shown = [], time.monotonic()
                run.count(batch)

    def search(
        self,
        vector: Vector,
        garment_class: GarmentClass,
        k: int,
        colour_weight: float = 0.5,
        filters: Filters | None = None,
        exclude_product: str | None = None,
        fold_duplicates: bool = False,
        tiles: Tiles = NO_TILES,
        elsewhere: bool = False,
        own_colour: bool = True,
        also: Sequence[Probe] = (),
    ) -> list[Hit]:
        """The nearest garments of a class, the best of each product, the best first.

        Exactly min(k, products that pass) hits. What this process or another has committed is
        found within a second.

        Args:
            vector: shape (d,), style half then colour half, each of unit length.
            colour_weight: 0 looks at style only, 1 at colour only.
            fold_duplicates: products with the same photo, or nearly the same garment, answer
                once.
            tiles: of the garment searched with, to look at the best answers more closely.
            elsewhere: the garment is of another class; see `everywhere.search_everywhere`.
            own_colour: the colour half is of the garment that the tiles are of.
            also: is asked with too where details are looked at; of all scores of a garment the
                best counts.
        """
        if self._indices is None or k < 1:
            return []
        compared = are_compared(tiles, colour_weight)
        first = Probe(vector, tiles, is_guess=elsewhere)
        probes = (first, *(also if compared else ()))
        question = Question(
            garment_class,
            k,
            colour_weight,
            filters or Filters(),
            exclude_product,
            fold_duplicates,
            compared,
            self._model_id,
            all(probe.is_guess for probe in probes),
            own_colour,
        )
        with self.database.session() as session:
            # A run of this process shows its own work.
            if not self._run_lock.locked():
                self._indices.look(session)
            snapshot = self._indices.snapshot(garment_class)
            return nearest_products(session, snapshot, probes, question)

    def find(
        self, filters: Filters, k: int, garment_class: GarmentClass | None = None
    ) -> list[Hit]:
        """Garments that pass the filters, without a vector: the surest of each product first.

        A hit's `style` is how sure the attributes are that the wish asks for, `colour` the
        share of its first colour on the garment; 1 where it asks for none.
        """
        if k < 1:
            return []
        with self.database.session() as session:
            return surest_products(session, filters, k, garment_class)

    def vector_of(self, garment_id: int) -> tuple[GarmentClass, Vector]:
        """A stored garment's class and vector (more like this); CatalogError if absent."""
        with self.database.session() as session:
            row = session.execute(
                select(Garment.garment_class, VectorRow.values)
                .join(VectorRow, VectorRow.garment_id == Garment.id)
                .where(Garment.id == garment_id, VectorRow.model_id == self._model_id)
            ).one_or_none()
        if row is None:
            raise CatalogError(f"there is no garment {garment_id}; search again for its id")
        return GarmentClass(row[0]), vector_from_bytes(row[1])

    def tiles_of(self, garment_id: int) -> Tiles:
        """A stored garment's tiles; none where its encoder has none."""
        with self.database.session() as session:
            return stored_tiles(session, self._model_id, [garment_id]).get(garment_id, NO_TILES)

    def cards(self, hits: Sequence[Hit]) -> list[ResultCard]:
        """A card for each hit, in order, by one query; removed since then: left out."""
        with self.database.session() as session:
            cards = product_cards(session, [hit.garment_id for hit in hits])
        encoder = self._fingerprint.encoder if self._fingerprint else ""
        closeness = closeness_for(encoder)
        return [
            result_card(hit, cards[hit.garment_id], closeness)
            for hit in hits
            if hit.garment_id in cards
        ]

    def photo_file(self, photo_id: int) -> Path:
        """The reduced JPEG (long side at most 720) of a photo; CatalogError if there is none."""
        with self.database.session() as session:
            stored = session.scalar(select(Photo.stored).where(Photo.id == photo_id))
        if stored is None or not self._store.path(stored).is_file():
            raise CatalogError(f"there is no stored photo {photo_id}; index it again")
        return self._store.path(stored)

    def update(self, row: ProductRow) -> bool:
        """Give a product new values, its photos left alone; whether any differed.

        Seen by searches at return; ProductNotFound if absent.
        """
        with self.database.transaction() as session:
            return update_product(session, row)

    def remove(self, product_id: str) -> None:
        """Remove a product; gone from searches at return. ProductNotFound if absent."""
        with self.database.transaction() as session:
            garments = session.scalars(
                select(Garment.id)
                .join(Photo, Garment.photo_id == Photo.id)
                .where(Photo.product_id == product_id)
            ).all()
            left = remove_product(session, product_id)
        if self._indices is not None:
            self._indices.apply([GarmentChange({}, np.array(garments, np.int64))])
        self._delete_files(left)

    def refresh(self) -> int:
        """Take over what another process has written; number of garments added and removed."""
        return self._indices.refresh() if self._indices else 0

    def rebuild(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Make indices and attributes anew from the stored vectors; number of garments.

        No model runs, and what is there serves meanwhile. Attributes stay where nothing is shipped
        that predicts them for this encoder.

        Args:
            progress: told how much of how much is done, of the attributes first, then anew of
                the indices.
        """
        if self._indices is None or self._fingerprint is None:
            return 0
        renew_attributes(self.database, self._fingerprint.encoder, progress)
        return self._indices.rebuild(progress)

    def retire(self) -> None:
        """Let another collection over the same folder take over (`indexing.switch`).

        This one answers on as it is, but indexes and publishes nothing any more.
        """
        with self._run_lock:
            self._retired = True
        if self._indices is not None:
            self._indices.retire()

    def verify(self) -> list[str]:
        """Problems found in database, index files and stored photos, one line each.

        Index files that were damaged when the collection was opened are named too, though
        they have been made anew.
        """
        found = self._indices.damage if self._indices else []
        return found + find_problems(
            self.database, self._store, self._model_id, self._fingerprint, self._indices
        )

    def export(self, path: Path) -> int:
        """Write products (.csv, a feed again) or vectors (.npz); number of rows."""
        return export_collection(self.database, self._model_id, path)

    def searchable(self) -> dict[GarmentClass, int]:
        """Garments in each index; costs nothing."""
        indices = self._indices
        return {each: len(indices.snapshot(each)) if indices else 0 for each in GARMENT_CLASSES}

    def status(self) -> CollectionStatus:
        """Counts and sizes."""
        with self.database.session() as session:
            counts = catalog_counts(session)
        indices = self._indices
        return CollectionStatus(
            data=self.data,
            model=self._fingerprint,
            products=counts.products,
            photos_pending=counts.photos_pending,
            photos_indexed=counts.photos_indexed,
            photos_skipped=counts.photos_skipped,
            garments=counts.garments,
            searchable=self.searchable(),
            skips=counts.skips,
            database_bytes=self.database.size(),
            index_bytes=indices.size() if indices else 0,
            photo_bytes=self._store.size(),
        )

    def close(self) -> None:
        """Publish the index files and close the database."""
        if self._indices is not None:
            self._indices.close()
        self.database.close()


def _model_of(database: Database, embedder: Embedder | None) -> tuple[int, ModelFingerprint | None]:
    """Id and fingerprint of the model to use; (0, None) where there is none at all."""
    if embedder is not None:
        return use_model(database, embedder.fingerprint), embedder.fingerprint
    with database.session() as session:
        model = active_model(session)
        return (0, None) if model is None else (model.id, fingerprint_of(model))


def open_collection(
    data: Path, embedder: Embedder | None = None, database_url: str | None = None
) -> Collection:
    """Open a data folder, made if absent; the indices catch up with the database.

    Args:
        embedder: None opens what is there without a model: all works but `index`.
        database_url: a PostgreSQL database instead of the folder's own file.

    Raises:
        ModelMismatch: the stored vectors are another model's; names both.
        DatabaseError: the database cannot be opened.
    """
    database = open_database(data, database_url)
    try:
        return Collection(data, database, embedder)
    except BaseException:
        database.close()
        raise
