"""How text queries are read, in six languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog.filtering.vocabulary import colour_name, concepts, meanings
from catalog.filtering.word_parser import parse_words
from catalog.filtering.word_query import WordQuery
from segmentation.classes import GarmentClass

UPPER, WHOLE, LOWER = GarmentClass.UPPER, GarmentClass.WHOLE, GarmentClass.LOWER


def shown(query: WordQuery) -> str:
    """ "skirt & red | white - striped": alternatives in parentheses where there are several."""
    described = [
        " & ".join("|".join(term.concept.name for term in clause) for clause in clauses)
        for clauses in query.alternatives
    ]
    wanted = " or ".join(f"({each})" for each in described) if described[1:] else "".join(described)
    excluded = ["+".join(term.concept.name for term in group) for group in query.excluded]
    return " - ".join([wanted, *excluded]).strip()


@pytest.mark.parametrize(
    ("text", "garment_class", "query"),
    [
        ("red top", UPPER, "top & red"),
        ("Striped DRESS", WHOLE, "dress & striped"),
        ("dark jeans", LOWER, "jeans & dark & denim"),
        ("a mini skirt", LOWER, "skirt & short"),
        ("the same but in dark blue", None, "navy"),
        ("light blue shorts", LOWER, "shorts & light blue"),
        ("black and white checked shirt", UPPER, "shirt & black & white & checked"),
        ("blue shirt dress", WHOLE, "dress & blue"),
        ("robe chemise bleue", WHOLE, "dress & blue"),
        ("jean jacket", UPPER, "jacket & denim"),
        ("jacket with hood", UPPER, "jacket & hood"),
        ("dress shoes", None, "shoes"),
    ],
)
def test_kinds_colours_and_patterns(
    text: str, garment_class: GarmentClass | None, query: str
) -> None:
    parsed = parse_words(text)
    assert shown(parsed) == query
    assert parsed.garment_class == garment_class


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("blouse not beige", "blouse - beige"),
        ("pantalon autre que noir", "trousers - black"),
        ("anything except jeans", "- jeans+denim"),
        ("jeans & a white top", "(jeans & denim) or (top & white)"),
        ("black & white shirt", "shirt & black & white"),
        ("silberfarbenes Kleid", "dress & grey"),
        ("pull vert bouteille", "sweater & green"),
        ("jumper -pink", "sweater - pink"),
        ("jumper !pink", "sweater - pink"),
        ("zara gown -dots", "dress & zara - dotted"),
        ("red dress -floral -long", "dress & red - floral - long"),
        ("- stripes", "- striped"),
        ("crew sweater - navy", "sweater & crew & navy"),
        ("Rock - gestreift", "skirt & striped"),
        ("Linen Blouse - White", "blouse & linen & white"),
        ("Acme - wool coat", "coat & acme & wool"),
        ("skirt + pockets", "skirt & pockets"),
        ("blazer w/o stripes", "blazer - striped"),
        ("coat but not brown or beige", "coat - brown - beige"),
        ("trousers without checks", "trousers - checked"),
        ("skirt without red flowers", "skirt - red - floral"),
        ("tee with no stripes, dots", "t-shirt - striped - dotted"),
        ("polo, not green, navy", "polo & navy - green"),
        ("non-purple cardigan", "cardigan - purple"),
        ("non-iron blouse", "blouse & iron"),
        ("anything but orange", "- orange"),
        ("a coat that isn't grey", "coat - grey"),
        ("not a yellow dress", "dress - yellow"),
        ("trousers -jeans", "trousers - jeans+denim"),
        ("-long-sleeved dress", "dress - long"),
        ("Hose nicht schwarz", "trousers - black"),
        ("keine Karos, Bluse in Weiß", "blouse & white - checked"),
        ("Kleid ohne lange Ärmel", "dress - long"),
        ("jupe sans fleurs ni pois", "skirt - floral - dotted"),
        ("chemise pas blanche", "shirt - white"),
        ("vestido sin rayas", "dress - striped"),
        ("falda no amarilla", "skirt - yellow"),
        ("camicia senza quadri", "shirt - checked"),
        ("gonna non verde", "skirt - green"),
        ("rok zonder strepen", "skirt - striped"),
        ("trui niet grijs", "sweater - grey"),
    ],
)
def test_negation(text: str, query: str) -> None:
    assert shown(parse_words(text)) == query


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("green or olive parka", "coat & green|olive"),
        ("skirt or dress, floral", "skirt|dress & floral"),
        ("pink blouse or blue cardigan", "(blouse & pink) or (cardigan & blue)"),
        ("beige coat or black", "(coat & beige) or (coat & black)"),
        ("striped or checked shirt", "shirt & striped|checked"),
        ("jeans or leggings", "(jeans & denim) or (leggings)"),
        ("rotes oder blaues Kleid", "dress & red|blue"),
        ("jupe noire ou beige", "skirt & black|beige"),
        ("pantalones verdes o marrones", "trousers & green|brown"),
        ("giacca nera o grigia", "jacket & black|grey"),
        ("witte of zwarte blouse", "blouse & white|black"),
        ("pink, green or beige skirt", "skirt & pink|green|beige"),
        ("grüne, graue oder blaue Hose", "trousers & green|grey|blue"),
        ("black, striped or dotted top", "top & black & striped|dotted"),
        ("brown/black coat", "coat & brown|black"),
        ("skirt/shorts", "skirt|shorts"),
        ("black skirt and a pink blouse", "(skirt & black) or (blouse & pink)"),
        ("either green or pink polo", "polo & green|pink"),
        ("entweder rote oder grüne Bluse", "blouse & red|green"),
    ],
)
def test_alternatives(text: str, query: str) -> None:
    assert shown(parse_words(text)) == query


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Gestreiftes Sommerkleid", "dress & striped"),
        ("Lederjacke dunkelbraun", "jacket & leather & brown"),
        ("Blümchenrock", "skirt & floral"),
        ("karierte Hemden", "shirt & checked"),
        ("röcke", "skirt"),
        ("ärmellose Bluse in Türkis", "blouse & none & turquoise"),
        ("pull à rayures bleu marine", "sweater & striped & navy"),
        ("short noir", "shorts & black"),
        ("chemisier à manches courtes", "blouse & short"),
        ("vaqueros azul oscuro", "jeans & denim & navy"),
        ("camiseta de tirantes negra", "tank & black"),
        ("maglione a righe", "sweater & striped"),
        ("vestito lungo rosa", "dress & long & pink"),
        ("gebloemde jurk", "dress & floral"),
        ("spijkerbroek lichtblauw", "jeans & denim & light blue"),
        ("korte broek", "shorts"),
    ],
)
def test_other_languages(text: str, query: str) -> None:
    assert shown(parse_words(text)) == query


@pytest.mark.parametrize(
    "spellings",
    [
        ("t-shirt", "T Shirt", "tshirts", "tee", "tees"),
        ("grey hoodie", "gray hoodies", "grey/gray hoody"),
        ("long-sleeved dress", "dress long sleeves", "long sleeve dresses"),
        ("polka-dot skirt", "polka dot skirts", "dotted skirt"),
        ("weiße Röcke", "weisse Röcke", "white skirts", "jupes blanches"),
    ],
)
def test_spellings_mean_the_same(spellings: tuple[str, ...]) -> None:
    assert len({shown(parse_words(each)) for each in spellings}) == 1


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Heather Grey", "grey"), ("Charcoal", "grey"), ("Midnight", "navy"),
        ("Oxblood", "burgundy"),
        ("Dunkelblau", "navy"), ("bleu marine", "navy"), ("rosso", "red"), ("#aabbcc", "#aabbcc"),
        ("Plaid", "plaid"),
    ],
)  # fmt: skip
def test_shop_colours_have_a_name(said: str, name: str) -> None:
    assert colour_name(said) == name


def test_every_concept_can_be_said_in_every_language() -> None:
    said = {
        (language, concept.field, concept.name)
        for languages in meanings().values()
        for language, meaning in languages.items()
        if isinstance(meaning, tuple)
        for concept in meaning
    }
    languages = ("en", "de", "fr", "es", "it", "nl")
    missing = {(each, *key) for each in languages for key in concepts()} - said
    assert not missing


@given(st.text(max_size=300))
def test_any_text_can_be_parsed(text: str) -> None:
    parse_words(text)


@pytest.mark.parametrize(
    ("text", "query", "limits"),
    [
        ("red dress under 50", "dress & red", ["<= 50"]),
        ("dress below 49.90 euros without stripes", "dress - striped", ["<= 49.90"]),
        ("coat over $100 under $200", "coat", [">= 100", "<= 200"]),
        ("Rotes Kleid bis 49,90 €", "dress & red", ["<= 49.90"]),
        ("robe jusqu'à 50€", "dress", ["<= 50"]),
        ("robe jusqu\u2019a 50 eur", "dress", ["<= 50"]),
        ("vestido rojo por menos de 50", "dress & red", ["<= 50"]),
        ("abito rosso sotto i 50", "dress & red", ["<= 50"]),
        ("rode jurk goedkoper dan 50 euro", "dress & red", ["<= 50"]),
        ("under 50", "", ["<= 50"]),
        ("coat from 2020", "coat & from & 2020", []),
        ("coat from 20 £", "coat", [">= 20"]),
        ("skirt less than 20 cm", "skirt & than & 20 & cm", []),
        ("tee under 50% off", "t-shirt & under & 50 & off", []),
        ("under armour tee", "t-shirt & under & armour", []),
        ("dress under 1234567", "dress & under & 1234567", []),
    ],
)
def test_limits_of_the_price(text: str, query: str, limits: list[str]) -> None:
    parsed = parse_words(text)
    signs = {True: "<=", False: ">="}
    assert [f"{signs[each.is_highest]} {each.amount}" for each in parsed.limits] == limits
    assert shown(parsed) == query
    assert not parsed.is_empty
