"""Switch an open collection to another encoder without downtime.

    embed every garment with the new encoder -> activate the new model
    -> retire the old collection -> open another over the new vectors

The old collection keeps serving searches, also after the switch.
"""

from indexing.bulk.reembed import ReembedSummary, reembed, renew_attributes
from indexing.collection import Collection
from indexing.types import Embedder
from segmentation.progress import Progress, no_progress


def switched(
    collection: Collection, embedder: Embedder, progress: Progress
) -> tuple[Collection, ReembedSummary]:
    """Open the same catalogue with the embedder's vectors.

    Both collections share the database; close the new one. An exception of `progress` aborts
    without a change for searches; another call resumes. Raises like `reembed`.
    """
    store = collection.photo_store
    summary = reembed(collection.database, store, embedder, progress)
    collection.retire()
    # Garments that an indexing run has added since the switch.
    reembed(collection.database, store, embedder, no_progress)
    encoder = embedder.fingerprint.encoder
    renew_attributes(collection.database, encoder, embedder.weights_folder)
    return reopened(collection, embedder), summary


def reopened(collection: Collection, embedder: Embedder) -> Collection:
    """Open the same catalogue over the active model's vectors; ModelMismatch for another."""
    collection.retire()
    return Collection(
        collection.data,
        collection.database,
        embedder,
        collection.group_titles,
        collection.engine_name,
        collection.bucket,
    )
