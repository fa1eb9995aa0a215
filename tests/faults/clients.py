"""Clients of a server that will be killed: what they add and remove, and what it answered."""

import threading
from pathlib import Path
from types import TracebackType
from typing import Final

import httpx2

AT_ONCE: Final = 3
Products = frozenset[str]


class Clients:
    """Threads that send requests from entry to exit, each about products of its own.

    Attributes:
        added, removed: products whose change was answered.
        asked: products of whose last change nothing was heard.
    """

    def __init__(self, port: int, prefix: str, photo: Path) -> None:
        self.added: set[str] = set()
        self.removed: set[str] = set()
        self.asked: set[str] = set()
        self.problems: list[str] = []
        self.first_answer = threading.Event()
        self._url = f"http://127.0.0.1:{port}/api/v1/products"
        self._photo = photo
        self._ended = threading.Event()
        names = [f"{prefix}-{place}" for place in range(AT_ONCE)]
        self._threads = [threading.Thread(target=self._send, args=(name,)) for name in names]

    def __enter__(self) -> "Clients":
        for each in self._threads:
            each.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        for each in self._threads:
            each.join()

    def bounds(self, before: Products) -> tuple[Products, Products]:
        """The products that must be there now, and those that may be."""
        known = (before | self.added) - self.removed
        return known - self.asked, known | self.asked

    def _send(self, name: str) -> None:
        number = 0
        with httpx2.Client(timeout=20) as http:
            while not self._ended.is_set():
                number += 1
                product = f"{name}-{number}"
                try:
                    self._add(http, product)
                    if number % 3 == 0:
                        self._remove(http, product)
                except httpx2.TransportError:
                    self._ended.wait(0.02)

    def _add(self, http: httpx2.Client, product: str) -> None:
        self.asked.add(product)
        answer = http.post(
            self._url,
            files={"photos": ("a.png", self._photo.read_bytes())},
            data={"id": product, "title": product},
        )
        self._heard(product, answer.status_code, 201, self.added)

    def _remove(self, http: httpx2.Client, product: str) -> None:
        self.asked.add(product)
        answer = http.delete(f"{self._url}/{product}")
        self._heard(product, answer.status_code, 204, self.removed)

    def _heard(self, product: str, status: int, wanted: int, known: set[str]) -> None:
        self.first_answer.set()
        if status == wanted:
            known.add(product)
            self.asked.discard(product)
        else:
            self.problems.append(f"{product}: {status}")
