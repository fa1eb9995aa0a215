"""A text query that very many garments meet ranks the same ones first as if all were ranked."""

from pathlib import Path

import pytest

from catalog.filtering import word_search
from catalog.filtering.filters import Filters
from catalog.filtering.word_conditions import understand
from indexing.benchmarks.scale.shop import fill_shop

MOST = 40


@pytest.mark.parametrize("enough", [1, MOST])
def test_a_broad_query_begins_like_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, enough: int
) -> None:
    database = fill_shop(tmp_path, 600)
    with database.session() as session:
        for text in ("top", "red top", "jeans or top", "linda", "brand", "-red"):
            filters = Filters(words=understand(session, text).query)
            whole = [card.garment_id for card in word_search.attribute_cards(session, filters)]
            monkeypatch.setattr(word_search, "_CARDS_PER_SEARCH", MOST)
            monkeypatch.setattr(word_search, "_NAMED_ENOUGH", enough)
            monkeypatch.setattr(word_search, "_RANKED_AT_ONCE", MOST)
            some = [card.garment_id for card in word_search.attribute_cards(session, filters)]
            monkeypatch.undo()
            assert len(some) >= min(enough, len(whole))
            assert some == whole[: len(some)]
    database.close()
