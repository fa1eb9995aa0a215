import html
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

import search_app
from catalog.feeds.rows import Feed, ProductRow
from search_app.documents import http_link
from search_app.language import texts
from search_app.pages.cards import closeness_rank, price_text
from segmentation.classes import GarmentClass

PhotoBytes = Callable[..., bytes]
BROWSER = {"Accept": "text/html,application/xhtml+xml"}
HOSTILE_PAGE = "/product/odd%2Fid%20%26%20more%3F"


class Page(HTMLParser):
    """Tags of a page, and the links and pictures on it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str, css_class: str = "") -> list[dict[str, str | None]]:
        return [
            attributes
            for name, attributes in self.tags
            if name == tag and css_class in (attributes.get("class") or "")
        ]


def upload(client: TestClient, data: bytes) -> str:
    """Upload a photo as a form without JavaScript does; the address of its results."""
    answer = client.post("/search", files={"photo": ("a.png", data)}, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def titles(html: str) -> list[str]:
    return re.findall(r'card-title">([^<]+)<', html)


def test_home_offers_upload_samples_and_products(client: TestClient) -> None:
    answer = client.get("/", headers=BROWSER)
    page = Page(answer.text)
    (form,) = (form for form in page.all("form") if form.get("enctype"))
    assert form == form | {"method": "post", "action": "/search", "enctype": "multipart/form-data"}
    assert [each["value"] for each in page.all("button") if each.get("name") == "sample"] == [
        "sample.jpg"
    ]
    assert len(titles(answer.text)) == 12


@pytest.mark.parametrize(
    "path",
    ["/", "/catalogue", "/healthz", "/readyz", "/admin", "/docs", "/robots.txt", "/static/page.js",
     "/api/v1/products", "/product/red-upper"],
)  # fmt: skip
def test_head_is_get_without_a_body(client: TestClient, path: str) -> None:
    got, head = client.get(path, headers=BROWSER), client.head(path, headers=BROWSER)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]
    assert client.head("/absent").status_code == 404


def test_robots_and_favicon(client: TestClient) -> None:
    assert "Disallow: /q/" in client.get("/robots.txt").text
    assert client.get("/favicon.ico").headers["content-type"] == "image/svg+xml"


def test_every_icon_is_drawn(client: TestClient, photo_bytes: PhotoBytes) -> None:
    drawn = set(re.findall(r'<symbol id="(\w+)"', client.get("/static/icons.svg").text))
    pages = Path(search_app.__file__).parent / "templates"
    asked = "".join(each.read_text() for each in pages.rglob("*.html"))
    named = {
        name
        for call in re.findall(r"icon\(([^)]*)\)", asked)
        for name in re.findall(r'"(\w+)"', call)
    }
    assert named == drawn
    page = client.get(upload(client, photo_bytes("red"))).text
    used = set(re.findall(r'href="/static/icons\.svg#(\w+)"', page))
    assert {"up", "down", "cross", "like", "minus"} <= used <= drawn


def test_upload_leads_to_the_nearest_products(client: TestClient, photo_bytes: PhotoBytes) -> None:
    address = upload(client, photo_bytes("blue", GarmentClass.LOWER))
    assert re.fullmatch(r"/q/[\w-]{20,}", address)
    answer = client.get(address, headers=BROWSER)
    assert titles(answer.text)[0] == "Blue lower"
    assert set(titles(answer.text)) == {"Blue lower", "Red lower", "Green lower", "Black lower"}
    assert "Nearly the same" in answer.text
    assert "€20.00" in answer.text


def test_garment_is_outlined_named_and_chosen(client: TestClient, photo_bytes: PhotoBytes) -> None:
    html = client.get(upload(client, photo_bytes("red"))).text
    page = Page(html)
    (outline,) = page.all("a", "outline")
    assert "is-chosen" in (outline["class"] or "")
    (edge,) = page.all("path", "edge-upper")
    assert (edge["d"] or "").startswith("M")
    garment, photo = page.all("button", "pick")
    assert (garment["value"], garment["aria-pressed"]) == ("0", "true")
    assert (photo["value"], photo["aria-pressed"]) == ("photo", "false")
    assert "<span>Top <small>red</small></span>" in html


def test_region_is_searched_with_and_kept_in_the_address(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    address = upload(client, photo_bytes("red"))
    answer = client.get(f"{address}?left=0&top=0&right=100&bottom=30&class=lower")
    assert "Your region" in answer.text
    assert "Bottoms like this" in answer.text
    page = Page(answer.text)
    numbers = {
        each["name"]: each["value"] for each in page.all("input") if each["type"] == "number"
    }
    assert numbers | {"left": "0", "top": "0", "right": "100", "bottom": "30"} == numbers
    links = [each["href"] for each in page.all("a", "more")]
    assert (
        client.get(f"{address}?left=9&top=0&right=9&bottom=3", headers=BROWSER).status_code == 422
    )
    assert links


def test_product_that_is_left_out_does_not_come_back(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    address = upload(client, photo_bytes("red"))
    page = Page(client.get(address).text)
    out = next(each["href"] for each in page.all("a") if each.get("class") == "round out")
    assert out is not None
    assert "exclude=red-upper" in out
    answer = client.get(out)
    assert "Red upper" not in titles(answer.text)
    assert len(titles(answer.text)) == 4
    assert "1 left out" in answer.text


def test_query_photo_is_served_and_not_cached(client: TestClient, photo_bytes: PhotoBytes) -> None:
    address = upload(client, photo_bytes())
    photo = client.get(f"{address}/photo.jpg")
    assert photo.headers["content-type"] == "image/jpeg"
    assert photo.headers["cache-control"] == "private, no-store"
    assert photo.content[:2] == b"\xff\xd8"


def test_choices_in_the_address_steer_the_results(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    address = upload(client, photo_bytes("red"))
    only = client.get(f"{address}?class=lower&brand=Acme&price_max=15&colour_weight=1")
    assert titles(only.text) == ["Red lower"]
    assert "Bottoms like this" in only.text
    page = Page(only.text)
    checked = {each["name"]: each["value"] for each in page.all("input") if "checked" in each}
    assert checked["brand"] == "Acme"
    pressed = [each["value"] for each in page.all("button") if each.get("aria-pressed") == "true"]
    assert pressed == ["0", "lower"]


def test_show_more_appears_only_when_there_is_more(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    address = upload(client, photo_bytes("red"))
    few = client.get(f"{address}?k=2").text
    assert len(titles(few)) == 2
    assert "Show more" in few
    assert "Show more" not in client.get(address).text


def test_filters_that_leave_nothing_say_so(client: TestClient, photo_bytes: PhotoBytes) -> None:
    answer = client.get(f"{upload(client, photo_bytes())}?brand=Nobody")
    assert answer.status_code == 200
    assert "Nothing matches" in answer.text
    assert "Without “Nobody”" in answer.text


def test_whole_photo_can_be_searched_with(client: TestClient, photo_bytes: PhotoBytes) -> None:
    answer = client.get(f"{upload(client, photo_bytes('red'))}?garment=photo")
    assert "Closest to the whole photo" in answer.text
    assert len(titles(answer.text)) == 13
    assert not Page(answer.text).all("path", "shade")


def test_photo_without_garment_is_searched_whole_and_says_so(
    client: TestClient, empty_photo: bytes
) -> None:
    answer = client.get(upload(client, empty_photo))
    assert "No garment was found" in answer.text
    assert titles(answer.text)
    assert set(re.findall(r'"close-word">([^<]+)<', answer.text)) <= {"Not close"}


def test_sample_is_searched_like_an_upload(client: TestClient) -> None:
    answer = client.post("/search", data={"sample": "sample.jpg"})
    assert answer.status_code == 200
    assert titles(answer.text)[0] == "Red whole"


@pytest.mark.parametrize("sample", ["../apparel.db", "nothing.jpg"])
def test_unknown_sample_is_no_way_to_other_files(client: TestClient, sample: str) -> None:
    answer = client.post("/search", data={"sample": sample})
    assert answer.status_code == 404
    assert "There is no such sample photo" in answer.text
    assert client.get(f"/samples/{sample}").status_code == 404


@pytest.mark.parametrize(
    ("data", "status", "words"),
    [
        (b"", 400, "The file is empty"),
        (b"GIF89a, not really", 415, "not a photo we can read"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, 415, "not a photo we can read"),
    ],
)
def test_bad_photo_gets_one_clear_line_and_the_way_back(
    client: TestClient, photo_bytes: PhotoBytes, data: bytes, status: int, words: str
) -> None:
    token = upload(client, photo_bytes()).removeprefix("/q/")
    answer = client.post("/search", files={"photo": ("a.png", data)}, data={"previous": token})
    assert answer.status_code == status
    (problem,) = re.findall(r'class="problem" role="alert">([^<]*)<', answer.text)
    assert words in problem
    assert "\n" not in problem
    assert f'href="/q/{token}"' in answer.text


def test_form_without_a_photo_asks_for_one(client: TestClient) -> None:
    empty_field = (
        b'--x\r\nContent-Disposition: form-data; name="photo"; filename=""\r\n\r\n\r\n--x--'
    )
    answer = client.post(
        "/search",
        content=empty_field,
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )
    assert answer.status_code == 400
    assert "choose one first" in answer.text


def test_expired_photo_says_what_to_do(client: TestClient) -> None:
    answer = client.get("/q/gone", headers=BROWSER)
    assert answer.status_code == 404
    assert "This photo is no longer kept; upload it again." in answer.text


@pytest.mark.parametrize(
    ("query", "status"), [("garment=7", 404), ("class=hat", 422), ("price_min=cheap", 422)]
)
def test_impossible_choice_is_refused_in_words(
    client: TestClient, photo_bytes: PhotoBytes, query: str, status: int
) -> None:
    answer = client.get(f"{upload(client, photo_bytes())}?{query}", headers=BROWSER)
    assert answer.status_code == status
    assert "<h1>" in answer.text


def test_more_like_this_leaves_the_product_itself_out(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    results = client.get(upload(client, photo_bytes("green"))).text
    first = Page(results).all("a", "more")[0]["href"]
    assert first is not None
    page = client.get(first)
    assert "Green upper" in page.text
    assert "Green upper" not in titles(page.text)
    assert len(titles(page.text)) == 4


def test_more_like_something_absent_is_not_found(client: TestClient) -> None:
    assert client.get("/like/99999", headers=BROWSER).status_code == 404
    assert client.get("/photos/99999.jpg").status_code == 404
    assert client.get(f"/like/{2**64}").status_code == 422
    assert client.get(f"/photos/{2**64}.jpg").status_code == 422


def test_product_page_shows_garments_similar_ones_and_shop(client: TestClient) -> None:
    answer = client.get("/product/red-whole")
    page = Page(answer.text)
    assert "€10.00" in answer.text
    assert "https://shop.example/red" in [each.get("href") for each in page.all("a", "button")]
    assert len(page.all("circle", "spot")) == 1
    assert len(titles(answer.text)) == 3
    photo = page.all("img")[1]["src"]
    assert photo is not None
    assert client.get(photo).headers["content-type"] == "image/jpeg"


def test_words_of_a_feed_are_escaped_and_its_script_links_dropped(client: TestClient) -> None:
    for address in (HOSTILE_PAGE, "/catalogue"):
        html = client.get(address).text
        assert "<script>alert" not in html
        assert "&lt;script&gt;alert" in html
        assert "javascript:" not in html
    assert "&lt;b&gt;loose" in client.get(HOSTILE_PAGE).text


def test_catalogue_is_filtered_and_links_to_products(client: TestClient) -> None:
    answer = client.get("/catalogue?brand=Acme&category=upper")
    assert titles(answer.text) == ["Blue upper", "Red upper"]
    links = [each["href"] for each in Page(client.get("/catalogue").text).all("a", "card-link")]
    assert len(links) == 13
    assert HOSTILE_PAGE in links
    assert "Nothing matches" in client.get("/catalogue?brand=Nobody").text


def test_page_after_the_last_one_is_the_last_one(client: TestClient) -> None:
    answer = client.get("/catalogue?page=9&brand=Ostra")
    assert answer.url.query == b"brand=Ostra"
    assert len(titles(answer.text)) == 6


@pytest.mark.parametrize("address", ["/", "/catalogue"])
def test_empty_catalogue_leads_to_the_import(empty_client: TestClient, address: str) -> None:
    answer = empty_client.get(address)
    assert answer.status_code == 200
    assert 'href="/admin"' in answer.text
    assert "The catalogue is empty" in answer.text


def test_search_in_an_empty_catalogue_still_shows_the_garment(
    empty_client: TestClient, photo_bytes: PhotoBytes
) -> None:
    answer = empty_client.get(upload(empty_client, photo_bytes()))
    assert "The catalogue is empty" in answer.text
    assert Page(answer.text).all("a", "outline")


def test_no_page_needs_inline_script_or_style(client: TestClient, photo_bytes: PhotoBytes) -> None:
    query = upload(client, photo_bytes())
    for address in ("/", query, "/like/1", "/product/red-upper", "/catalogue", "/nowhere"):
        answer = client.get(address, headers=BROWSER)
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        for tag, attributes in Page(answer.text).tags:
            assert tag != "style"
            assert tag != "script" or attributes.get("src")
            assert not any(name == "style" or name.startswith("on") for name in attributes)


def test_every_local_link_and_file_of_a_page_exists(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    query = upload(client, photo_bytes())
    for address in ("/", query, "/like/1", "/product/red-upper", "/catalogue", "/docs"):
        page = Page(client.get(address, headers=BROWSER).text)
        for _, attributes in page.tags:
            for name in ("href", "src"):
                target = attributes.get(name) or ""
                if target.startswith("/"):
                    assert client.get(target.partition("#")[0]).status_code == 200, target


@pytest.mark.parametrize(
    ("score", "chance", "words"),
    [
        (1.0, 0.5, "Nearly the same"),
        (0.9, 0.9, "Very close"),
        (0.9, 0.6, "Close"),
        (0.9, 0.5, "Somewhat close"),
        (0.9, 0.0, "Not close"),
    ],
)
def test_closeness_in_words(score: float, chance: float, words: str) -> None:
    assert texts.closeness(closeness_rank(score, chance)) == words


def test_prices_read_as_in_a_shop() -> None:
    assert price_text(Decimal("1234.5"), "EUR") == "€1,234.50"
    assert price_text(Decimal(20), "CHF") == "CHF\N{NO-BREAK SPACE}20.00"
    assert price_text(Decimal(900), "JPY") == "¥900"
    assert price_text(None, "EUR") == ""


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", "//evil", "", None])
def test_only_web_links_are_links(url: str | None) -> None:
    assert http_link(url) is None


def test_cards_are_named_by_their_product_and_never_grow_closer(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    answer = client.get(upload(client, photo_bytes("red")), headers=BROWSER)
    names = re.findall(r'<li class="card" id="result-([^"]+)"', answer.text)
    assert names[0] == "red-upper"
    assert len(set(names)) == len(names) == len(titles(answer.text))
    order = ["Nearly the same", "Very close", "Close", "Somewhat close", "Not close"]
    ranks = [order.index(word) for word in re.findall(r'"close-word">([^<]+)<', answer.text)]
    assert ranks == sorted(ranks)


def test_results_steer_the_search_they_belong_to(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    address = upload(client, photo_bytes("red"))
    first = client.get(address, headers=BROWSER).text
    second = titles(first)[1]
    (less,) = re.findall(rf'href="([^"]+)"[^>]*aria-label="Less like {second}"', first)
    steered = client.get(less.replace("&amp;", "&"), headers=BROWSER).text
    assert titles(steered).index(second) > 1
    assert "Less like 1" in steered
    last = [each for each in titles(first) if each.endswith("upper")][-1]
    (more,) = re.findall(rf'href="([^"]+)"[^>]*aria-label="More like {last}"', first)
    liked = client.get(more.replace("&amp;", "&"), headers=BROWSER).text
    assert titles(liked).index(last) < titles(first).index(last)
    assert 'aria-current="true"' in liked
    assert client.get(f"{address}?more_like=x", headers=BROWSER).status_code == 422


def test_several_photos_are_searched_together_and_each_can_be_dropped(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    both = [("photo", (f"{name}.png", photo_bytes(name))) for name in ("red", "blue")]
    answer = client.post("/search", files=both, follow_redirects=False)
    address = answer.headers["location"]
    assert "also=" in address
    page = client.get(address, headers=BROWSER).text
    assert set(titles(page)[:2]) == {"Red upper", "Blue upper"}
    assert "Nearly the same" not in page
    assert "Together with" in page
    alone = client.get(address.partition("?")[0], headers=BROWSER).text
    assert titles(alone)[0] == "Red upper"
    third = {"photo": ("c.png", photo_bytes("green"))}
    token = address.removeprefix("/q/").partition("?")[0]
    joined = client.post(
        "/search", files=third, data={"previous": token, "join": "true"}, follow_redirects=False
    )
    assert joined.headers["location"].startswith(f"/q/{token}?also=")
    assert client.get(f"/q/{token}?also=gone", headers=BROWSER).status_code == 200


def test_prices_are_asked_for_where_a_product_has_one(
    client: TestClient, empty_client: TestClient, photo_bytes: PhotoBytes
) -> None:
    files, product = {"photos": ("a.png", photo_bytes("red"))}, {"id": "a", "title": "Tee"}
    assert empty_client.post("/api/v1/products", files=files, data=product).status_code == 201
    for address in ("/catalogue", "/find?words=red"):
        for control in ("price_min", 'id="sort"'):
            assert control in client.get(address).text
            assert control not in empty_client.get(address).text
    assert "price_min" in empty_client.get("/catalogue?price_max=5").text


def test_goods_that_are_not_sold_are_told_once(client: TestClient) -> None:
    page = client.get("/find?words=sneakers").text
    assert texts.NOTHING_MATCHES in page
    assert "no sneakers" in page
    assert texts.NOTHING_PASSES not in page


def test_product_without_a_garment_is_shown_and_found_by_name(
    empty_client: TestClient, empty_photo: bytes, tmp_path: Path
) -> None:
    (tmp_path / "cap.png").write_bytes(empty_photo)
    row = ProductRow(id="cap", title="Woollen cap", photos=("cap.png",))
    collection = empty_client.app.state.services.open_collection  # type: ignore[attr-defined]
    collection.index(Feed(rows=(row,), folder=tmp_path))
    shown = Page(empty_client.get("/product/cap").text)
    (photo,) = [each["src"] for each in shown.all("img") if "/photos/" in (each.get("src") or "")]
    assert photo is not None
    assert empty_client.get(photo).headers["content-type"] == "image/jpeg"
    found = empty_client.get("/find?words=cap", headers=BROWSER).text
    assert "By name: 1" in found
    assert titles(found) == []
    found = empty_client.get("/catalogue?text=cap").text
    assert titles(found) == ["Woollen cap"]
    assert 'aria-label="Remove “cap”"' in found


def test_product_without_a_garment_offers_its_category(
    empty_client: TestClient, empty_photo: bytes, tmp_path: Path
) -> None:
    (tmp_path / "cap.png").write_bytes(empty_photo)
    rows = [
        ProductRow(id=name, title=f"{name} cap", photos=("cap.png",), category=category)
        for name, category in (
            ("red", "Hats > Caps"), ("blue", "Hats > Caps"), ("wool", "Hats"), ("lone", None),
        )
    ]  # fmt: skip
    collection = empty_client.app.state.services.open_collection  # type: ignore[attr-defined]
    collection.index(Feed(rows=tuple(rows), folder=tmp_path))
    page = empty_client.get("/product/red").text
    assert "More in Caps" in page
    assert titles(page) == ["blue cap"]
    assert 'href="/catalogue?category=Hats+%3E+Caps"' in page
    for alone in ("wool", "lone"):
        assert titles(empty_client.get(f"/product/{alone}").text) == []


def test_advice_leads_to_results(client: TestClient) -> None:
    page = client.get("/find?words=red+upper&brand=Nobody&price_max=0.01").text
    assert "Nothing matches" in page
    assert "Without “" not in page  # both filters would have to go
    page = client.get("/find?words=red+upper&brand=Nobody").text
    assert "Without “Nobody”" in page
    assert "Without “red”" not in page


def test_words_limit_the_price(client: TestClient) -> None:
    found = client.get("/find?words=upper+under+25").text
    assert re.findall(r'href="/product/(\w+-upper)', found) == ["red-upper", "blue-upper"]
    page = client.get("/find?words=red+upper+over+\N{EURO SIGN}15").text
    assert "/product/red-upper" not in page
    (advice,) = re.findall(r'href="(/find\?words=red[^"]*)"', page)
    assert "/product/red-upper" in client.get(html.unescape(advice)).text


def test_search_without_words_is_the_catalogue(client: TestClient) -> None:
    answer = client.get("/find?words=&k=24", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, "/catalogue")


def test_heading_and_filters_are_of_the_classes_that_are_shown(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    queries = client.app.state.services.queries  # type: ignore[attr-defined]
    address = upload(client, photo_bytes("red"))
    token = address.removeprefix("/q/")
    stored = queries.get(token)
    (garment,) = stored.query.garments
    unsure = replace(garment, garment=replace(garment.garment, score=0.4))
    sure = client.get(address).text
    queries.put(token, replace(stored, query=replace(stored.query, garments=(unsure,))))
    mixed = client.get(address).text
    assert ("Tops like this" in sure, "Garments like this" in mixed) == (True, True)
    assert len(titles(mixed)) > len(titles(sure))
    assert '<input id="category-2"' in mixed
    assert '<input id="category-2"' not in sure
    assert "Bottoms like this" in client.get(f"{address}?class=lower").text
