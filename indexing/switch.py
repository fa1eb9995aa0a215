"""An open collection and another encoder's embedder in, a collection that uses it out.

    every garment embedded beside its old vector -> the new model is the active one
    -> the old collection retires -> one is opened over the new vectors

The old collection answers all the while, and after: who still holds it gets whole answers.
"""

from catalog.photos import PhotoStore
from indexing.collection import Collection
from indexing.records import Embedder
from indexing.reembed import Progress, ReembedSummary, reembed, renew_attributes


def switched(
    collection: Collection, embedder: Embedder, progress: Progress
) -> tuple[Collection, ReembedSummary]:
    """The same catalogue over the embedder's vectors, and what was done for it.

    Both share the database; close the new one. Stopped by an exception of `progress`, nothing
    has changed and another call goes on where it was.

    Raises:
        ModelMismatch: the embedder's segmenter is not the one that found the garments.
        IndexingError: nothing was indexed yet.
    """
    store = PhotoStore(collection.data)
    summary = reembed(collection.database, store, embedder, progress)
    collection.retire()
    # What an indexing run has added between the switch and its end.
    reembed(collection.database, store, embedder, lambda done, total: None)
    renew_attributes(collection.database, embedder.fingerprint.encoder)
    return Collection(collection.data, collection.database, embedder), summary
