"""A real HTTP server on loopback whose answers a test chooses; it counts what was asked."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Answer:
    """What the server says; `drip` sends the body in pieces, with so many seconds between."""

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "image/png"),)
    drip: float = 0.0
    announced: bool = True


class _Server(ThreadingHTTPServer):
    """Says nothing where the other side has hung up."""

    def handle_error(self, request: object, client_address: object) -> None:
        pass


Responder = Callable[["Request"], Answer]


@dataclass(frozen=True)
class Request:
    """A request as it came: its place among all requests to its path, from 1."""

    path: str
    headers: dict[str, str]
    number: int


@dataclass
class PhotoServer:
    """Answers by path, a plain path by its answer, else by a function of the request."""

    port: int = 0
    answers: dict[str, Answer | Responder] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    starts: list[float] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    slowness: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def answer(self, path: str, headers: dict[str, str]) -> Answer:
        with self.lock:
            request = Request(path, headers, 1 + self.paths().count(path))
            self.requests.append(request)
            self.starts.append(time.monotonic())
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        time.sleep(self.slowness)
        found = self.answers.get(path, Answer(status=404))
        return found if isinstance(found, Answer) else found(request)


@contextmanager
def serving() -> Iterator[PhotoServer]:
    """A server that runs until the end of the block."""
    photos = PhotoServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            answer = photos.answer(self.path, dict(self.headers))
            try:
                self._send(answer)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True
            finally:
                with photos.lock:
                    photos.at_once -= 1

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers:
                self.send_header(name, value)
            if answer.announced:
                self.send_header("Content-Length", str(len(answer.body)))
            else:
                self.send_header("Connection", "close")
            self.end_headers()
            pieces = 20 if answer.drip else 1
            size = -(-len(answer.body) // pieces) or 1
            for start in range(0, len(answer.body), size):
                self.wfile.write(answer.body[start : start + size])
                time.sleep(answer.drip)

        def log_message(self, format: str, *args: object) -> None:
            pass

    # Every loopback address, so that a test can play several hosts.
    with _Server(("", 0), Handler) as server:
        photos.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield photos
        finally:
            server.shutdown()
            thread.join()
