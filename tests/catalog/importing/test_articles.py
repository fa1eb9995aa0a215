"""Which products are variants of one article by their titles."""

import pytest

from catalog.importing.articles import article_of
from catalog.models import Product


def _article(title: str, **values: str) -> str | None:
    return article_of(Product(id="a", title=title, **values))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Linen summer blouse, red", "Linen Summer Blouse - Light Blue"),
        ("Ribbed tank black M", "Ribbed tank heather grey XL"),
        ("Gestreiftes Leinenhemd dunkelblau", "Gestreiftes Leinenhemd Weiß Größe L"),
        ("Robe plissée rouge", "Robe plissée vert"),
        ("mh02", "mh02"),
        ("Bluse Mona, Gr. 36, weiß", "Bluse Mona, Gr. 44, schwarz"),
        ("Jeans Tapered Lou W28 L30 blue", "Jeans Tapered Lou W31 L34 black"),
        ("Chino Kim 32/34 navy", "Chino Kim 36/32 beige"),
        ("Coat Uma - Camel - EU 38", "Coat Uma - Black - EU 42"),
        ("Hero MH02 hoodie (navy)", "Hero MH02 hoodie (white)"),
        ("Parka 'Fjord' in Forest Green", "Parka 'Fjord' in Burnt Orange"),
        ("Sport bra Zoe neon yellow", "Sport bra Zoe hot pink"),
        ("Slim chino Kai, beige", "Slim chino Kai, olive / 34"),
    ],
)
def test_titles_that_differ_in_colour_and_size_alone_are_one_article(one: str, other: str) -> None:
    assert _article(one) is not None
    assert _article(one) == _article(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Linen summer blouse red", "Linen winter blouse red"),
        ("Jeans 501 blue", "Jeans 505 blue"),
        ("Hero MH02 hoodie navy", "Hero MH03 hoodie navy"),
    ],
)
def test_other_words_are_other_articles(one: str, other: str) -> None:
    assert _article(one) != _article(other)


@pytest.mark.parametrize("title", ["Red dress", "Dress", "Women's jeans, blue", "Damen Kleid rot"])
def test_a_title_that_fits_many_articles_names_none(title: str) -> None:
    assert _article(title, brand="Acme") is None


def test_brand_category_and_group_tell_articles_apart() -> None:
    title = "Pleated midi skirt green"
    assert _article(title, brand="Acme") != _article(title, brand="Other")
    assert _article(title, category="Kids") != _article(title, category="Women")
    assert _article(title, group_id="7") == "7"
    assert _article("Pleated midi skirt") is None
    assert _article("Pleated midi skirt", colour="green") == _article(title)
    assert _article(title, origin="/photos") is None
