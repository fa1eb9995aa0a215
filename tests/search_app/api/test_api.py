import base64
import io
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from fastapi.testclient import TestClient
from PIL import Image

from indexing.collection import Collection
from search_app.app import create_app
from search_app.search.search_document import NO_GARMENT
from search_app.settings import Settings
from segmentation.classes import GarmentClass

PhotoBytes = Callable[..., bytes]


def error_code(answer: object) -> str:
    """The code of an error, after a look at its shape."""
    body = answer.json()  # type: ignore[attr-defined]
    assert set(body) == {"error"}
    assert set(body["error"]) == {"code", "message"}
    assert "\n" not in body["error"]["message"]
    return str(body["error"]["code"])


def search(client: TestClient, data: bytes, **fields: object):  # type: ignore[no-untyped-def]
    return client.post("/api/v1/search", files={"photo": ("a.png", data)}, data=fields)


def pixels(png: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(png)) as picture:
        assert picture.mode == "L"
        return np.asarray(picture)


def test_search_answers_the_document_of_the_contract(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    document = search(client, photo_bytes("red"), k="3").json()
    (garment,) = document["garments"]
    assert garment["garment_class"] == "upper"
    assert garment["box"] == [20, 50, 101, 101]
    assert garment["area"] == pytest.approx(81 * 51 / (120 * 160), abs=0.001)
    assert garment["colours"] == [{"name": "red", "hex": "#ff0000", "share": 1.0}]
    first, *others = garment["results"]
    assert first["product_id"] == "red-upper"
    assert first["title"] == "Red upper"
    assert first["photo"] == "red-upper.png"
    assert first["garment_class"] == "upper"
    assert first["score"] == pytest.approx(1, abs=0.001)
    assert len(others) == 2
    assert first["price"] == 10.0
    assert document["note"] is None
    assert document["model"]["segmenter"] == "fake-segmenter/1"
    assert set(document["timings_ms"]) == {"embed", "search", "total"}


def test_box_is_in_pixels_of_the_file_that_was_sent(client: TestClient) -> None:
    large = Image.new("RGB", (3200, 2000), "white")
    large.paste("red", (400, 600, 2400, 1400))
    buffer = io.BytesIO()
    large.save(buffer, "PNG")
    document = search(client, buffer.getvalue()).json()
    assert document["photo"] == {"width": 3200, "height": 2000}
    assert document["garments"][0]["box"] == pytest.approx([400, 600, 2400, 1400], abs=4)


def test_colour_weight_moves_the_order(client: TestClient, photo_bytes: PhotoBytes) -> None:
    by_colour = search(client, photo_bytes("blue"), colour_weight="1").json()["garments"][0]
    assert by_colour["results"][0]["score"] == by_colour["results"][0]["colour"]
    by_style = search(client, photo_bytes("blue"), colour_weight="0").json()["garments"][0]
    assert [each["score"] for each in by_style["results"][:4]] == [1.0] * 4


@pytest.mark.parametrize("name", ["filters", "filter"])
def test_filters_are_repeated_fields(
    client: TestClient, photo_bytes: PhotoBytes, name: str
) -> None:
    document = search(client, photo_bytes("red"), **{name: ["brand=acme", "price_min=15"]}).json()
    assert [each["product_id"] for each in document["garments"][0]["results"]] == ["blue-upper"]


def test_the_same_in_another_colour(client: TestClient, photo_bytes: PhotoBytes) -> None:
    document = search(client, photo_bytes("red"), in_colour="blue", k="1").json()
    (garment,) = document["garments"]
    assert garment["results"][0]["product_id"] == "blue-upper"
    assert garment["colours"][0]["name"] == "red"
    refused = search(client, photo_bytes("red"), in_colour="plaid")
    assert (refused.status_code, error_code(refused)) == (422, "invalid_request")
    assert "turquoise" in refused.json()["error"]["message"]


def test_words_steer_a_photo_to_colour_and_class(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    document = search(client, photo_bytes("red"), words="blue silk top").json()
    found = [each["product_id"] for each in document["garments"][0]["results"]]
    assert found == ["blue-upper"]
    assert document["words"]["colours"] == ["blue"]
    assert document["words"]["unknown_words"] == ["silk"]
    # Of these garments no kind is known: each of the class may be one.
    whole = search(client, photo_bytes("red"), words="bodysuit").json()["garments"][0]
    assert {each["garment_class"] for each in whole["results"]} == {"whole"}
    lower = search(client, photo_bytes("red"), words="green bottoms").json()["garments"][0]
    assert [each["product_id"] for each in lower["results"]] == ["green-lower"]


def test_a_result_is_explained_by_a_picture(client: TestClient, photo_bytes: PhotoBytes) -> None:
    found = search(client, photo_bytes("red")).json()["garments"][0]["results"][0]
    files = {"photo": ("a.png", photo_bytes("red"))}
    answer = client.post("/api/v1/explain", files=files, data={"garment_id": found["garment_id"]})
    assert answer.headers["content-type"] == "image/png"
    assert Image.open(io.BytesIO(answer.content)).height == 240
    gone = client.post("/api/v1/explain", files=files, data={"garment_id": 10**9})
    assert (gone.status_code, error_code(gone)) == (422, "catalogue_refused")
    none = client.post("/api/v1/explain", files=files, data={"garment_id": 1, "garment": 5})
    assert (none.status_code, error_code(none)) == (422, "invalid_request")


def test_words_search_without_a_photo(client: TestClient) -> None:
    document = client.get("/api/v1/search", params={"words": "red top"}).json()
    assert [each["product_id"] for each in document["results"]] == ["red-upper"]
    assert document["results"][0]["score"] == 1.0
    titled = client.get("/api/v1/search", params={"words": "tee"}).json()
    assert [each["product_id"] for each in titled["results"]] == ["odd/id & more?"]
    nothing = client.get("/api/v1/search", params={"words": "silk"})
    assert (nothing.status_code, error_code(nothing)) == (422, "invalid_request")


def test_words_limit_the_price_beside_a_photo(client: TestClient, photo_bytes: PhotoBytes) -> None:
    document = search(client, photo_bytes("red"), words="top from 30 EUR").json()
    (found,) = document["garments"]
    assert {each["price"] for each in found["results"]} == {30, 40}


def test_words_exclude_and_offer_alternatives_with_and_without_a_photo(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    document = search(client, photo_bytes("red"), words="top but neither red nor blue").json()
    found = [each["product_id"] for each in document["garments"][0]["results"]]
    assert set(found) == {"green-upper", "black-upper", "odd/id & more?"}
    assert document["words"]["excluded"] == ["red", "blue"]
    either = client.get("/api/v1/search", params={"words": "Oberteil grün oder schwarz"}).json()
    assert {each["product_id"] for each in either["results"]} == {"green-upper", "black-upper"}
    brand = client.get("/api/v1/search", params={"words": "ostra -black -upper"}).json()
    assert {each["product_id"] for each in brand["results"]} == {"green-whole", "green-lower"}
    assert brand["words"]["text_words"] == ["ostra"]


def test_goods_that_are_not_sold_are_named(client: TestClient) -> None:
    document = client.get("/api/v1/search", params={"words": "red sneakers"}).json()
    assert document["results"] == []
    assert document["words"]["missing_goods"] == ["sneakers"]
    page = client.get("/find", params={"words": "red sneakers"}).text
    assert "There are no sneakers in this catalogue." in page
    unknown = client.get("/find", params={"words": "red flurble"}).text
    assert "no product is called so: “flurble”" in unknown


def test_class_that_is_not_on_the_photo_searches_the_whole_of_it(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    document = search(client, photo_bytes("red"), garment_class="lower").json()
    (garment,) = document["garments"]
    assert garment["whole_photo"]
    assert "no garment of class lower" in document["note"]
    assert {each["garment_class"] for each in garment["results"]} == {"lower"}


def test_photo_without_garment_is_searched_in_every_class(
    client: TestClient, empty_photo: bytes
) -> None:
    document = search(client, empty_photo, k="20").json()
    (garment,) = document["garments"]
    # The photo is plain grey, which the note adds.
    assert document["note"].startswith(NO_GARMENT)
    assert garment["box"] == [0, 0, 120, 160]
    assert {each["garment_class"] for each in garment["results"]} == {"upper", "whole", "lower"}
    products = [each["product_id"] for each in garment["results"]]
    assert len(products) == len(set(products)) == 13
    scores = [each["score"] for each in garment["results"]]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"garment_class": "hat"}, "garment_class"),
        ({"k": "0"}, "k"),
        ({"k": "many"}, "k"),
        ({"colour_weight": "2"}, "colour_weight"),
        ({"colour_weight": "nan"}, "colour_weight"),
        ({"filters": "flavour=mint"}, "flavour"),
        ({"filters": "brand"}, "FIELD=VALUE"),
    ],
)
def test_field_that_cannot_be_is_refused_by_name(
    client: TestClient, photo_bytes: PhotoBytes, fields: dict[str, str], words: str
) -> None:
    answer = search(client, photo_bytes(), **fields)
    assert answer.status_code == 422
    error_code(answer)
    assert words in answer.json()["error"]["message"]


