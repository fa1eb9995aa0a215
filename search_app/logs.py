"""Log records in, lines on stderr out: text for people or one JSON object a line for machines.

Every line that belongs to a request carries its id. An answered request is logged by its
route's pattern, never by its path: a path may hold the token of somebody's photo.
"""

import json
import logging
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final

ACCESS_LOGGER: Final = "search_app.access"
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""Id of the request that is being served, in every thread that works for it."""
_OWN_PACKAGES: Final = ("search_app", "indexing", "catalog", "segmentation")


@dataclass(frozen=True)
class AnsweredRequest:
    """A line of the access log."""

    method: str
    route: str
    status: int
    milliseconds: float
    client: str


def log_answer(answered: AnsweredRequest) -> None:
    """Write a line of the access log."""
    logging.getLogger(ACCESS_LOGGER).info(
        "%s %s %d in %.1f ms",
        answered.method,
        answered.route,
        answered.status,
        answered.milliseconds,
        extra={"answered": answered},
    )


class TextLines(logging.Formatter):
    """`INFO message [request id]`."""

    def format(self, record: logging.LogRecord) -> str:
        """One record; a traceback keeps its lines."""
        request_id = REQUEST_ID.get()
        text = f"{record.levelname:<8}{super().format(record)}"
        return f"{text} [{request_id}]" if request_id else text


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """One record; a traceback is one of its fields."""
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := REQUEST_ID.get():
            fields["request_id"] = request_id
        answered = getattr(record, "answered", None)
        if isinstance(answered, AnsweredRequest):
            fields |= asdict(answered)
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


def log_config(log_format: str) -> dict[str, Any]:
    """For `logging.config.dictConfig`, uvicorn's loggers included; format "text" or "json".

    uvicorn's own access log is off: it would write paths.
    """
    formatter = JsonLines if log_format == "json" else TextLines
    own: dict[str, Any] = {"level": "INFO"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": formatter}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "lines",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            **dict.fromkeys((*_OWN_PACKAGES, "uvicorn", "uvicorn.error"), own),
            "uvicorn.access": {"level": "CRITICAL", "propagate": False},
        },
    }
