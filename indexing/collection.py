"""A searchable collection in a data folder: open, index, search, status.

    DATA/apparel.db   the database: products, photos, garments, vectors
    DATA/index/       a cache built from it: one vector index per class (not with pgvector)
    DATA/photos/      a reduced copy of every indexed photo, named by the source's SHA-256

Searches may run on any thread while one thread writes.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Final, cast

import numpy as np
from sqlalchemy import select

from catalog.cache import QueryCache, catalogue_state
from catalog.data_folder.bucket import Bucket
from catalog.data_folder.lock import importing
from catalog.data_folder.reserve import give_up_reserve, keep_reserve
from catalog.data_folder.sweep import Unreferenced, sweep
from catalog.database import Database, open_database
from catalog.errors import CannotWrite, CatalogError
from catalog.feeds.availability import SOLD_OUT
from catalog.feeds.rows import Feed, ProductRow
from catalog.fetching.hosts import FetchLimits
from catalog.fetching.store import FetchedPhotos
from catalog.filtering.filters import Filters
from catalog.filtering.word_conditions import understand
from catalog.filtering.word_query import UnderstoodWords
from catalog.garments import more_colours
from catalog.importing.importer import import_feed, update_product
from catalog.importing.placeholders import skip_placeholders
from catalog.importing.records import ImportOptions
from catalog.importing.removal import (
    Leftovers,
    remove_left_photos,
    remove_product,
    remove_products,
    unused_copies,
)
from catalog.importing.sold import mark_worn_with
from catalog.importing.sources import source_of
from catalog.models import GarmentRow, PhotoRow, Product, VectorRow
from catalog.photos import PhotoStore
from catalog.queries import catalog_counts, product_cards
from catalog.records import GarmentCard
from indexing.bulk.export import export_collection
from indexing.bulk.fetching import Fetching, changed_since, photos_to_index
from indexing.bulk.pipeline import index_photos
from indexing.bulk.progress import RunCounts
from indexing.bulk.records import GarmentChange, IndexProgress, IndexSummary
from indexing.bulk.reembed import renew_attributes
from indexing.bulk.shard_worker import ShardWorker
from indexing.bulk.shards import ShardedRun, Workers, by_content, split_products
from indexing.bulk.verify import find_problems
from indexing.clock import StageClock, StageTiming
from indexing.embedding.attributes import heads_for
from indexing.embedding.encoder import weights_folder
from indexing.errors import IndexingError
from indexing.index.engine import EngineName, VectorEngine
from indexing.index.indices import REFRESH_SECONDS, ClassIndices
from indexing.index.pgvector.engine import PgvectorEngine
from indexing.index.vector_rows import (
    active_model,
    fingerprint_of,
    use_model,
    vector_from_bytes,
)
from indexing.review.no_garment import no_garment_findings
from indexing.review.store import replace_findings
from indexing.search.query import Query
from indexing.search.results import CollectionStatus, ResultCard, closeness_for, result_card
from indexing.search.searcher import Searcher, fused_hits, products_by_certainty
from indexing.types import EmbeddedGarment, Embedder, Hit, ModelFingerprint, TextEmbedder
from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.mask import BoolMask
from segmentation.photos import Photo

__all__ = [
    "Collection",
    "CollectionStatus",
    "IndexProgress",
    "IndexSummary",
    "ResultCard",
    "StageTiming",
    "open_collection",
]

SECONDS_TO_VISIBLE: Final = 2 * REFRESH_SECONDS
"""Interval at which a run makes new vectors visible to searches."""
SIZES_SECONDS: Final = 60.0
"""For so long the number of garments of each class is taken as known."""


class Collection:
    """Products, their photos' vectors and the indices over them; made by `open_collection`.

    Use `database` with `catalog.queries`:
        with collection.database.session() as session: facets(session)
    """

    def __init__(
        self,
        data: Path,
        database: Database,
        embedder: Embedder | None,
        group_titles: bool = True,
        engine: EngineName = "faiss",
        bucket: Bucket | None = None,
    ) -> None:
        self.data = data
        self.bucket = bucket
        self.engine_name = engine
        self.group_titles = group_titles
        self.database = database
        self.embedder = embedder
        self.photo_store = PhotoStore(data, bucket)
        self._fetched = FetchedPhotos(data, bucket)
        self._sizes = QueryCache[dict[GarmentClass, int]](size=1, seconds=SIZES_SECONDS)
        self._understood = QueryCache[UnderstoodWords](size=200, seconds=600.0)
        self._run_lock = threading.Lock()
        self._retired = False
        self._model_id, self._fingerprint = _model_of(database, embedder)
        self._engine: VectorEngine | None = None
        if self._fingerprint is not None:
            self._engine = self._opened_engine(self._fingerprint)

    def _opened_engine(self, fingerprint: ModelFingerprint) -> VectorEngine:
        if self.engine_name == "pgvector":
            return PgvectorEngine(self.database, self._model_id, fingerprint)
        return ClassIndices(self.data, self.database, self._model_id, fingerprint)

    @property
    def fingerprint(self) -> ModelFingerprint | None:
        """The models of the vectors; None without vectors and embedder."""
        return self._fingerprint

    @property
    def weights_folder(self) -> Path | None:
        """`Embedder.weights_folder`, or that of the shipped encoder without an embedder."""
        return weights_folder(None) if self.embedder is None else self.embedder.weights_folder

    @property
    def lacks_heads(self) -> str:
        """The encoder of the vectors where no attribute heads fit it, so that none are renewed."""
        encoder = self._fingerprint.encoder if self._fingerprint else ""
        return "" if heads_for(encoder, self.weights_folder) else encoder

    @property
    def models(self) -> Embedder:
        """The loaded models. Raises IndexingError without any."""
        if self.embedder is None:
            raise IndexingError("no model is loaded; open the collection with an embedder")
        return self.embedder

    def index(
        self,
        feed: Feed,
        photos: Path | None = None,
        on_progress: Callable[[IndexProgress], None] | None = None,
        options: ImportOptions = ImportOptions(),
        workers: Workers | None = None,
    ) -> IndexSummary:
        """Import a feed and index its new and changed photos; resumes an interrupted run.

        A photo with unchanged bytes is not embedded again; an unusable one is skipped with stage,
        code and reason. Each batch is one transaction. Products missing from the feed are removed
        at the end. A dry run only counts and writes nothing.

        Args:
            workers: starts other processes that index the photos; None: this one does.

        Raises:
            IndexingError: the collection was opened without a model, or is retired; or all
                workers ended, or another run of the source began.
            PruneRefused: pruning would remove most products; nothing was written.
        """
        if options.dry_run:
            return self._preview(feed, photos, options)
        embedder, engine = self.models, self._engine
        assert engine is not None  # opened with the models
        with self._run_lock, importing(self.data):
            if self._retired:
                raise IndexingError("the encoder was changed meanwhile; try again")
            clock = StageClock()
            with clock.timing("import"), self.database.transaction() as session:
                imported = import_feed(session, feed, photos, options, self._fetched)
            run = RunCounts(imported, clock, on_progress)
            limits = FetchLimits(allow_private=options.allow_private_hosts)
            fetching = Fetching(self._fetched, limits, self.database)
            try:
                engine.expect(len(imported.pending))
                run.report()
                if workers is None:
                    self._index_pending(embedder, engine, run, fetching)
                else:
                    self._index_by_workers(workers, source_of(feed, options.source), run, fetching)
                with clock.timing("remove"):
                    self._finish(run)
            finally:
                with clock.timing("publish"):
                    engine.publish()
                    self.database.analyze()
                keep_reserve(self.data)
            return run.summary()

    def _preview(self, feed: Feed, photos: Path | None, options: ImportOptions) -> IndexSummary:
        clock = StageClock()
        with clock.timing("import"), self.database.session() as session:
            imported = import_feed(session, feed, photos, options, self._fetched)
        return RunCounts(imported, clock, None).summary()

    def _finish(self, run: RunCounts) -> None:
        """Remove pruned products and replaced photos; the indices are refreshed later."""
        with self.database.transaction() as session:
            left = remove_left_photos(session) + remove_products(session, run.imported.removed)
            # Only at the end: another photo with the same pixels may use the same copy.
            left += unused_copies(session, run.unused)
            mark_worn_with(session, run.imported.renamed)
            run.add_notes(skip_placeholders(session))
            if run.imported.pending:
                replace_findings(session, "no-garment", no_garment_findings(session))
        self._delete_files(left)

    def _delete_files(self, left: Leftovers) -> None:
        for name in left.stored:
            self.photo_store.remove(name)
        for url in left.urls:
            self._fetched.remove(url)

    def _index_pending(
        self, embedder: Embedder, engine: VectorEngine, run: RunCounts, fetching: Fetching
    ) -> None:
        hidden: list[GarmentChange] = []
        shown = time.monotonic()
        photos = photos_to_index(run.imported, fetching, run.clock)
        batches = index_photos(
            photos, embedder, self.database, self._model_id, self.photo_store, run.clock
        )
        with closing(photos), closing(batches):
            for batch in batches:
                hidden.append(batch.change)
                if time.monotonic() - shown >= SECONDS_TO_VISIBLE:
                    with run.clock.timing("index"):
                        engine.apply(hidden)
                    hidden, shown = [], time.monotonic()
                run.count(batch)

    def _index_by_workers(
        self, workers: Workers, source: str, run: RunCounts, fetching: Fetching
    ) -> None:
        changed = changed_since(run.imported.to_refresh, fetching, run.clock)
        pending = by_content([*run.imported.pending, *changed])
        sharded = ShardedRun.plan(
            self.database, source, self._model_id, pending, fetching.limits.allow_private
        )
        with run.clock.timing("wait for workers"), workers(sharded.run) as check:
            for counts in sharded.outcomes(check):
                run.count(counts)
        with self.database.transaction() as session:
            mark_worn_with(session, split_products(pending))

    def shard_worker(self) -> ShardWorker:
        """A worker for the shards of any run. Raises IndexingError without a model."""
        return ShardWorker(
            self.database, self.models, self._model_id, self.photo_store, self._fetched
        )

    def search(self, query: Query) -> list[Hit]:
        """The nearest garment of each product, in descending order of score.

        Returns exactly min(query.count, products that pass) hits. Commits of any process are
        visible within a second.
        """
        if self._engine is None or query.count < 1 or not query.searched_classes:
            return []
        with self.database.session() as session:
            # A run of this process publishes its own batches.
            if not self._run_lock.locked():
                self._engine.refresh_if_stale(session)
            model, titles = self._model_id, self.group_titles
            return Searcher(session, self._engine, query, model, titles).hits()

    def results(self, query: Query) -> list[ResultCard]:
        """The hits of `search` with their products."""
        return self.cards(self.search(query))

    def embed(
        self,
        photo: Photo,
        mask: BoolMask | None = None,
        garment_class: GarmentClass | None = None,
    ) -> tuple[EmbeddedGarment, ...]:
        """Embed the garments of a query photo, the largest first, or else the whole photo.

        Args:
            photo: shape (H, W, 3), RGB.
            mask: the garment's pixels, shape (H, W); None: the segmenter detects the garments.
            garment_class: class of the masked garment.

        Raises:
            IndexingError: the collection was opened without models.
            ValueError: the mask is empty.
        """
        if mask is not None:
            return (self.models.embed_region(photo, mask, garment_class),)
        (embedded,) = self.models.embed([photo])
        return embedded.garments or (self.models.embed_whole(photo),)

    @property
    def takes_text(self) -> bool:
        return isinstance(self.embedder, TextEmbedder) and self.embedder.takes_text

    def find(
        self, filters: Filters, k: int, garment_class: GarmentClass | None = None, text: str = ""
    ) -> list[Hit]:
        """Search by filters only: the best garment of each product, the best first.

        A hit's `style` is the certainty of the attributes in the text query, `colour` the share of
        its colours on the garment, 1 where it names none; products whose text has the typed words
        have the higher scores.

        Args:
            text: the typed words where `takes_text`: products that look like it are ranked
                together with those that pass, and `score` is the fused rank, 1 at most.
        """
        if k < 1:
            return []
        titles = self.group_titles
        if not text:
            with self.database.session() as session:
                return products_by_certainty(session, filters, k, garment_class, titles)
        alike = self._hits_like(text, filters, 2 * k, garment_class)
        named = list[Hit]()
        with self.database.session() as session:
            if not filters.is_empty:
                named = products_by_certainty(session, filters, 2 * k, garment_class, titles)
            return fused_hits(session, [named, alike], k, titles)

    def _hits_like(
        self, text: str, filters: Filters, count: int, garment_class: GarmentClass | None
    ) -> list[Hit]:
        """The garments nearest to a text, without what its words or the filters exclude."""
        embedder, words = cast("TextEmbedder", self.embedder), filters.words
        half, fingerprint = embedder.text_half(text), self._fingerprint
        colours = np.zeros(fingerprint.colour_dimension if fingerprint else 0, np.float32)
        query = Query(
            vector=np.concatenate([half, colours]),
            classes=(garment_class,) if garment_class else words.garment_classes or None,
            count=count,
            colour_weight=0.0,
            filters=replace(filters, words=replace(words, alternatives=())),
        )
        return self.search(query)

    def understand(self, words: str | None) -> UnderstoodWords:
        """Parse a text query and name what neither vocabulary nor catalogue knows."""
        if not words:
            return UnderstoodWords()
        with self.database.session() as session:
            key = (words, catalogue_state(session))
            return self._understood.get_or_compute(key, lambda: understand(session, words))

    def query_like(self, garment_id: int) -> Query:
        """Make a query for garments like a stored one, in its class; CatalogError if absent."""
        with self.database.session() as session:
            row = session.execute(
                select(GarmentRow.garment_class, VectorRow.values)
                .join(VectorRow, VectorRow.garment_id == GarmentRow.id)
                .where(GarmentRow.id == garment_id, VectorRow.model_id == self._model_id)
            ).one_or_none()
            if row is None:
                raise CatalogError(f"there is no garment {garment_id}; search again for its id")
        return Query(
            vector=vector_from_bytes(row[1]),
            classes=(GarmentClass(row[0]),),
        )

    def cards(self, hits: Sequence[Hit]) -> list[ResultCard]:
        """A card for each hit; garments removed meanwhile are left out, sold out products last."""
        with self.database.session() as session:
            cards = product_cards(session, [hit.garment_id for hit in hits])
            products = {card.product_id for card in cards.values()}
            colours = more_colours(session, products, self.group_titles)
        encoder = self._fingerprint.encoder if self._fingerprint else ""
        closeness, sizes = closeness_for(encoder, self.weights_folder), self._class_sizes()
        return [
            result_card(
                hit,
                card,
                closeness,
                garments=sizes[card.garment_class],
                more_colours=colours.get(card.product_id, 0),
            )
            for hit in _sold_out_last(hits, cards)
            for card in (cards[hit.garment_id],)
        ]

    def photo_file(self, photo_id: int) -> Path:
        """Path of a photo's reduced JPEG (long side at most 720 pixels); CatalogError if absent."""
        with self.database.session() as session:
            stored = session.scalar(select(PhotoRow.stored).where(PhotoRow.id == photo_id))
        if stored is None or not self.photo_store.path(stored).is_file():
            raise CatalogError(f"there is no stored photo {photo_id}; index it again")
        return self.photo_store.path(stored)

    def update(self, row: ProductRow) -> bool:
        """Set a product's values, not its photos; whether any changed. Raises ProductNotFound."""
        with self.database.transaction() as session:
            return update_product(session, row)

    def remove(self, product_id: str) -> None:
        """Remove a product, also from searches and where the disk is full.

        Raises:
            ProductNotFound: no product has this id.
            CannotWrite: the folder is read-only, or full in spite of its reserve.
        """
        try:
            left = self._remove(product_id)
        except CannotWrite:
            if not give_up_reserve(self.data):
                raise
            left = self._remove(product_id)
            self.database.truncate_log()
        self._delete_files(left)
        keep_reserve(self.data)

    def _remove(self, product_id: str) -> Leftovers:
        with self.database.transaction() as session:
            garments = session.scalars(
                select(GarmentRow.id)
                .join(PhotoRow, GarmentRow.photo_id == PhotoRow.id)
                .where(PhotoRow.product_id == product_id)
            ).all()
            left = remove_product(session, product_id)
        if self._engine is not None:
            self._engine.apply([GarmentChange({}, np.array(garments, np.int64))])
        return left

    def refresh(self) -> int:
        """Apply other processes' commits; return the number of garments added and removed."""
        return self._engine.refresh() if self._engine else 0

    def rebuild(self, progress: Callable[[int, int], None] | None = None) -> int:
        """Rebuild indices, attributes and what is worn with products; return how many garments.

        Runs no model; searches work meanwhile. Attributes stay unchanged where there are no heads
        for this encoder.

        Args:
            progress: called with the numbers of rows done and of all rows, first for the
                attributes, then for the indices.
        """
        if self._engine is None or self._fingerprint is None:
            return 0
        encoder = self._fingerprint.encoder
        renew_attributes(self.database, encoder, self.weights_folder, progress)
        with self.database.transaction() as session:
            mark_worn_with(session, session.scalars(select(Product.id)).all())
        return self._engine.rebuild(progress)

    def retire(self) -> None:
        """Stop indexing and publishing, so that another collection can replace this one.

        Searches keep working; see `indexing.switch`.
        """
        with self._run_lock:
            self._retired = True
        if self._engine is not None:
            self._engine.retire()

    def verify(self, quick: bool = False) -> list[str]:
        """Check database, index files and stored photos; return a line for each problem.

        Includes index files that were damaged on opening and have been rebuilt since.

        Args:
            quick: only check that stored photos exist, not their content.
        """
        return find_problems(
            self.database, self.photo_store, self._model_id, self._fingerprint, self._engine, quick
        )

    def sweep(self, spared: float = 0.0, digit: str = "") -> Unreferenced:
        """Remove unreferenced files (`catalog.data_folder.sweep`); FolderInUse during an import."""
        with importing(self.data, exclusive=True):
            return sweep(self.database, self.data, self.bucket, spared, digit)

    def export(self, path: Path) -> int:
        """Write products (.csv, as a feed) or vectors (.npz); return the number of rows."""
        return export_collection(self.database, self._model_id, path)

    def _class_sizes(self) -> dict[GarmentClass, int]:
        """Number of searchable garments of each class, up to a minute old."""
        return self._sizes.get_or_compute("sizes", self.searchable)

    def searchable(self) -> dict[GarmentClass, int]:
        """Number of garments of each class that searches can find."""
        return self._engine.counts() if self._engine else dict.fromkeys(GARMENT_CLASSES, 0)

    def status(self) -> CollectionStatus:
        """Count rows and measure sizes."""
        with self.database.session() as session:
            counts = catalog_counts(session)
        engine = self._engine
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
            index_bytes=engine.size() if engine else 0,
            photo_bytes=self.photo_store.size(),
        )

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()
        self.database.close()


