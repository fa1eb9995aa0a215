"""Which garment of a product's photos is the product."""

import pytest

from catalog.importing.sold import are_other_goods, sold_classes, worn_with_product
from segmentation.classes import GarmentClass

UPPER, WHOLE, LOWER = GarmentClass.UPPER, GarmentClass.WHOLE, GarmentClass.LOWER


@pytest.mark.parametrize(
    ("texts", "classes"),
    [
        (["Jeans", "Blue top"], {LOWER}),
        (["", "Damen Sommerkleid rot"], {WHOLE}),
        (["Shirt dress"], {WHOLE}),
        (["Dress shirt"], {UPPER}),
        (["Robe chemise à fleurs"], {WHOLE}),
        (["Jeans with a white top"], {LOWER}),
        (["Top & shorts"], {UPPER, LOWER}),
        (["", "Red top, blue jeans"], {UPPER, LOWER}),
        (["Strickjacke + Rock, zweiteilig"], {UPPER, LOWER}),
        (["Dress, red, cotton"], {WHOLE}),
        (["Clothing > Dresses > Skirts"], {LOWER}),
        (["Lampshade", "No. 12"], set()),
        (["Kleider & Röcke", "Faltenrock"], {LOWER}),
        (["Blouses & Trousers", "Style 7"], {UPPER, LOWER}),
        (["", "Giubbotto di jeans"], {UPPER}),
        (["", "Veste en jean"], {UPPER}),
        (["", "Bluse zum Rock"], {UPPER}),
        (["", "Kleid \u00fcber Hose"], {WHOLE}),
        (["", "Combinaison pantalon"], {WHOLE}),
        (["", "Trouser suit"], {UPPER, LOWER}),
        (["", "Schlafanzug blau"], {UPPER, LOWER}),
        (["", "Badeanzug blau"], {WHOLE}),
        (["", "Suit trousers"], {LOWER}),
        (["", "Conjunto de blusa y falda"], {UPPER, LOWER}),
    ],
)
def test_words_name_what_is_sold(texts: list[str], classes: set[GarmentClass]) -> None:
    assert sold_classes(texts) == classes


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["", "Shoes"], True),
        (["Footwear > Boots", "Chelsea 12"], True),
        (["", "Damen Stiefelette schwarz"], True),
        (["", "Chaussures de ville noires"], True),
        (["", "Red leather handbag with strap"], True),
        (["", "Hat, navy"], True),
        (["Clothing & Accessories", "Jersey 7"], False),
        (["Accessories", "Belted dress"], False),
        (["Shoes & Bags", "No. 4"], True),
        (["Shoes & Clothing", "No. 4"], False),
        (["Hats & dresses", "No. 4"], False),
        (["", "Boot cut jeans"], False),
        (["", "Skirt with belt"], False),
        (["", "Tie waist midi"], False),
        (["Lingerie", "Lace body"], False),
        (["Sport > Tennis", "Court 3"], False),
    ],
)
def test_of_shoes_hats_and_bags_no_garment_is_the_product(texts: list[str], expected: bool) -> None:
    assert are_other_goods(texts) == expected
    garments = [(1, 1, UPPER, 0.5), (2, 2, LOWER, 0.2)]
    assert (worn_with_product(garments, texts) == {1, 2}) == expected


def test_a_named_class_wins_over_the_largest_garment() -> None:
    garments = [(1, 1, UPPER, 0.5), (2, 1, LOWER, 0.2)]
    assert worn_with_product(garments, ["Jeans"]) == {1}
    assert worn_with_product(garments, ["mh02"]) == {2}


def test_the_class_on_most_photos_wins_where_nothing_is_named() -> None:
    garments = [(1, 1, UPPER, 0.1), (2, 1, LOWER, 0.6), (3, 2, UPPER, 0.1)]
    assert worn_with_product(garments, ["mh02"]) == {2}


def test_the_only_garment_of_a_photo_is_the_product() -> None:
    garments = [(1, 1, LOWER, 0.4), (2, 1, UPPER, 0.4), (3, 2, WHOLE, 0.4)]
    assert worn_with_product(garments, ["Jeans"]) == {2}