@pytest.mark.parametrize("address", ["/api/v1/search", "/api/v1/segment"])
def test_photo_that_cannot_be_used_is_a_clear_4xx(client: TestClient, address: str) -> None:
    assert error_code(client.post(address)) == "invalid_request"
    empty = client.post(address, files={"photo": ("a.jpg", b"")})
    assert (empty.status_code, error_code(empty)) == (400, "empty")
    text = client.post(address, files={"photo": ("a.jpg", b"<svg/>")})
    assert (text.status_code, error_code(text)) == (415, "not_a_photo")
    words = client.post(address, data={"photo": "words"})
    assert (words.status_code, error_code(words)) == (422, "invalid_request")


def test_segment_answers_garments_and_mask(client: TestClient, photo_bytes: PhotoBytes) -> None:
    files = {"photo": ("a.png", photo_bytes("blue", GarmentClass.LOWER))}
    document = client.post("/api/v1/segment", files=files).json()
    assert document["garments"][0]["garment_class"] == "lower"
    assert "results" not in document["garments"][0]
    mask = pixels(base64.b64decode(document["mask_png"]))
    assert mask.shape == (160, 120)
    assert set(np.unique(mask)) == {0, 3}


def test_segment_answers_the_mask_itself_on_demand(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    files = {"photo": ("a.png", photo_bytes())}
    answer = client.post("/api/v1/segment", files=files, headers={"Accept": "image/png"})
    assert answer.headers["content-type"] == "image/png"
    assert set(np.unique(pixels(answer.content))) == {0, 1}


def test_mask_has_the_size_of_the_file_that_was_sent(client: TestClient) -> None:
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (2000, 1800), "white").save(buffer, "JPEG", exif=exif)
    answer = client.post(
        "/api/v1/segment",
        files={"photo": ("a.jpg", buffer.getvalue())},
        headers={"Accept": "image/png"},
    )
    assert pixels(answer.content).shape == (2000, 1800)


