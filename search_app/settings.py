"""Settings of the app, read from environment variables `APPAREL_...`."""

from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from catalog.data_folder.bucket import Bucket
from search_app.security.limiter import parse_rate
from search_app.security.origins import checked_origins
from segmentation.photos import MAX_BYTES
from segmentation.runtime import RuntimeName, RuntimeOptions

if TYPE_CHECKING:
    from indexing.collection import Collection
    from indexing.embedding.embedder import PhotoEmbedder
    from indexing.types import Embedder

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def _checked_rate(text: str) -> str:
    parse_rate(text)
    return text


def _checked_networks(text: str) -> str:
    for each in text.split(","):
        ip_network(each.strip())
    return text


Rate = Annotated[str, AfterValidator(_checked_rate)]
"""Such as 600/minute, or off."""
Networks = Annotated[str, AfterValidator(_checked_networks)]
"""Such as 127.0.0.1,10.0.0.0/8."""
Origins = Annotated[str, AfterValidator(checked_origins)]
"""Such as https://shop.example,https://www.shop.example."""


class Settings(BaseSettings):
    """Settings of a server; each field is an environment variable, as README.md describes it."""

    model_config = SettingsConfigDict(env_prefix="APPAREL_", extra="ignore")

    data: Path = Path("apparel-data")
    database_url: str | None = None
    files: str | None = Field(default=None, pattern="^[a-z0-9]+://.+")
    engine: Literal["faiss", "pgvector"] = "faiss"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    segmenter: str | None = None
    encoder: str | None = None
    threads: int = Field(default=2, ge=1)
    runtime: RuntimeName = "auto"
    cache: Path = Path("~/.cache/apparel-search")
    group_titles: bool = True
    max_upload_bytes: int = Field(default=MAX_BYTES, ge=1)
    queries_kept: int = Field(default=64, ge=1)
    query_minutes: float = Field(default=15, gt=0)
    max_waiting: int = Field(default=16, ge=1)
    rate_limit: Rate = "600/minute"
    key_rate_limit: Rate = "6000/minute"
    log_format: Literal["text", "json"] = "text"
    api_reads: bool = True
    insecure_local_writes: bool = False
    trusted_proxies: Networks | None = None
    frame_origins: Origins | None = None
    import_folder: Path | None = None
    analytics: bool = True
    analytics_days: int = Field(default=90, ge=1, le=3650)
    sync: bool = False
    jobs: bool = True

    @property
    def runtime_options(self) -> RuntimeOptions:
        """Runtime, threads and cache of the networks."""
        return RuntimeOptions(self.runtime, self.threads, self.cache.expanduser())

    def bucket(self) -> Bucket | None:
        """The bucket that the data folder is a cache of. Raises BucketAway."""
        return None if self.files is None else Bucket(self.files)

    def load_embedder(self, encoder: str | None) -> "PhotoEmbedder":
        """Load the segmenter and an encoder; raises like `indexing.embedding.wiring`."""
        from indexing.embedding.wiring import load_embedder

        return load_embedder(self.segmenter, encoder, self.runtime_options)

    def open_collection(self, embedder: "Embedder | None") -> "Collection":
        """Open the data folder; raises like `indexing.collection.open_collection`."""
        from indexing.collection import open_collection

        return open_collection(
            self.data, embedder, self.database_url, self.group_titles, self.engine, self.files
        )

    @property
    def sample_folders(self) -> tuple[Path, ...]:
        """Folders for sample photos; the first that exists is used."""
        return (self.data / "samples", self.data / "demo" / "samples")
