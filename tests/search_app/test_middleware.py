"""Rate limits, request ids, log lines and metrics, through the whole app."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexing.collection import Collection, open_collection
from search_app.app import create_app
from search_app.logs import ACCESS_LOGGER, JsonLines, TextLines
from search_app.security.keys import Scope, make_key
from search_app.security.limiter import TRUST_SECONDS, RateLimiter, network_of
from search_app.settings import Settings
from tests.fakes import FakeEmbedder
from tests.search_app.conftest import HOME

PhotoBytes = Callable[..., bytes]


@contextmanager
def client_of(collection: Collection, **settings: object) -> Iterator[TestClient]:
    app = create_app(Settings(data=collection.data, **settings), collection)  # type: ignore[arg-type]
    with TestClient(app, HOME) as client:
        yield client


def test_who_asks_too_often_waits(collection: Collection, photo_bytes: PhotoBytes) -> None:
    with client_of(collection, rate_limit="3/minute") as client:
        statuses = [client.get("/api/v1/products").status_code for _ in range(4)]
        refused = client.post("/api/v1/search", files={"photo": ("a.png", photo_bytes())})
        page = client.get("/catalogue", headers={"Accept": "text/html"})
        light = [client.get("/samples/a.jpg").status_code for _ in range(61)]
        style = client.get("/static/style.css").status_code
    assert light == [404] * 60 + [429]
    assert style == 200
    assert statuses == [200, 200, 200, 429]
    assert refused.json()["error"]["code"] == "rate_limited"
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert refused.headers["x-content-type-options"] == "nosniff"
    assert page.status_code == 429
    assert page.headers["content-type"].startswith("text/html")


def test_good_key_has_a_count_of_its_own_and_a_made_up_one_has_not(
    empty_client: TestClient,
) -> None:
    limiter = RateLimiter("2/minute", "5/minute")
    for place in range(2):
        assert not limiter.wait("/api", "192.0.2.1", f"guess {place}")
    assert limiter.wait("/api", "192.0.2.1", "guess 3") > 0
    limiter.trust("good")
    waits = [limiter.wait("/api", "192.0.2.1", "good") for _ in range(6)]
    assert waits[:5] == [0] * 5
    assert waits[5] > 0
    assert not limiter.wait("/api", "192.0.2.2", None)


def test_key_that_was_not_checked_for_a_while_is_counted_by_its_address() -> None:
    now = 0.0
    limiter = RateLimiter("2/hour", "100/hour", clock=lambda: now)
    limiter.trust("good")
    assert not any(limiter.wait("/catalogue", "192.0.2.1", "good") for _ in range(9))
    now = TRUST_SECONDS + 1
    waits = [limiter.wait("/catalogue", "192.0.2.1", "good") for _ in range(3)]
    assert waits[:2] == [0, 0]
    assert waits[2] > 0


def test_key_is_trusted_when_it_was_used(tmp_path: Path) -> None:
    # Not the shared catalogue: with a key made, its other tests would need one.
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    secret = make_key(collection.database, "limits", Scope.READ).secret
    with client_of(collection, rate_limit="2/minute") as client:
        answers = [
            client.get("/api/v1/products", headers={"X-API-Key": secret}).status_code
            for _ in range(5)
        ]
    collection.close()
    assert answers == [200] * 5


@pytest.mark.parametrize(
    ("address", "sender"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("testclient", "testclient"),
    ],
)
def test_sender_is_an_address_or_a_network(address: str, sender: str) -> None:
    assert network_of(address) == sender


@pytest.mark.parametrize("rate", ["", "many", "5", "5/fortnight", "-1/minute"])
def test_rate_that_is_none_is_refused_at_the_start(rate: str) -> None:
    with pytest.raises(ValueError, match="rate_limit"):
        Settings(rate_limit=rate)


def test_limit_can_be_off(collection: Collection) -> None:
    with client_of(collection, rate_limit="off") as client:
        assert {client.get("/healthz").status_code for _ in range(20)} == {200}


def test_request_id_is_made_or_taken_over(client: TestClient) -> None:
    made = [client.get("/healthz").headers["x-request-id"] for _ in range(2)]
    assert made[0] != made[1]
    given = client.get("/healthz", headers={"X-Request-ID": "proxy-7.a"})
    assert given.headers["x-request-id"] == "proxy-7.a"
    forged = client.get("/healthz", headers={"X-Request-ID": 'x" level=evil'})
    assert forged.headers["x-request-id"] != 'x" level=evil'


class Lines(logging.Handler):
    """Keeps what a formatter makes of each record."""

    def __init__(self, formatter: logging.Formatter) -> None:
        super().__init__()
        self.setFormatter(formatter)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def access(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    logger = logging.getLogger(ACCESS_LOGGER)
    handler = Lines(request.param())
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield handler.lines
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.mark.parametrize("access", [JsonLines], indirect=True)
def test_log_line_is_json_without_the_token_of_a_photo(
    client: TestClient, photo_bytes: PhotoBytes, access: list[str]
) -> None:
    shown = client.post("/search", files={"photo": ("a.png", photo_bytes())})
    assert shown.status_code == 200
    token = str(shown.url).rpartition("/q/")[2].partition("?")[0]
    lines = [json.loads(line) for line in access]
    assert [(line["method"], line["route"]) for line in lines] == [
        ("POST", "/search"),
        ("GET", "/q/{token}"),
    ]
    assert lines[1]["request_id"] == shown.headers["x-request-id"]
    assert lines[1]["status"] == 200
    assert lines[1]["milliseconds"] > 0
    assert token not in "".join(access)


@pytest.mark.parametrize("access", [TextLines], indirect=True)
def test_log_line_is_text(client: TestClient, access: list[str]) -> None:
    client.get("/healthz", headers={"X-Request-ID": "seven"})
    (line,) = access
    assert line.startswith("INFO    GET /healthz 200 in ")
    assert line.endswith("ms [seven]")


def test_traceback_is_one_field() -> None:
    try:
        raise ValueError("no")
    except ValueError as error:
        record = logging.LogRecord(
            "search_app", logging.ERROR, "f", 1, "it %s", ("broke",),
            (ValueError, error, error.__traceback__),
        )  # fmt: skip
    fields = json.loads(JsonLines().format(record))
    assert (fields["level"], fields["message"]) == ("error", "it broke")
    assert "ValueError: no" in fields["traceback"]


def test_metrics_tell_queue_index_catalogue_and_skips(client: TestClient) -> None:
    client.get("/catalogue")
    lines = client.get("/metrics").text.splitlines()
    for line in (
        'apparel_index_vectors{class="upper"} 5.0',
        "apparel_products 13.0",
        'apparel_photos{status="indexed"} 13.0',
        "apparel_inference_inside 0.0",
        "apparel_import_running 0.0",
        'apparel_request_seconds_count{route="/catalogue"} 1.0',
    ):
        assert line in lines


def test_made_up_methods_are_refused_before_anything_is_counted(collection: Collection) -> None:
    with client_of(collection, rate_limit="1/minute") as client:
        for place in range(20):
            answer = client.request(f"MADEUP{place}", "/catalogue")
            assert (answer.status_code, answer.json()["error"]["code"]) == (501, "method_unknown")
            assert answer.headers["x-content-type-options"] == "nosniff"
        assert "MADEUP" not in client.get("/metrics").text
        assert client.get("/catalogue").status_code == 200


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/v1/products", "GET, HEAD, POST"),
        ("/api/v1/products/any", "DELETE, GET, HEAD, PATCH"),
        ("/api/v1/search", "GET, HEAD, POST"),
        ("/api", "POST"),
        ("/search", "GET, HEAD, POST"),
        ("/catalogue", "GET, HEAD"),
        ("/static/style.css", "GET, HEAD"),
        ("/openapi.json", "GET, HEAD"),
    ],
)
def test_allow_names_every_method_of_a_path(client: TestClient, path: str, methods: str) -> None:
    answer = client.put(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, methods)


def test_texts_are_sent_compressed_but_no_photo_and_no_token(collection: Collection) -> None:
    with client_of(collection) as client:
        for path in ("/", "/static/style.css", "/static/vendor/htmx/htmx.min.js"):
            assert client.get(path).headers["content-encoding"] == "gzip", path
        for path in ("/photos/1.jpg", "/samples/sample.jpg", "/admin", "/api/v1/products"):
            answer = client.get(path)
            assert answer.status_code == 200
            assert "content-encoding" not in answer.headers, path
