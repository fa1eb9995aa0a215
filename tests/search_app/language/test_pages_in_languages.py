"""Pages in the language of their visitor."""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from markupsafe import escape

from catalog.errors import FeedError
from catalog.feeds.reader import read_feed
from catalog.feeds.rows import Feed, FieldWarning
from search_app.jobs.claims import KILLED, STOPPED
from search_app.language import texts
from search_app.language.admin_texts import AdminTexts
from search_app.language.choice import accepted_languages
from search_app.language.formats import long_day, money, number, short_day
from search_app.language.translations import LANGUAGES, use_language
from tests.search_app.language.test_translations import TRANSLATED, Said, lettered, read

BROWSER = {"Accept": "text/html"}
PAGES = (
    "/", "/catalogue?colour=red&sort=price", "/product/red-upper", "/like/1", "/find?words=red",
    "/nowhere", "/q/gone", "/catalogue?sort=x", "/admin", "/docs",
)  # fmt: skip
NARROW = "\N{NARROW NO-BREAK SPACE}"
PRODUCT_DATA = re.compile(
    r"(Red|Blue|Green|Black) (upper|whole|lower)|Upper|Whole|Lower|Acme|Ostra|Nobody|"
    r"Fit(: .*)?|<.*|Apparel Search|English|Deutsch|Français",
    re.IGNORECASE,
)
"""What the feed of the test's catalogue says, and names that are the same in every language."""


def language_of(page: str) -> str:
    (found,) = re.findall(r'<html lang="(\w+)">', page)
    return str(found)


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("de-AT,de;q=0.9,en;q=0.5", "de"),
        ("fr", "fr"),
        ("nl, en;q=0.1, fr;q=0.7", "fr"),
        ("ja", "en"),
        ("", "en"),
        ("de;q=0, fr;q=x, *", "en"),
    ],
)
def test_browser_is_answered_in_its_language(
    client: TestClient, header: str, language: str
) -> None:
    answer = client.get("/", headers={"Accept-Language": header})
    assert language_of(answer.text) == answer.headers["content-language"] == language
    assert "Accept-Language" in answer.headers["vary"]


def test_switch_returns_to_the_page_in_the_language_and_keeps_it(client: TestClient) -> None:
    page = f"{client.base_url}/catalogue?brand=Acme&lang=fr"
    switched = client.get("/language?lang=de", headers={"Referer": page}, follow_redirects=False)
    assert (switched.status_code, switched.headers["location"]) == (303, "/catalogue?brand=Acme")
    assert re.search(r"^lang=de; .*SameSite=lax", switched.headers["set-cookie"], re.I)
    assert language_of(client.get("/", headers={"Accept-Language": "fr"}).text) == "de"
    assert language_of(client.get("/?lang=fr").text) == "fr"
    assert language_of(client.get("/").text) == "fr"


@pytest.mark.parametrize("referer", ["https://evil.example/x", "", "//evil", "javascript:1"])
def test_switch_leads_to_no_other_site(client: TestClient, referer: str) -> None:
    answer = client.get("/language?lang=de", headers={"Referer": referer}, follow_redirects=False)
    assert answer.headers["location"] == "/"


def test_unknown_languages_are_ignored(client: TestClient) -> None:
    answer = client.get("/?lang=../../etc", headers={"Cookie": "lang=xx"})
    assert language_of(answer.text) == "en"
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("language", TRANSLATED)
def test_nothing_but_the_feed_stays_english(
    client: TestClient, photo_bytes: Callable[..., bytes], empty_photo: bytes, language: str
) -> None:
    addresses = list(PAGES)
    for photo in (photo_bytes("red"), empty_photo):
        answer = client.post("/search", files={"photo": ("a.png", photo)}, follow_redirects=False)
        query = answer.headers["location"]
        addresses += [query, f"{query}?brand=Nobody", f"{query}?garment=photo&in_colour=blue"]
    same = same_in(language)
    for address in addresses:
        both = said_at(client, address, "en") & said_at(client, address, language)
        bypassing = {
            each for each in both if not (PRODUCT_DATA.fullmatch(each) or same.fullmatch(each))
        }
        assert not bypassing, address


def same_in(language: str) -> re.Pattern[str]:
    """What is written the same in English and in a language."""
    messages = (re.escape(str(each.id)) for each in read(language) if each.id == each.string)
    return re.compile("|".join(re.sub(r"%\\\(\w+\\\)s", ".+", each) for each in messages if each))


def said_at(client: TestClient, address: str, language: str) -> set[str]:
    answer = client.get(address, headers=BROWSER | {"Accept-Language": language})
    return lettered({text.removesuffix(" · Apparel Search") for text in Said(answer.text).texts})


