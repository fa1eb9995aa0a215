"""Changes of single products that webhooks brought: taken over in batches, a source at a time.

Shops send deliveries more than once and in any order: of a product's changes the latest counts,
and one that is older than what is known has no effect.
"""

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from sqlalchemy.orm import Session

from catalog.data_folder.working_folder import working_folder
from catalog.errors import FeedError, ProductNotFound, SourceBusy, SourceError
from catalog.feeds.reading_process import read_in_process
from catalog.feeds.rows import Feed
from catalog.models import Product
from catalog.syncing.deliveries import Delivery, pending_deliveries, pending_sources, settle
from catalog.syncing.lease import held_lease
from catalog.syncing.reading import complete_entries
from catalog.syncing.records import SyncSource
from catalog.syncing.shop_products import ShopProduct, known_products, update_products
from catalog.syncing.sources import source_status
from catalog.syncing.webhooks import ProductChange, parse_change
from indexing.collection import Collection
from search_app.jobs.tasks import confined
from search_app.sync.run import secret_of

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Batch:
    """Deliveries of a source, the changes that count, and ids here that are to be removed."""

    deliveries: list[Delivery]
    changes: list[ProductChange]
    removed: tuple[str, ...]


def apply_deliveries(collection: Collection, check: Callable[[], None] = lambda: None) -> int:
    """Let the deliveries that wait take effect; returns their number.

    A source that is being run is left for later.

    Args:
        check: called often; may raise to stop.
    """
    with collection.database.session() as session:
        names = pending_sources(session)
    count = 0
    for name in names:
        try:
            with held_lease(collection.database, name):
                count += _apply(collection, name, check)
        except SourceBusy:
            continue
    return count


def _apply(collection: Collection, name: str, check: Callable[[], None]) -> int:
    with collection.database.session() as session:
        source = source_status(session, name).source
        batch = _batch(session, source)
    state, message = "done", None
    try:
        message = _take_over(collection, source, batch, check)
    except (FeedError, SourceError) as error:
        state, message = "failed", str(error)
        _log.warning("webhooks of source %s: %s", name, error)
    for product_id in batch.removed:
        _remove(collection, name, product_id)
    with collection.database.transaction() as session:
        update_products(session, name, [each.product for each in batch.changes])
        settle(session, batch.deliveries, state, message)
    _log.info("webhooks of source %s: %d deliveries %s", name, len(batch.deliveries), state)
    return len(batch.deliveries)


def _batch(session: Session, source: SyncSource) -> _Batch:
    deliveries = pending_deliveries(session, source.name)
    parsed = [
        parse_change(source.kind, each.topic, each.body, each.received) for each in deliveries
    ]
    latest = _latest(change for change in parsed if change is not None)
    known = known_products(session, source.name, latest)
    changes = []
    removed: list[str] = []
    for shop_id, change in latest.items():
        before = known.get(shop_id)
        if before is not None and _is_older(change, before):
            continue
        if before is not None and change.is_deletion:
            change = replace(change, product=_deleted(change.product, before))
        elif before is not None and before.product_id != change.product.product_id:
            removed.append(before.product_id)
        changes.append(change)
    removed += [each.product.product_id for each in changes if each.entry is None]
    return _Batch(deliveries, changes, tuple(removed))


def _latest(changes: Iterable[ProductChange]) -> dict[str, ProductChange]:
    """The latest change of each product, by its number in the shop."""
    latest: dict[str, ProductChange] = {}
    for change in changes:
        before = latest.get(change.product.shop_id)
        if before is None or not _is_older(change, before.product):
            latest[change.product.shop_id] = change
    return latest


def _is_older(change: ProductChange, known: ShopProduct) -> bool:
    """Whether a change was overtaken; a deletion never is, whatever the shop's clock says."""
    return not change.is_deletion and (change.product.modified or "") < (known.modified or "")


def _deleted(product: ShopProduct, known: ShopProduct) -> ShopProduct:
    """A deleted product with its id here, which a deletion of Shopify does not tell."""
    modified = max(product.modified or "", known.modified or "")
    return replace(product, product_id=known.product_id, modified=modified)


def _take_over(
    collection: Collection, source: SyncSource, batch: _Batch, check: Callable[[], None]
) -> str | None:
    """Import the products of a batch; returns what was refused. Raises FeedError, SourceError."""
    entries = [each.entry for each in batch.changes if each.entry is not None]
    if not entries:
        return None
    if any(each.get("variations") for each in entries):
        complete_entries(source, secret_of(source.token_variable), entries, check)
    with working_folder() as folder:
        path = folder / "products.json"
        path.write_text(json.dumps({"products": entries}), encoding="utf-8")
        fields = source.options.fields
        feed = confined(read_in_process(path, folder, fields, check, source.encoding))
        return _index(collection, source, feed)


def _index(collection: Collection, source: SyncSource, feed: Feed) -> str | None:
    options = replace(
        source.options, source=source.name, prune=False, prune_all=False, dry_run=False
    )
    summary = collection.index(feed, Path(source.photos) if source.photos else None, None, options)
    reasons = [f"{each.id}: {each.reason}" for each in summary.products.rejects]
    reasons += [f"{each.source.product_id}: {each.reason}" for each in summary.skips]
    return "; ".join(reasons) or None


def _remove(collection: Collection, source: str, product_id: str) -> None:
    """Remove a product, unless it is another source's."""
    with collection.database.session() as session:
        product = session.get(Product, product_id)
    if product is None or product.source != source:
        return
    try:
        collection.remove(product_id)
    except ProductNotFound:  # removed meanwhile
        return