def _sold_out_last(hits: Sequence[Hit], cards: Mapping[int, GarmentCard]) -> list[Hit]:
    """Hits that have a card, in order, with products that cannot be bought at the end."""
    there = [hit for hit in hits if hit.garment_id in cards]
    return sorted(there, key=lambda hit: cards[hit.garment_id].availability in SOLD_OUT)


def _model_of(database: Database, embedder: Embedder | None) -> tuple[int, ModelFingerprint | None]:
    """Id and fingerprint of the model to use; (0, None) where there is none."""
    if embedder is not None:
        return use_model(database, embedder.fingerprint), embedder.fingerprint
    with database.session() as session:
        model = active_model(session)
        return (0, None) if model is None else (model.id, fingerprint_of(model))


def open_collection(
    data: Path,
    embedder: Embedder | None = None,
    database_url: str | None = None,
    group_titles: bool = True,
    engine: EngineName = "faiss",
    files: str | None = None,
) -> Collection:
    """Open a data folder, created if absent, and bring its indices up to date.

    Args:
        embedder: None opens it without models; everything works but `index` and `embed`.
        group_titles: whether titles tell the colours of one article where the feed does not.
        database_url: a PostgreSQL database instead of the folder's own file.
        engine: what finds vectors: FAISS files in the folder, or pgvector in a PostgreSQL database.
        files: address of a bucket that the folder's photos are a cache of.

    Raises:
        EngineNotReady: the server lacks what pgvector needs; the message says what to do.
        ModelMismatch: the stored vectors are another model's; the message names both.
        DatabaseError: the database cannot be opened.
        BucketAway: the bucket cannot be used.
    """
    bucket = None if files is None else Bucket(files)
    database = open_database(data, database_url)
    try:
        return Collection(data, database, embedder, group_titles, engine, bucket)
    except BaseException:
        database.close()
        raise
