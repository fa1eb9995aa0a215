"""A picture that many products share is not a garment; variants of one article may share it."""

from pathlib import Path

import pytest
from sqlalchemy import select, update

from catalog.database import open_database
from catalog.feeds.reader import read_feed
from catalog.files import file_sha256
from catalog.importing.importer import import_feed
from catalog.importing.placeholders import skip_placeholders
from catalog.models import PhotoRow


@pytest.mark.parametrize(
    ("titles", "is_placeholder"),
    [
        ("Coat Ida|Tee Nova|Jeans Lou|Dress Mia|Skirt Ella", True),
        ("Coat Ida|Tee Nova|Jeans Lou|Dress Mia", False),
        ("Tee Nova S|Tee Nova M|Tee Nova L|Tee Nova XL|Tee Nova XXL", False),
        ("Tee Nova red|Tee Nova blue|Tee Nova navy|Tee Nova grey|Tee Nova olive", False),
        ("Red dress|Blue dress|Green skirt|Black skirt|White top", True),
    ],
)
def test_a_picture_that_many_articles_share(
    tmp_path: Path, titles: str, is_placeholder: bool
) -> None:
    (tmp_path / "soon.jpg").write_bytes(b"picture")
    rows = "".join(f"{number},{each},soon.jpg\n" for number, each in enumerate(titles.split("|")))
    (tmp_path / "feed.csv").write_text(f"id,title,photo\n{rows}")
    database = open_database(tmp_path / "data")
    with database.transaction() as session:
        import_feed(session, read_feed(tmp_path / "feed.csv"))
    sha256 = file_sha256(tmp_path / "soon.jpg")
    with database.transaction() as session:
        session.execute(update(PhotoRow).values(status="indexed", sha256=sha256))
        notes = skip_placeholders(session)
        assert len(notes) == is_placeholder
        statuses = set(session.scalars(select(PhotoRow.status)))
    assert statuses == {"skipped" if is_placeholder else "indexed"}
    database.close()
