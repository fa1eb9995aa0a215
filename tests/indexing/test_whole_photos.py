"""Photos without a found garment: taken whole where the product's words settle the class."""

import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from alembic import command
from PIL import Image, ImageDraw
from sqlalchemy import select, text

from catalog.database import _migrations, make_engine, migrate
from catalog.feeds import Feed, ProductRow, read_feed, read_folder
from catalog.models import Garment, Photo, Vector
from catalog.photos import PhotoStore
from catalog.queries import product_by_id, product_cards
from indexing.collection import Collection, open_collection
from indexing.pipeline import BATCH
from indexing.reembed import reembed
from indexing.vectors import vector_from_bytes
from indexing.whole_photos import named_class
from indexing.wiring import load_embedder
from segmentation.blank import is_blank
from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.photos import read_photo
from segmentation.runtime import RuntimeOptions
from tests.conftest import new_database
from tests.fakes import FAKE_FINGERPRINT, FakeEmbedder, draw_photo
from tests.indexing.test_reembed import OTHER

UPPER, WHOLE, LOWER = GARMENT_CLASSES
Pixels = np.ndarray


class Counting(FakeEmbedder):
    """Tells which whole photos it embedded."""

    def __init__(self) -> None:
        super().__init__()
        self.wholes: list[GarmentClass] = []

    def embed_whole(self, photo, garment_class):  # type: ignore[no-untyped-def]
        self.wholes.append(garment_class)
        return super().embed_whole(photo, garment_class)


@pytest.fixture
def embedder() -> Counting:
    return Counting()


@pytest.fixture
def shop(tmp_path: Path, embedder: Counting) -> Iterator[Collection]:
    collection = open_collection(tmp_path / "data", embedder)
    yield collection
    assert collection.verify() == []
    collection.close()


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """A faint garment, which the fake models do not find, and blank ones."""
    folder = tmp_path / "photos"
    draw_photo(folder / "red.png", "red")
    faint = Image.new("RGB", (120, 160), (240, 240, 240))
    ImageDraw.Draw(faint).rectangle((20, 30, 100, 130), fill=(200, 200, 200))
    faint.save(folder / "faint.png")
    Image.new("RGB", (120, 160), "white").save(folder / "blank.png")
    return folder


def _row(product_id: str, title: str, photo: str = "faint.png", **fields: str) -> ProductRow:
    return ProductRow(product_id, title, (photo,), **fields)


def _taken(collection: Collection) -> dict[str, tuple[GarmentClass, bool]]:
    """Product id -> class and whole_photo of its garment."""
    query = select(Photo.product_id, Garment.garment_class, Garment.whole_photo)
    with collection.database.session() as session:
        rows = session.execute(query.join(Garment, Garment.photo_id == Photo.id))
        return {row[0]: (GarmentClass(row[1]), row[2]) for row in rows}


@pytest.mark.parametrize(
    ("texts", "named"),
    [
        (("", "Blue T-Shirt"), UPPER),
        (("", "denim skirt"), LOWER),
        (("", "wrap-dress, floral"), WHOLE),
        (("", "tank top"), UPPER),
        (("", "dress shirt"), None),
        (("", "skirt and top"), None),
        (("", "shirt-dress"), None),
        (("", "dress shoes"), None),
        (("", "top hat"), None),
        (("", "top handle bag"), None),
        (("", "Not sure"), None),
        (("", "IMG 2041"), None),
        (("Hat", "Hat"), None),
        (("Shoes", "Blue dress"), None),
        (("Summer 2026", "Blue dress"), WHOLE),
        (("Shirts", "Dress shirt, white"), UPPER),
        (("Shirts", "Blue skirt"), None),
        (("Dresses", "Sneakers"), None),
        (("Dresses", "Dress with belt"), WHOLE),
        (("Tops & Dresses", "Blue dress"), None),
        (("Apparel & Accessories > Clothing", "Blue dress"), WHOLE),
        (("Apparel & Accessories > Clothing > Shirts & Tops", "Linen"), UPPER),
        (("Clothing > Outerwear > Snow Pants", "Alpine"), LOWER),
        (("Apparel & Accessories > Shoes", "Dress"), None),
        (("Women", "Clothing > Dresses\nSale > Skirts", "Alpine"), None),
        (("", ""), None),
        ((), None),
    ],
)
def test_words_settle_one_class_or_none(texts: tuple[str, ...], named: GarmentClass | None) -> None:
    assert named_class(texts) == named


