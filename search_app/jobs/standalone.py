"""A process that runs jobs of the servers' queue and serves nothing: `apparel worker`."""

import threading

from indexing.collection import Collection
from indexing.types import Embedder
from search_app.jobs.encoder_choices import choice_named
from search_app.jobs.runner import JobRunner
from search_app.settings import Settings


def run_jobs(settings: Settings, collection: Collection, stopped: threading.Event) -> None:
    """Run what waits until the event is set; a running job then goes back after its batch."""

    def load(name: str) -> Embedder:
        # Imported here: loads torch.
        from indexing.embedding.wiring import load_embedder

        weights = str(choice_named(settings.data, name).weights)
        return load_embedder(settings.segmenter, weights, settings.runtime_options)

    runner = JobRunner(collection, load, lambda _: None)
    try:
        stopped.wait()
    finally:
        runner.close()
