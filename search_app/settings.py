"""Environment (`APPAREL_...`) in, the app's settings out."""

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from search_app.limiter import parse_rate
from segmentation.photos import MAX_BYTES
from segmentation.runtime import RuntimeName, RuntimeOptions

LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})


def _checked_rate(text: str) -> str:
    parse_rate(text)
    return text


Rate = Annotated[str, AfterValidator(_checked_rate)]
"""Such as 600/minute, or off."""


class Settings(BaseSettings):
    """What an operator may set; each field is also an environment variable.

    Attributes:
        data: folder with the database, the indices and the stored photos.
        database_url: a PostgreSQL database instead of the folder's SQLite file.
        segmenter_weights: None = the shipped ones.
        encoder: weights with their card, a timm name, hf-hub:... or local-dir:...; None = the
            shipped one.
        second_look: photos to search with are looked at by a second segmenter, too.
        threads: CPU threads of the networks.
        runtime: what runs the networks; auto = OpenVINO where it works, else torch.
        cache: folder for networks converted to OpenVINO; made when needed.
        max_upload_bytes: a larger photo is refused while it arrives.
        queries_kept: how many query photos are kept in memory at most.
        query_minutes: how long one is kept after its last use.
        max_waiting: photos in line before the models; more are answered 503.
        rate_limit: requests of one address ("600/minute"; "off" = as many as it likes).
        key_rate_limit: requests with one key, likewise.
        log_format: lines for people, or one JSON object a line.
        api_reads: may the API be read without a key?
        api_writes: may the API change the catalogue without a key? None = only on this
            machine, while no key was made (`search_app.keys`).
        import_folder: what feeds on this machine, and their photos, may be imported from.
    """

    model_config = SettingsConfigDict(env_prefix="APPAREL_", extra="ignore")

    data: Path = Path("apparel-data")
    database_url: str | None = None
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    segmenter_weights: Path | None = None
    encoder: str | None = None
    second_look: bool = True
    threads: int = Field(default=2, ge=1)
    runtime: RuntimeName = "auto"
    cache: Path = Path("~/.cache/apparel-search")
    max_upload_bytes: int = Field(default=MAX_BYTES, ge=1)
    queries_kept: int = Field(default=64, ge=1)
    query_minutes: float = Field(default=15, gt=0)
    max_waiting: int = Field(default=16, ge=1)
    rate_limit: Rate = "600/minute"
    key_rate_limit: Rate = "6000/minute"
    log_format: Literal["text", "json"] = "text"
    api_reads: bool = True
    api_writes: bool | None = None
    import_folder: Path | None = None

    @property
    def runtime_options(self) -> RuntimeOptions:
        """How the networks are run."""
        return RuntimeOptions(self.runtime, self.threads, self.cache.expanduser())

    @property
    def for_bulk(self) -> Self:
        """The same where nobody searches: no second segmenter is loaded."""
        return self.model_copy(update={"second_look": False})

    @property
    def sample_folders(self) -> tuple[Path, ...]:
        """Where sample photos may lie, the first that exists counts."""
        return (self.data / "samples", self.data / "demo" / "samples")
