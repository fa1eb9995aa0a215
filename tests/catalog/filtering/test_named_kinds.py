"""The kinds that a text names, decided when a product is written."""

from pathlib import Path

import pytest
from sqlalchemy import select, text

from catalog.database import open_database
from catalog.filtering.named_kinds import named_kinds, other_kinds
from catalog.filtering.vocabulary import Concept, concepts, folded, listed
from catalog.models import Product
from segmentation.classes import GarmentClass

KINDS = [each for each in concepts().values() if each.field == "kind"]


def _contradicting(kind: Concept) -> set[str]:
    """Phrases for kinds of other classes; for one that covers the whole body, for all others."""
    others = [
        each
        for each in KINDS
        if each.garment_class != kind.garment_class or each.garment_class == GarmentClass.WHOLE
    ]
    named = {folded(phrase) for each in others for phrase in each.spellings}
    return named - set(map(folded, kind.spellings)) - listed("ambiguous")


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_phrase_contradicts_the_kinds_that_it_cannot_mean(kind: Concept) -> None:
    phrases = {folded(phrase) for each in KINDS for phrase in each.spellings}
    # Alone: the words of "denim dress" name a dress too.
    single = {phrase for phrase in phrases if " " not in phrase}
    found = {each for each in single if named_kinds(each, None, None) & other_kinds(kind)}
    assert found == _contradicting(kind) & single


def test_title_category_and_details_are_read() -> None:
    skirt = named_kinds("Pleated skirt", None, {})
    assert skirt != 0
    assert named_kinds("Linda", "Women > Skirts", {}) == skirt
    assert named_kinds("Linda", None, {"product_type": "R\u00f6cke", "size": "dress"}) == skirt
    assert named_kinds("Skirt", "Dresses", None) == skirt | named_kinds("Dress", None, None)
    assert named_kinds("Checkout", "skir\ufb01t", None) == 0


def test_other_words_decide_anew_when_the_folder_is_opened(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    with database.transaction() as session:
        session.add_all([Product(id=f"p{number}", title="Dress") for number in range(3)])
    with database.transaction() as session:
        session.execute(text("UPDATE product SET named_kinds = 0"))
        session.execute(text("UPDATE catalogue_version SET named_kinds_by = 'old'"))
    database.close()
    database = open_database(tmp_path)
    with database.session() as session:
        assert set(session.scalars(select(Product.named_kinds))) == {
            named_kinds("Dress", None, None)
        }
    database.close()
