"""Checks of a small catalogue, on really indexed drawn photos, and the corrections."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from catalog.feeds.rows import Feed, ProductRow
from catalog.models import FindingRow, GarmentRow, PhotoRow
from indexing.collection import Collection, open_collection
from indexing.review.check import check_catalogue
from indexing.review.corrections import hide_photos, set_class
from indexing.review.duplicates import BLOCK, EXHAUSTIVE, similar_pairs
from indexing.review.records import Check
from indexing.review.store import all_entries, finding_counts, mark, work_list
from indexing.search.query import Query
from segmentation.classes import GarmentClass
from tests.fakes import FakeEmbedder, draw_empty_photo, draw_photo

UPPER, WHOLE, LOWER = GarmentClass.UPPER, GarmentClass.WHOLE, GarmentClass.LOWER
PRODUCTS = (
    ("shirt", "Red shirt", "red", UPPER),
    ("jeans", "Blue jeans", "blue", UPPER),  # looks like a top
    ("tunic", "Tunic dress", "yellow", UPPER),  # may be one: scores are .9
    ("copy", "Crimson blouse", "red", UPPER),  # the same photo as shirt
    ("skirt", "Green skirt", "green", LOWER),
    ("code", "X-4711", "black", WHOLE),  # its title names nothing
)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Collection]:
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    collection.index(feed(tmp_path))
    yield collection
    collection.close()


def feed(folder: Path) -> Feed:
    rows = []
    for product_id, title, colour, garment_class in PRODUCTS:
        draw_photo(folder / f"{product_id}.png", colour, garment_class)
        rows.append(ProductRow(product_id, title, (f"{product_id}.png",)))
    draw_empty_photo(folder / "empty.png")
    rows.append(ProductRow("empty", "Grey scarf", ("empty.png", "gone.png")))
    return Feed(rows=tuple(rows), folder=folder)


def check(own: Collection) -> dict[Check, int]:
    return check_catalogue(own.database, lambda done, total: None)


def listed(own: Collection, name: Check) -> list[tuple[str, str]]:
    with own.database.session() as session:
        return [(each.product_id, each.reason) for each in all_entries(session, name)]


def found_by(own: Collection, product_id: str) -> set[GarmentClass]:
    """Classes in which a search finds the garment of a product first."""
    with own.database.session() as session:
        query = select(GarmentRow.id).join(PhotoRow).where(PhotoRow.product_id == product_id)
        ids = session.scalars(query).all()
    if not ids:
        return set()
    vector = own.query_like(ids[0]).vector
    return {
        each
        for each in (UPPER, WHOLE, LOWER)
        if ids[0] in [hit.garment_id for hit in own.search(Query(vector, classes=(each,)))]
    }


def test_checks_name_what_is_wrong_and_nothing_else(own: Collection) -> None:
    assert check(own) == {"no-garment": 2, "title": 1, "duplicate": 1}
    ((product_id, reason),) = listed(own, "title")
    assert (product_id, reason) == ("jeans", "Named as a bottom, looks like a top")
    assert listed(own, "duplicate") == [("copy", "The same photo")]
    reasons = dict.fromkeys(reason for _, reason in listed(own, "no-garment"))
    assert any("No garment was found" in each and "cannot be found" in each for each in reasons)
    with own.database.session() as session:
        (entry,) = all_entries(session, "duplicate")
        assert entry.other is not None
        assert entry.other.product_id == "shirt"
        empty = next(each for each in all_entries(session, "no-garment") if each.has_copy)
    assert own.photo_file(empty.photo_id).is_file()  # to look at it


def test_photos_without_a_garment_are_listed_once_they_were_indexed(
    own: Collection, tmp_path: Path
) -> None:
    assert {each for each, _ in listed(own, "no-garment")} == {"empty"}
    draw_photo(tmp_path / "empty.png", "grey", UPPER)
    rows = (ProductRow("empty", "Grey scarf", ("empty.png",)),)
    own.index(Feed(rows=rows, folder=tmp_path))
    assert listed(own, "no-garment") == []


def test_what_is_fine_stays_fine_when_checked_again(own: Collection) -> None:
    check(own)
    with own.database.transaction() as session:
        (finding,) = session.scalars(select(FindingRow).where(FindingRow.check == "title"))
        mark(session, [finding.id], fine=True)
    assert check(own)["title"] == 0
    with own.database.transaction() as session:
        assert finding_counts(session)["title"] == 0
        (entry,) = work_list(session, "title", 1, 10, fine=True).entries
        mark(session, [entry.id], fine=False)
    assert listed(own, "title") != []


def test_lists_are_paged_and_bounded(own: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    check(own)
    with own.database.session() as session:
        first, last = (work_list(session, "no-garment", page, 1) for page in (1, 99))
    assert (first.page, first.pages, first.total, last.page) == (1, 2, 2, 2)
    assert first.entries[0].id != last.entries[0].id
    monkeypatch.setattr("indexing.review.store.MAX_FINDINGS", 1)
    assert check(own)["no-garment"] == 1


def test_class_set_by_hand_moves_the_garment_between_indices(
    own: Collection, tmp_path: Path
) -> None:
    check(own)
    assert found_by(own, "jeans") == {UPPER}
    with own.database.transaction() as session:
        (finding,) = session.scalars(select(FindingRow).where(FindingRow.check == "title"))
        assert finding.garment_id is not None
        set_class(session, [finding.garment_id], LOWER, None)
    own.refresh()
    assert found_by(own, "jeans") == {LOWER}
    assert own.verify() == []
    own.index(feed(tmp_path))  # the same feed again changes nothing
    assert found_by(own, "jeans") == {LOWER}
    assert check(own)["title"] == 0


def test_hidden_photo_is_found_no_more_and_stays_hidden(own: Collection, tmp_path: Path) -> None:
    check(own)
    with own.database.transaction() as session:
        (finding,) = session.scalars(select(FindingRow).where(FindingRow.check == "duplicate"))
        hide_photos(session, [finding.photo_id])
    own.refresh()
    own.index(feed(tmp_path))
    assert found_by(own, "copy") == set()
    assert own.verify() == []
    assert check(own) == {"no-garment": 2, "title": 1, "duplicate": 0}
    draw_photo(tmp_path / "copy.png", "yellow")  # another photo
    rows = (ProductRow("copy", "Crimson blouse", ("copy.png",)),)
    own.index(Feed(rows=rows, folder=tmp_path))
    assert found_by(own, "copy") == {UPPER}


def test_removed_product_takes_its_findings_along(own: Collection) -> None:
    check(own)
    own.remove("shirt")
    assert listed(own, "duplicate") == []


def test_stopped_check_leaves_the_findings_before(own: Collection) -> None:
    check(own)

    def stop(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_catalogue(own.database, stop)
    assert len(listed(own, "title")) == 1


@pytest.mark.parametrize("count", [BLOCK + 40, EXHAUSTIVE + 40], ids=["exhaustive", "lists"])
def test_pairs_are_those_of_a_brute_force_search(count: int) -> None:
    random = np.random.default_rng(0)
    base = random.normal(size=(count // 2, 24)).astype(np.float32)
    vectors = np.concatenate([base, base + random.normal(0, 0.02, base.shape)]).astype(np.float32)
    random.shuffle(vectors)
    for half in (vectors[:, :16], vectors[:, 16:]):
        half /= np.linalg.norm(half, axis=1, keepdims=True)
    articles = random.integers(0, count // 3, count)
    wanted = []
    for row in range(count):
        own = vectors[row]
        styles, colours = vectors[:row, :16] @ own[:16], vectors[:row, 16:] @ own[16:]
        scores = np.minimum(styles, colours) * (articles[:row] != articles[row])
        if row and scores.max() >= 0.985:
            wanted.append((row, int(np.argmax(scores))))
    pairs = {pair[:2] for pair in similar_pairs(vectors, articles, 16)}
    assert len(wanted) > 20
    assert pairs <= set(wanted)
    assert len(pairs) >= (1.0 if count <= EXHAUSTIVE else 0.99) * len(wanted)


def test_copies_of_one_article_do_not_hide_another() -> None:
    vectors = np.zeros((300, 8), np.float32)
    vectors[:, [0, 4]] = 1.0  # all alike
    articles = np.zeros(300, np.int64)
    articles[0] = 1
    # The only other article lies behind 298 nearer or equal rows.
    pairs = list(similar_pairs(vectors, articles, 4))
    assert [(row, other) for row, other, _ in pairs] == [(row, 0) for row in range(1, 300)]