@pytest.mark.parametrize(
    "address",
    [
        f"/catalogue?{'&'.join(f'x{n}=1' for n in range(201))}",
        *(
            f"/catalogue?{query}"
            for query in (
                "class=hat", "class=background", "colour_weight=2", "garment=x", "sort=x",
                "left=a&top=1&right=2&bottom=3", "left=9&top=1&right=2&bottom=3", "not=x",
                "price_max=dear", "k=0", "more_like=x",
            )
        ),
        "/find?in_colour=nowhere", "/like/x", "/like/0", f"/like/{2**63}",
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_address_is_said_in_the_language(
    client: TestClient, address: str
) -> None:
    refused = client.get(address, headers={"Accept": "application/json"})
    name, _, problem = refused.json()["error"]["message"].partition(": ")
    assert (refused.status_code, escape(problem) in _page(client, address, "en")) == (
        422,
        True,
    )
    for language in TRANSLATED:
        page = _page(client, address, language)
        assert f'class="hint">{name}: ' in page
        assert escape(problem) not in page


def _page(client: TestClient, address: str, language: str) -> str:
    return client.get(address, headers=BROWSER | {"Accept-Language": language}).text


def test_bad_upload_is_explained_in_the_language(client: TestClient) -> None:
    files = {"photo": ("a.png", b"GIF89a, not really")}
    answer = client.post("/search", files=files, headers={"Accept-Language": "de"})
    assert "Dieses Foto können wir nicht lesen" in answer.text


@pytest.mark.parametrize(
    ("language", "price", "count"),
    [
        ("en", "€1,234.50", "12,345"),
        ("de", "1.234,50\N{NO-BREAK SPACE}€", "12.345"),
        (
            "fr",
            "1\N{NARROW NO-BREAK SPACE}234,50\N{NO-BREAK SPACE}€",
            "12\N{NARROW NO-BREAK SPACE}345",
        ),
    ],
)
def test_prices_and_numbers_are_written_as_in_the_language(
    language: str, price: str, count: str
) -> None:
    use_language(language)
    try:
        assert money(Decimal("1234.5"), "EUR") == price
        assert number(12345) == count
    finally:
        use_language("en")


def test_french_counts_say_de_from_a_million_on_only() -> None:
    use_language("fr")
    try:
        counts = [texts.products(each) for each in (1, 70, 1_000_000)]
    finally:
        use_language("en")
    assert [each.split("\xa0")[-1].split("\u202f")[-1] for each in counts] == [
        "1 produit", "70 produits", "000 de produits",
    ]  # fmt: skip


def test_preferred_languages_come_first() -> None:
    assert accepted_languages("en;q=0.5, de, fr;q=0.8") == ["de", "fr", "en"]
    assert set(LANGUAGES) == {"en", "de", "fr"}


@pytest.mark.parametrize(
    ("content", "german"),
    [
        (b"", "feed.csv ist leer; nehmen Sie"),
        (b"id,title,photo\n", "feed.csv hat keine Zeilen; jedes Produkt"),
        (b"a,b\n1,2\n", "sondern: a, b. Nennen Sie die richtige: „Spalten mit anderen Namen“"),
        (b"id,title,photo\na\0b,A,a.jpg\n", "feed.csv ist kein Text; speichern Sie"),
    ],
)
def test_errors_of_feeds_are_retold(tmp_path: Path, content: bytes, german: str) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_bytes(content)
    with pytest.raises(FeedError) as failed:
        read_feed(feed)
    use_language("de")
    assert german in AdminTexts.job_message(str(failed.value))
    for message in (STOPPED, KILLED):
        assert "Server" in AdminTexts.job_message(message) != message
    left_out = Feed((), warnings=(FieldWarning(5, "price unreadable", "price 'x'"),)).left_out
    retold = "weggelassen, Preis unlesbar: 1, zuerst in Zeile 5 (price 'x')"
    assert AdminTexts.job_message(left_out[0]) == retold
    use_language("en")
    assert AdminTexts.job_message(KILLED) == KILLED


@pytest.mark.parametrize(
    ("language", "short", "long"),
    [
        ("en", "5 Mar", "5 March 2026"),
        ("de", "5. März", "5. März 2026"),
        ("fr", "5 mars", "5 mars 2026"),
    ],
)
def test_dates_are_written_as_in_the_language(language: str, short: str, long: str) -> None:
    use_language(language)
    try:
        assert (short_day(date(2026, 3, 5)), long_day(date(2026, 3, 5))) == (short, long)
    finally:
        use_language("en")