@pytest.mark.parametrize("prefix", ["", "data:image/png;base64,"])
def test_compatible_route_answers_a_square_mask_of_grey_steps(
    client: TestClient, photo_bytes: PhotoBytes, prefix: str
) -> None:
    text = prefix + base64.b64encode(photo_bytes("red", GarmentClass.WHOLE)).decode().rstrip("=")
    answer = client.post("/api", json={"img_string": text})
    mask = pixels(base64.b64decode(answer.json()["mask_string"]))
    assert mask.shape == (512, 512)
    assert set(np.unique(mask)) == {0, 170}


def test_compatible_route_refuses_in_the_same_shape(client: TestClient) -> None:
    assert error_code(client.post("/api", json={"img_string": "???"})) == "not_base64"
    assert error_code(client.post("/api", json={"image": ""})) == "invalid_request"
    assert error_code(client.post("/api", content=b"{")) == "invalid_request"


@pytest.mark.parametrize(
    ("method", "address", "status", "code"),
    [
        ("GET", "/api/v1/nothing", 404, "not_found"),
        ("GET", "/nothing", 404, "not_found"),
        ("PUT", "/api/v1/search", 405, "method_not_allowed"),
        ("DELETE", "/api", 405, "method_not_allowed"),
        ("GET", "/q/gone", 404, "query_expired"),
    ],
)
def test_every_error_has_one_shape(
    client: TestClient, method: str, address: str, status: int, code: str
) -> None:
    answer = client.request(method, address)
    assert answer.status_code == status
    assert error_code(answer) == code


@pytest.fixture
def small_limit(collection: Collection) -> Iterator[TestClient]:
    settings = Settings(data=collection.data, max_upload_bytes=2000)
    with TestClient(create_app(settings, collection)) as client:
        yield client


@pytest.mark.parametrize("size", [2001, 90_000, 2_000_000])
def test_upload_over_the_limit_is_refused(small_limit: TestClient, size: int) -> None:
    answer = search(small_limit, b"\xff" * size)
    assert (answer.status_code, error_code(answer)) == (413, "too_large")
    page = small_limit.post("/search", files={"photo": ("a.jpg", b"\xff" * size)})
    assert page.status_code == 413


def test_upload_over_the_limit_is_refused_without_a_stated_length(
    small_limit: TestClient,
) -> None:
    def parts() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
        for _ in range(100):
            yield b"\xff" * 1000

    answer = small_limit.post(
        "/api/v1/search",
        content=parts(),
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert (answer.status_code, error_code(answer)) == (413, "too_large")


def test_unexpected_error_tells_nothing_of_its_cause(
    collection: Collection, photo_bytes: PhotoBytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("secret path /etc/apparel")

    monkeypatch.setattr("search_app.api.search.search_photo", fail)
    app = create_app(Settings(data=collection.data), collection)
    client = TestClient(app, raise_server_exceptions=False)
    answer = search(client, photo_bytes())
    assert (answer.status_code, error_code(answer)) == (500, "internal_error")
    assert "secret" not in answer.text
