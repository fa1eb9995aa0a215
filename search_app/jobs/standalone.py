"""A process that runs jobs and shards and serves nothing: `apparel worker`."""

import logging
import threading

from catalog.data_folder.lock import importing
from catalog.errors import DatabaseAway
from indexing.collection import Collection
from search_app.jobs.runner import JobRunner
from search_app.jobs.worker import POLL_SECONDS
from search_app.settings import Settings

_log = logging.getLogger(__name__)


def run_jobs(settings: Settings, collection: Collection, stopped: threading.Event) -> None:
    """Run what waits until the event is set; a job then goes back, a shard is finished first."""
    in_use = collection

    def switch(new: Collection) -> None:
        nonlocal in_use
        in_use = new

    runner = JobRunner(collection, settings.load_embedder, switch)
    try:
        while not stopped.is_set():
            try:
                with importing(settings.data):
                    if in_use.shard_worker().work():
                        continue
            except DatabaseAway as error:
                _log.warning("shards: %s", error)
            stopped.wait(POLL_SECONDS)
    finally:
        runner.close()
