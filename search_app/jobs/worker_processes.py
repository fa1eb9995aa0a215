"""Processes that index the shards of a run: on this machine, or on a Ray cluster.

Ray only starts them and starts them again; who indexes what is in the database
(`indexing.bulk.shards`).
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from importlib.util import find_spec
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from typing import Final

from catalog.data_folder.lock import importing
from catalog.database import open_database
from catalog.errors import DatabaseAway
from catalog.fetching.store import FetchedPhotos
from catalog.photos import PhotoStore
from indexing.bulk.shard_worker import ShardWorker
from indexing.bulk.shards import Workers, is_finished
from indexing.errors import IndexingError
from indexing.index.vector_rows import use_model
from indexing.types import Embedder
from search_app.errors import CommandFailed
from search_app.jobs.encoder_choices import encoder_in_use
from search_app.settings import Settings

_POLL_SECONDS: Final = 0.5
_SECONDS_TO_END: Final = 10
Load = Callable[[Settings], Embedder]
"""Loads the models; a function of a module, so that it reaches other processes."""


def load_models(settings: Settings) -> Embedder:
    """Load the networks of a worker."""
    return settings.load_embedder(encoder_in_use(settings))


def work_on(run: str, settings: Settings, load: Load = load_models) -> None:
    """Index shards of a run until all are done or parked."""
    embedder = load(settings)
    bucket = settings.bucket()
    with (
        importing(settings.data),
        closing(open_database(settings.data, settings.database_url)) as database,
    ):
        model_id = use_model(database, embedder.fingerprint)
        store, fetched = PhotoStore(settings.data, bucket), FetchedPhotos(settings.data, bucket)
        worker = ShardWorker(database, embedder, model_id, store, fetched)
        while True:
            try:
                if worker.work(run):
                    continue
                if is_finished(database, run):
                    return
            except DatabaseAway:
                pass
            time.sleep(_POLL_SECONDS)


def workers_of(text: str, settings: Settings, load: Load = load_models) -> Workers:
    """The workers that `--workers` names: a number of processes here, or ray://HOST:PORT.

    Raises:
        CommandFailed: the catalogue is in SQLite; or a Ray address, but Ray is not installed. On
            starting them: Ray does not answer.
        ValueError: neither a number nor a Ray address.
    """
    if settings.database_url is None:
        raise CommandFailed(
            "workers share a PostgreSQL database; name it with APPAREL_DATABASE_URL (with SQLite "
            "one process uses all cores: APPAREL_THREADS)"
        )
    settings = settings.model_copy(update={"data": settings.data.absolute()})
    if text.startswith("ray://"):
        if find_spec("ray") is None:
            raise CommandFailed(
                "Ray is not installed; run `python -m pip install 'apparel-search[ray]'`"
            )
        return partial(_on_ray, text, settings, load)
    count = int(text)
    if count < 1:
        raise ValueError("there must be at least one")
    if "threads" not in settings.model_fields_set:
        threads = max(1, (os.cpu_count() or 1) // count)
        settings = settings.model_copy(update={"threads": threads})
    return partial(_here, count, settings, load)


@contextmanager
def _here(count: int, settings: Settings, load: Load, run: str) -> Iterator[Callable[[], None]]:
    """Processes on this machine; one that was killed is started again."""

    def started() -> BaseProcess:
        process = get_context("spawn").Process(
            target=work_on, args=(run, settings, load), daemon=True
        )
        process.start()
        return process

    def check() -> None:
        for index, process in enumerate(processes):
            if (process.exitcode or 0) < 0:
                processes[index] = started()
        if not any(process.is_alive() for process in processes):
            raise IndexingError("all workers failed, see above; run it again, it resumes")

    processes = [started() for _ in range(count)]
    try:
        yield check
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(_SECONDS_TO_END)


@contextmanager
def _on_ray(address: str, settings: Settings, load: Load, run: str) -> Iterator[Callable[[], None]]:
    """Tasks on all processors of a Ray cluster; Ray starts those again that die."""
    import ray

    threads = settings.threads if "threads" in settings.model_fields_set else 1
    settings = settings.model_copy(update={"threads": threads})
    try:
        connection = ray.init(address, log_to_driver=False)
    except (ConnectionError, RuntimeError) as error:  # the latter: of another version
        raise CommandFailed(
            f"cannot use Ray at {address}: {str(error).strip().splitlines()[-1]}; check that "
            "`GRPC_ENABLE_FORK_SUPPORT=0 ray start --head` runs there, that its client port "
            "(10001) can be reached, and that Ray and Python have the same versions"
        ) from error
    with connection:
        task = ray.remote(num_cpus=threads, max_retries=-1)(work_on)
        count = max(1, int(ray.cluster_resources().get("CPU", 1)) // threads)
        tasks = [task.remote(run, settings, load) for _ in range(count)]

        def check() -> None:
            ended, running = ray.wait(tasks, num_returns=len(tasks), timeout=0)
            if not running:
                ray.get(ended)  # raises what ended them
                raise IndexingError("all workers ended; run it again, it resumes")

        try:
            yield check
        finally:
            for each in tasks:
                ray.cancel(each, force=True)
