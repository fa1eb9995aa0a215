"""Strangers behind real proxies: none may write, each is counted by its own address.

nginx is the distribution's; the visitors are other loopback addresses of this machine.
"""

import socket
import socketserver
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from indexing.collection import Collection
from search_app.app import create_app
from search_app.security.local_token import read_local_token
from search_app.settings import Settings
from tests.load.server import served
from tests.nginx import nginx
from tests.ports import free_port
from tests.programs import program

ROOT = Path(__file__).parents[3]
DEFAULTS = "server {{ listen {port}; location / {{ proxy_pass http://127.0.0.1:{server}; }} }}"
"""What the first page of every tutorial says; it forwards no address of the visitor."""
GUESSES: tuple[dict[str, str], ...] = (
    {},
    {"Host": "127.0.0.1:8000"},
    {"Host": "localhost"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
    {"X-API-Key": "apparel_local_guess"},
)
"""What a stranger may claim."""
RATE = 6


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, str]]:
    """Port and local token of a server with the default settings."""
    data, port = tmp_path_factory.mktemp("served"), free_port()
    with served(data, port, 0.0):
        yield port, str(read_local_token(data))


@contextmanager
def forwarded(server: int) -> Iterator[int]:
    """A port that hands bytes on, as `ssh -R`, `kubectl port-forward` and Docker's proxy do."""

    class Tunnel(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(("127.0.0.1", server)) as upstream:
                back = threading.Thread(target=hand_on, args=(upstream, self.request))
                back.start()
                hand_on(self.request, upstream)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Tunnel) as tunnel:
        threading.Thread(target=tunnel.serve_forever, args=(0.05,)).start()
        yield tunnel.server_address[1]
        tunnel.shutdown()


def hand_on(source: socket.socket, target: socket.socket) -> None:
    """Every byte until the source ends."""
    while data := source.recv(65536):
        target.sendall(data)
    with suppress(OSError):  # closed already
        target.shutdown(socket.SHUT_WR)


def visitor(address: str, base: str) -> httpx2.Client:
    """A client that comes from this loopback address."""
    transport = httpx2.HTTPTransport(local_address=address, verify=_trusting())
    return httpx2.Client(transport=transport, base_url=base, timeout=30)


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def assert_only_the_token_writes(client: httpx2.Client, token: str) -> None:
    product = "/api/v1/products/absent"
    for claimed in GUESSES:
        assert client.get("/catalogue", headers=claimed).status_code == 200
        answers = (
            client.patch(product, json={}, headers=claimed),
            client.delete(product, headers=claimed),
            client.post("/api/v1/imports", files={"feed": ("a.csv", b"id\n1")}, headers=claimed),
            client.get("/api/v1/imports", headers=claimed),
        )
        assert [answer.status_code for answer in answers] == [401] * 4, claimed
    assert client.delete(product, headers={"X-API-Key": token}).status_code == 404


def test_nobody_writes_through_the_defaults_of_nginx(
    server: tuple[int, str], tmp_path: Path
) -> None:
    port = free_port()
    defaults = DEFAULTS.format(port=port, server=server[0])
    with (
        nginx(tmp_path / "nginx", defaults, port),
        visitor("127.0.0.2", f"http://127.0.0.1:{port}") as stranger,
    ):
        assert_only_the_token_writes(stranger, server[1])


def test_nobody_writes_through_a_tunnel(server: tuple[int, str]) -> None:
    with forwarded(server[0]) as port, visitor("127.0.0.2", f"http://127.0.0.1:{port}") as stranger:
        assert_only_the_token_writes(stranger, server[1])


def test_nobody_writes_from_this_machine_without_the_token(server: tuple[int, str]) -> None:
    with visitor("127.0.0.1", f"http://127.0.0.1:{server[0]}") as process:
        assert_only_the_token_writes(process, server[1])


