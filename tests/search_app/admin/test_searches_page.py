"""The tab of search analytics: figures, plots, downloads, and who may see them."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from catalog.models import SearchEventRow, SearchRow
from indexing.collection import Collection
from search_app.admin.charts import column_plot, round_up
from search_app.security.local_token import make_local_token
from tests.search_app.admin.desk import token_on


@pytest.fixture
def admin(empty_client: TestClient) -> TestClient:
    """An admin of an empty catalogue."""
    services = empty_client.app.state.services  # type: ignore[attr-defined]
    token = make_local_token(services.settings.data)
    empty_client.post("/admin/login", data={"key": token, "csrf": token_on(empty_client)})
    return empty_client


@pytest.fixture
def own(admin: TestClient) -> Collection:
    collection: Collection = admin.app.state.services.open_collection  # type: ignore[attr-defined]
    return collection


FILTERS = ["brand=acme", "price_max=50.00", "colour!=red", "material=wool", "kind=t-shirt",
           "pattern!=striped", "sleeve=none", "length=tea"]  # fmt: skip


@pytest.fixture
def recorded(own: Collection) -> Collection:
    """Ten searches: eight today of which two failed, two a fortnight ago."""
    today = datetime.now(UTC).date()
    with own.database.transaction() as session:
        for number in range(10):
            session.add(
                SearchRow(
                    id=f"s{number}", day=today - timedelta(days=14 if number > 7 else 0),
                    query_type="photo", place="page", garment_class="upper",
                    kind="skirt" if number < 2 else "shirt", colour="red", words=None,
                    unknown_words="<b>zebra</b>" if number == 3 else None,
                    filters=FILTERS if number < 3 else [], results=0 if number == 0 else 5,
                    nothing_close=number == 1, colour_missing=number == 1, shown=["a", "b"],
                )
            )  # fmt: skip
        session.flush()
        for number in (2, 3, 4):
            session.add(SearchEventRow(search_id=f"s{number}", event="click", product_id="a",
                                       position=1))  # fmt: skip
        session.add(SearchEventRow(search_id="s2", event="purchase", product_id="a"))
    return own


def test_without_a_session_nobody_sees_the_figures(empty_client: TestClient) -> None:
    for path in ("", "/searches.csv", "/judged-pairs.csv"):
        assert empty_client.get(f"/admin/searches{path}").status_code == 401


def test_figures_are_those_of_the_period(admin: TestClient, recorded: Collection) -> None:
    page = " ".join(admin.get("/admin/searches?days=7").text.split())
    for tile in (
        "Searches</span><strong>8<", "With a click</span><strong>38 %<",
        "Nothing close</span><strong>12 %<", "No result at all</span><strong>12 %<",
        "Clicks</span><strong>3<", "Purchases</span><strong>1<",
    ):  # fmt: skip
        assert tile in page, tile
    assert '<span class="bar-name">Skirt</span><span class="bar-count">2' in page
    for said in ("Brand: Acme", "Price up to 50.00", "Not Colour: Red", "Material: Wool"):
        assert f'<span class="bar-name">{said}</span><span class="bar-count">3' in page
    german = admin.get("/admin/searches?days=7", headers={"Accept-Language": "de"}).text
    for said in (
        "Marke: Acme", "Preis bis 50,00", "Ohne Farbe: Rot", "Art: T-Shirt",
        "Ohne Muster: Gestreift", "\u00c4rmel: \u00c4rmellos", "L\u00e4nge: Tea", "Rock", "Rot",
    ):  # fmt: skip
        assert f'<span class="bar-name">{said}</span>' in german
    assert "8 searches, 2 without anything close" in page
    assert "&lt;b&gt;zebra" in page
    assert "Searches</span><strong>10<" in admin.get("/admin/searches?days=30").text
    assert admin.get("/admin/searches?days=8").status_code == 422


def test_empty_period_says_so(admin: TestClient) -> None:
    page = admin.get("/admin/searches").text
    assert "No searches in this time" in page
    assert 'href="/admin/searches" aria-current="page"' in page


def test_downloads_are_csv_files(admin: TestClient, recorded: Collection) -> None:
    answer = admin.get("/admin/searches/searches.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="searches.csv"'
    assert len(answer.text.splitlines()) == 11
    assert admin.get("/admin/searches/judged-pairs.csv").text.startswith("query,candidate_a")


def test_columns_of_a_plot_fill_it_to_its_top() -> None:
    plot = column_plot([("a", "a: 5", 5, 1), ("b", "b: 10", 10, 0)])
    assert (plot.top, plot.first, plot.last) == ("10", "a", "b")
    assert [(bar.height, bar.failed) for bar in plot.bars] == [(50, 10), (100, 0)]
    assert plot.bars[1].x + plot.bars[1].width < 100
    assert column_plot([]).bars == ()


@pytest.mark.parametrize(("value", "top"), [(0, 1), (1, 1), (3, 5), (11, 20), (500, 500)])
def test_top_of_a_plot_is_a_round_number(value: int, top: int) -> None:
    assert round_up(value) == top
