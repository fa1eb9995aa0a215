"""Log lines on stderr: text for people, or one JSON object a line.

Lines about a request carry its id. The access log has the route's pattern, never the path: a
path may contain the token of somebody's photo.
"""

import json
import logging
from collections import Counter
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from time import monotonic
from typing import Any, Final

ACCESS_LOGGER: Final = "search_app.access"
REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
"""Id of the request that is being served, in every thread that works for it."""
_OWN_PACKAGES: Final = ("search_app", "indexing", "catalog", "segmentation")


def log_answer(method: str, route: str, status: int, seconds: float, client: str) -> None:
    """Write a line to the access log."""
    took = round(seconds * 1000, 1)
    fields = {"method": method, "route": route, "status": status, "milliseconds": took}
    logging.getLogger(ACCESS_LOGGER).info(
        "%s %s %d in %.1f ms",
        *fields.values(),
        extra={"answered": fields | {"client": client}},
    )


class TextLines(logging.Formatter):
    """`INFO message [request id]`."""

    def format(self, record: logging.LogRecord) -> str:
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
        fields |= getattr(record, "answered", {})
        if record.exc_info:
            fields["traceback"] = self.formatException(record.exc_info)
        return json.dumps(fields, ensure_ascii=False)


class RepeatFilter(logging.Filter):
    """Filter that limits equal warnings and errors per minute and counts the suppressed ones.

    Records are equal if their messages are, before values are filled in.
    """

    def __init__(self, per_minute: int = 10, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._per_minute = per_minute
        self._clock = clock
        self._minute = 0
        self._counts: Counter[tuple[str, str]] = Counter()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write a record; the first of a minute has the last minute's count."""
        if record.levelno < logging.WARNING:
            return True
        key = (record.name, str(record.msg)[:200])
        minute = int(self._clock() // 60)
        if minute != self._minute:
            left_out = self._counts[key] - self._per_minute
            self._minute, self._counts = minute, Counter()
            if left_out > 0:
                record.msg = f"{record.msg} (and {left_out} more like it before)"
        self._counts[key] += 1
        return self._counts[key] <= self._per_minute


def log_config(log_format: str) -> dict[str, Any]:
    """Configuration for `logging.config.dictConfig`, also of uvicorn; format "text" or "json".

    uvicorn's own access log is off: it would write paths.
    """
    formatter = JsonLines if log_format == "json" else TextLines
    own: dict[str, Any] = {"level": "INFO"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": formatter}},
        "filters": {"seldom": {"()": RepeatFilter}},
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": "lines",
                "filters": ["seldom"],
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": "WARNING", "handlers": ["stderr"]},
        "loggers": {
            **dict.fromkeys((*_OWN_PACKAGES, "uvicorn", "uvicorn.error"), own),
            "uvicorn.access": {"level": "CRITICAL", "propagate": False},
        },
    }
