"""What is worn with what, and which class a product sells."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from catalog.database import open_database
from catalog.models import GarmentRow, PhotoRow, Product
from catalog.outfits import garments_worn_alongside, main_classes
from segmentation.classes import GarmentClass

UPPER, LOWER = GarmentClass.UPPER, GarmentClass.LOWER


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Jeans with two photos, the second worn with a larger top; a tee with one photo."""
    database = open_database(tmp_path)
    with database.transaction() as session:
        session.add_all([Product(id="jeans", title="Jeans"), Product(id="tee", title="Tee")])
        session.add_all(
            [
                PhotoRow(id=1, product_id="jeans", source="a.jpg", status="indexed"),
                PhotoRow(id=2, product_id="jeans", source="b.jpg", status="indexed"),
                PhotoRow(id=3, product_id="tee", source="c.jpg", status="indexed"),
            ]
        )
        session.flush()
        session.add_all(
            [
                _garment(1, 1, LOWER, 0.2),
                _garment(2, 2, LOWER, 0.2),
                _garment(3, 2, UPPER, 0.6),
                _garment(4, 3, UPPER, 0.5, score=0.4),
                _garment(5, 3, LOWER, 0.1, score=0.4),
            ]
        )
    with database.session() as session:
        yield session
    database.close()


def _garment(
    number: int, photo: int, garment_class: GarmentClass, area: float, score: float = 0.9
) -> GarmentRow:
    return GarmentRow(
        id=number, photo_id=photo, garment_class=int(garment_class), score=score, area=area,
        x0=0, y0=0, x1=1, y1=1,
    )  # fmt: skip


def test_other_classes_on_the_same_photo_are_worn_with_it(session: Session) -> None:
    assert garments_worn_alongside(session, [1]) == []
    assert garments_worn_alongside(session, [2]) == [(3, UPPER)]
    assert garments_worn_alongside(session, [4, 2]) == [(5, LOWER), (3, UPPER)]


def test_unsure_garments_are_no_advice(session: Session) -> None:
    assert garments_worn_alongside(session, [4, 2], least_score=0.6) == [(3, UPPER)]


def test_product_sells_what_most_of_its_photos_show(session: Session) -> None:
    assert main_classes(session, ["jeans", "tee", "gone"]) == {"jeans": LOWER, "tee": UPPER}