@pytest.fixture
def shipped(tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Ports of the server, and of nginx with the shipped file before it, which it trusts."""
    server, plain, secure = free_port(), free_port(), free_port()
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            program("openssl", "openssl"),
            *("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-subj", "/CN=search.shop.example", "-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    text = (ROOT / ".deploy" / "nginx.conf").read_text()
    for shipped, ours in (
        ("server 127.0.0.1:8000;", f"server 127.0.0.1:{server};"),
        ("listen 80;", f"listen {plain};"),
        ("listen 443 ssl;", f"listen {secure} ssl;"),
        ("/etc/ssl/certs/search.shop.example.pem", str(certificate)),
        ("/etc/ssl/private/search.shop.example.key", str(key)),
    ):
        assert text.count(shipped) == 1, shipped
        text = text.replace(shipped, ours)
    trusted = {"APPAREL_TRUSTED_PROXIES": "127.0.0.1", "APPAREL_RATE_LIMIT": f"{RATE}/hour"}
    with (
        served(tmp_path / "data", server, 0.0, **trusted),
        nginx(tmp_path / "nginx", text, secure),
    ):
        yield server, secure


def test_visitor_and_https_are_seen_behind_the_shipped_proxy(
    shipped: tuple[int, int], tmp_path: Path
) -> None:
    server, secure = shipped
    token = {"X-API-Key": str(read_local_token(tmp_path / "data"))}
    base = f"https://127.0.0.1:{secure}"
    with visitor("127.0.0.2", base) as greedy, visitor("127.0.0.3", base) as other:
        assert "secure" in greedy.get("/admin").headers["set-cookie"].lower()
        # The address that a visitor makes up counts for nothing.
        statuses = [
            greedy.get("/catalogue", headers={"X-Forwarded-For": f"192.0.2.{place}"}).status_code
            for place in range(RATE)
        ]
        assert statuses == [200] * (RATE - 1) + [429]
        assert other.get("/catalogue").status_code == 200
        # A page of this server is known as such by its address in front of the proxy.
        ours, theirs = {"Origin": base}, {"Origin": "https://evil.example"}
        product = "/api/v1/products/absent"
        assert other.delete(product).status_code == 401
        assert other.delete(product, headers=token | ours).status_code == 404
        assert other.delete(product, headers=token | theirs).status_code == 403
    # Past the proxy, from an address that is not a proxy's.
    with visitor("127.0.0.4", f"http://127.0.0.1:{server}") as direct:
        forged = {"X-Forwarded-For": "192.0.2.9", "X-Forwarded-Proto": "https"}
        assert "secure" not in direct.get("/admin", headers=forged).headers["set-cookie"].lower()


@pytest.mark.parametrize("trusted", [None, "192.0.2.1", "10.0.0.0/8, 2001:db8::/32"])
def test_forwarded_address_of_anybody_else_is_ignored(
    collection: Collection, trusted: str | None
) -> None:
    settings = Settings(data=collection.data, rate_limit="3/hour", trusted_proxies=trusted)
    client = TestClient(create_app(settings, collection), client=("127.0.0.1", 50000))
    statuses = [
        client.get("/catalogue", headers={"X-Forwarded-For": f"198.51.100.{place}"}).status_code
        for place in range(4)
    ]
    assert statuses == [200, 200, 200, 429]


def test_network_of_proxies_may_be_trusted(collection: Collection) -> None:
    settings = Settings(
        data=collection.data, rate_limit="3/hour", trusted_proxies="10.0.0.0/8,192.0.2.1"
    )
    client = TestClient(create_app(settings, collection), client=("10.1.2.3", 50000))
    for place in range(5):
        # The last address that no trusted proxy has is the visitor's.
        claimed = {"X-Forwarded-For": f"1.1.1.1, 198.51.100.{place}, 192.0.2.1"}
        assert client.get("/catalogue", headers=claimed).status_code == 200


@pytest.mark.parametrize("networks", ["", "*", "proxy", "10.0.0.0/99", "127.0.0.1;10.0.0.1"])
def test_networks_that_are_none_are_refused_at_the_start(networks: str) -> None:
    with pytest.raises(ValueError, match="trusted_proxies"):
        Settings(trusted_proxies=networks)