def _ground(kind: str, size: tuple[int, int]) -> Pixels:
    width, height = size
    across, down = np.meshgrid(np.linspace(-0.5, 0.5, width), np.linspace(-0.5, 0.5, height))
    generator = np.random.default_rng(1)
    levels = {
        "flat": np.full((height, width), 245.0),
        "noisy": 120 + generator.normal(0, 12, (height, width)),
        "gradient": 140 + 100 * across,
        "dark corners": 230 * (1 - 0.8 * (across**2 + down**2)),
    }[kind]
    encoded = io.BytesIO()
    pixels = np.clip(np.stack([levels, levels * 0.95, levels * 0.9], axis=2), 0, 255)
    Image.fromarray(pixels.astype(np.uint8)).save(encoded, "JPEG", quality=60)
    return np.asarray(Image.open(encoded).convert("RGB"))


@pytest.mark.parametrize("size", [(270, 360), (768, 1024)])
@pytest.mark.parametrize("kind", ["flat", "noisy", "gradient", "dark corners"])
def test_a_ground_with_nothing_on_it_is_blank(kind: str, size: tuple[int, int]) -> None:
    assert is_blank(_ground(kind, size))
    shown = _ground(kind, size).copy()
    height, width = shown.shape[:2]
    shown[height // 4 : height // 2, width // 4 : width // 2] //= 2
    assert not is_blank(shown)


def test_a_named_photo_is_taken_whole_and_is_found(
    shop: Collection, photos: Path, embedder: Counting
) -> None:
    rows = (
        _row("dress", "Blue dress"),
        _row("skirt", "Alpine", category="Skirts"),
        _row("typed", "Alpine", category="Women", attributes={"product_type": "Jeans"}),  # type: ignore[arg-type]
        _row("hat", "Hat"),
        _row("both", "Dress shirt"),
        _row("unknown", "Alpine"),
        _row("blank", "Blue dress", "blank.png"),
        _row("found", "Skirt", "red.png"),
    )
    summary = shop.index(Feed(rows), photos)
    taken = {"dress": (WHOLE, True), "skirt": (LOWER, True), "typed": (LOWER, True)}
    assert _taken(shop) == taken | {"found": (UPPER, False)}
    assert (summary.indexed, summary.garments, summary.wholes) == (4, 4, 3)
    assert {skip.source.product_id for skip in summary.skips} == {"hat", "both", "unknown", "blank"}
    assert {(skip.stage, skip.code) for skip in summary.skips} == {("segment", "no_garment")}
    # Each content once; the whole photo once for each class.
    assert embedder.photos_embedded == 3
    assert sorted(embedder.wholes) == [WHOLE, LOWER]
    whole = FakeEmbedder().embed_whole(read_photo(photos / "faint.png"), WHOLE)
    (hit,) = shop.search(whole.vector, WHOLE, 5)
    assert hit.score == pytest.approx(1, abs=1e-4)
    (card,) = shop.cards([hit])
    assert (card.product_id, card.box) == ("dress", (0, 0, 1, 1))
    with shop.database.session() as session:
        assert product_cards(session, [hit.garment_id])[hit.garment_id].whole_photo
        assert [
            [photo.whole_photo for photo in product_by_id(session, each).photos]
            for each in ("dress", "found", "hat")
        ] == [[True], [False], [False]]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
@pytest.mark.parametrize("runs", ["one run", "batches", "a run each"])
def test_equal_bytes_with_other_words_each_get_their_own(
    shop: Collection, photos: Path, embedder: Counting, order: tuple[int, ...], runs: str
) -> None:
    rows = [_row("dress", "Dress"), _row("skirt", "Skirt"), _row("unknown", "Alpine")]
    ordered = [rows[place] for place in order]
    if runs == "a run each":
        for row in ordered:
            shop.index(Feed((row,)), photos)
    else:
        between = BATCH if runs == "batches" else 0
        fillers = [_row(f"filler{number}", "Red", "red.png") for number in range(3 * between)]
        near, far = fillers[:between], fillers[between:]
        shop.index(Feed((ordered[0], *near, ordered[1], *far, ordered[2])), photos)
    taken = {name: each for name, each in _taken(shop).items() if "filler" not in name}
    assert taken == {"dress": (WHOLE, True), "skirt": (LOWER, True)}
    assert sorted(embedder.wholes) == [WHOLE, LOWER]


def test_a_second_run_embeds_nothing_whatever_the_title_becomes(
    shop: Collection, photos: Path, embedder: Counting
) -> None:
    shop.index(Feed((_row("a", "Dress"), _row("b", "Alpine"))), photos)
    before = embedder.photos_embedded, list(embedder.wholes)
    again = shop.index(Feed((_row("a", "Alpine"), _row("b", "Dress"))), photos)
    assert (again.indexed, again.unchanged, again.wholes) == (0, 2, 0)
    assert (embedder.photos_embedded, embedder.wholes) == before
    assert _taken(shop) == {"a": (WHOLE, True)}


def test_a_folder_whose_names_say_nothing_is_skipped(shop: Collection, photos: Path) -> None:
    assert shop.index(read_folder(photos)).skipped == 2


def test_googles_own_columns_are_read(shop: Collection, photos: Path) -> None:
    feed = photos / "feed.tsv"
    feed.write_text(
        "id\ttitle\timage_link\tproduct_type\tgoogle_product_category\n"
        "1\tAlpine\tfaint.png\tNew in\tApparel & Accessories > Clothing > Dresses\n"
    )
    shop.index(read_feed(feed), photos)
    assert _taken(shop) == {"1": (WHOLE, True)}


def test_another_encoder_takes_the_same_photos_whole(tmp_path: Path, photos: Path) -> None:
    with closing(open_collection(tmp_path / "data", FakeEmbedder())) as collection:
        collection.index(Feed((_row("a", "Dress"),)), photos)
        other = Counting()
        other._fingerprint = OTHER
        assert other.fingerprint != FAKE_FINGERPRINT
        store = PhotoStore(tmp_path / "data")
        reembed(collection.database, store, other, lambda done, total: None)
        assert other.wholes == [WHOLE]


def test_the_real_models_give_the_vector_of_a_whole_query(
    tmp_path: Path, fast: RuntimeOptions
) -> None:
    (tmp_path / "photos").mkdir()
    ball = Image.new("RGB", (270, 360), (205, 200, 190))
    ImageDraw.Draw(ball).ellipse((90, 150, 170, 230), fill=(150, 40, 40))
    ball.save(tmp_path / "photos" / "ball.png")
    embedder = load_embedder(options=fast)
    photo = read_photo(tmp_path / "photos" / "ball.png")
    assert not embedder.embed([photo])[0].garments
    with closing(open_collection(tmp_path / "data", embedder)) as collection:
        summary = collection.index(Feed((_row("a", "Skirt", "ball.png"),)), tmp_path / "photos")
        assert summary.wholes == 1
        with collection.database.session() as session:
            stored = vector_from_bytes(session.scalars(select(Vector.values)).one())
    expected = embedder.embed_whole(photo, LOWER).vector
    np.testing.assert_allclose(stored, expected, atol=1e-5)


def _upgraded_garment(url: str) -> list[bool]:
    """A garment written before migration 0010, and what it is after it."""
    engine = make_engine(url)
    config = _migrations()
    with engine.execution_options(apparel_writes=True).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0009")
        connection.execute(
            text(
                "INSERT INTO product (id, title, attributes, from_feed, created_at, updated_at)"
                " VALUES ('a', 'Shirt', '{}', true, '2026-01-01', '2026-01-01')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO photo (id, product_id, source, position, status, updated_at)"
                " VALUES (1, 'a', 'x.jpg', 0, 'indexed', '2026-01-01')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO garment (id, photo_id, garment_class, score, area, x0, y0, x1, y1,"
                " colours) VALUES (1, 1, 1, 0.9, 0.4, 0, 0, 1, 1, '[]')"
            )
        )
        connection.commit()
    migrate(engine)
    with engine.connect() as connection:
        found = list(connection.execute(select(Garment.whole_photo)).scalars())
    with engine.execution_options(apparel_writes=True).connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0009")
        connection.commit()
    migrate(engine)
    engine.dispose()
    return found


def test_garments_from_before_are_no_whole_photos(tmp_path: Path) -> None:
    assert _upgraded_garment(f"sqlite:///{tmp_path / 'old.db'}") == [False]


def test_the_same_on_postgresql(postgresql_server: str, photos: Path, tmp_path: Path) -> None:
    assert _upgraded_garment(new_database(postgresql_server)) == [False]
    url = new_database(postgresql_server)
    with closing(open_collection(tmp_path / "data", FakeEmbedder(), url)) as collection:
        rows = (_row("dress", "Dress"), _row("unknown", "Alpine"), _row("skirt", "Skirt"))
        assert collection.index(Feed(rows), photos).wholes == 2
        assert _taken(collection) == {"dress": (WHOLE, True), "skirt": (LOWER, True)}
        assert collection.verify() == []
