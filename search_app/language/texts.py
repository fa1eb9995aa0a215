"""Texts of the pages for visitors.

What a shop's feed says is not here. Messages of errors live where they arise; what a visitor
reads of one is in `errors`.
"""

from decimal import Decimal
from typing import Final

from catalog.filtering.word_query import UnderstoodWords
from search_app.language.admin_texts import AdminTexts
from search_app.language.errors import ErrorTexts
from search_app.language.formats import capitalised, decimal, money, number
from search_app.language.merchant_texts import AnalyticsTexts, WorkListTexts
from search_app.language.names import NameTexts
from search_app.language.phrases import Counted, Filled, Names
from search_app.language.translations import N_, Text, gettext


class Texts(NameTexts, ErrorTexts, AdminTexts, WorkListTexts, AnalyticsTexts):
    """All texts of the pages; a class, so that each reads in the language of the request."""

    # The frame of every page
    LANGUAGE = Text("Language")
    SITE: Final = "Apparel Search"
    SKIP = Text("Skip to the content")
    NAV = Text("Main")
    NAV_MORE = Text("For shops and developers")
    NAV_SEARCH = Text("Search")
    NAV_CATALOGUE = Text("Catalogue")
    NAV_API = Text("API")
    NAV_ADMIN = Text("Admin")
    SEARCHING = Text("Searching…")
    TRY_AGAIN = Text("Try again")
    UNREACHABLE = Text("The server cannot be reached. Check your connection and try again.")

    # Home and the box for a photo
    HOME_TITLE = Text("Find clothes by photo")
    HOME_LEAD = Text(
        "Every garment on your photo is outlined. Pick one, and see what in this catalogue comes "
        "closest in style and colour."
    )
    CHOOSE = Text("Choose a photo")
    CHOOSE_MORE = Text("or drop it here, or paste it")
    CAMERA = Text("Take a photo")
    ADDRESS = Text("A photo’s address")
    ADDRESS_HINT: Final = "https://…"
    SEND = Text("Search with this photo")
    DESCRIBE = Text("Or describe it")
    DESCRIBE_SEND = Text("Find")
    SEND_ADDRESS = Text("Search")
    LOOKING = Text("Looking for garments on your photo…")
    FETCHING = Text("Fetching the photo…")
    NOT_A_PHOTO = Text("That is not a photo: use JPEG, PNG or WebP.")
    SAMPLES = Text("Try one of these")
    IN_CATALOGUE = Text("In the catalogue")
    BACK_TO_PHOTO = Text("Back to your last photo")

    # The photo and its garments
    YOUR_PHOTO = Text("Your photo")
    PHOTO_ALT = Text("The photo you searched with")
    GARMENTS_HEAD = Text("Garments on your photo")
    GARMENTS = Text("Garments found")
    WHOLE_PHOTO = Text("Whole photo")
    REGION = Text("Your region")
    TOGETHER = Text("As one garment")
    NO_COLOURS = Text("This photo has no colours of its own, so only style is compared.")
    NO_GARMENT = Text(
        "No garment was found, so the whole photo is searched with. Draw a region, or try a closer "
        "photo."
    )
    ADJUST = Text("Not quite right?")
    DOUBT = Text("Or search in")
    IT_IS = Text("It is a")
    MERGE = Text("Combine garments")
    MERGE_HINT = Text(
        "For example a dress found as a top and a bottom, or the two halves of a coat."
    )
    MERGE_SEND = Text("Search as one")
    DRAW = Text("Draw a region")
    DRAW_HINT = Text("Drag on the photo, or set the edges here, in per cent of the photo.")
    DRAW_BOX = Text(
        "Region on the photo: arrow keys move it, with Shift they change its size, Enter searches"
    )
    DRAW_SEND = Text("Search this region")
    FORGET = Text("Forget this photo now")
    FORGET_ALL = Text("Forget all")
    LAST_PHOTOS = Text("Your last photos, kept in this browser only")
    SEARCH_AGAIN = Text("Search again with photo")
    OTHER_PHOTO = Text("Another photo")
    JOIN = Text("Search with both photos together")
    FURTHER = Text("Together with")

    # Steering
    AMONG = Text("Search among")
    ALL = Text("All")
    WEIGHT = Text("What counts more")
    WEIGHT_ENDS = Text("From style alone to colour alone")
    STYLE = Text("Style")
    COLOUR = Text("Colour")
    FILTERS = Text("Filters")
    CATEGORY = Text("Category")
    BRAND = Text("Brand")
    STOCK = Text("Availability")
    PRICE = Text("Price")
    PRICE_FROM = Text("Price from")
    PRICE_TO = Text("Price to")
    PRICE_LOWEST = Text("Lowest price")
    PRICE_HIGHEST = Text("Highest price")
    PRICE_NOW = Text("Now")
    PRICE_WAS = Text("instead of")
    WORDS = Text("In words")
    WORDS_HINT = Text("striped dress, dark jeans")
    WORDS_MORE = Text("Add words: striped, long sleeve")
    IN_COLOUR = Text("The same, but in")
    OWN_COLOUR = Text("Same colour")
    TEXT = Text("Title, brand or number")
    APPLY = Text("Apply")
    CLEAR = Text("Clear all")
    ACTIVE = Text("Chosen filters")
    SORT = Text("Sort by")

    # Results
    MORE_LIKE = Text("More like this")
    LESS_LIKE = Text("Less like this")
    SEARCH_WITH = Text("Search with this one")
    WHY = Text("Why")
    SIMILARITY = Text("Similarity")
    NOT_THIS = Text("Hide this one")
    SCORE_HELP = Text(
        "Weighted similarity of style and colour: 1.00 is the same. It is not a probability."
    )
    SHOW_MORE = Text("Show more")
    LIKE_GARMENT = Text("Garments like this")
    LIKE_PHOTO = Text("Closest to the whole photo")
    FOUND = Text("Results for your words")
    NOTHING_MATCHES = Text("Nothing matches")
    NOTHING_PASSES = Text("No product passes these filters.")
    NO_SUCH_GARMENT = Text("The catalogue has nothing of this kind. Try another kind.")
    NOTHING_CLOSE = Text("Nothing close in this catalogue")
    FEW_OF_KIND = Text(
        "Hardly any product is of the same kind; these are the nearest there are. What may help:"
    )
    FEW_OF_COLOUR = Text(
        "Hardly any product has the same colour; these are the nearest there are. What may help:"
    )
    RELAX = Text("What may help:")
    RELAX_HEAD = Text("Find closer ones")
    RELAX_ALL = Text("Drop all filters")
    RELAX_STYLE = Text("Look at style only, in any colour")
    RELAX_BROWSE = Text("Browse the catalogue")

    # Catalogue, product, more like this
    CATALOGUE = Text("Catalogue")
    SHOW_ALL = Text("Show all of them")
    PAGES = Text("Pages")
    PREVIOUS = Text("Previous")
    NEXT = Text("Next")
    EMPTY = Text("The catalogue is empty")
    EMPTY_LEAD = Text("There is nothing to find yet. Please come back when products were added.")
    EMPTY_ADMIN = Text("Do you run this shop? Import a feed")
    SHOP = Text("See it in the shop")
    PRODUCT_GARMENTS = Text("Find more like")
    PHOTOS = Text("Photos")
    COLOURS = Text("Colours")
    FACTS = Text("Details")
    NO_PHOTO = Text("This product has no photo that can be shown.")
    SIMILAR = Text("Similar products")
    SEE_MORE = Text("See more")
    VIEWED = Text("Recently viewed")
    COMPLETE = Text("Complete the look")
    COMPLETE_LEAD = Text("Close to what is worn with it in the photo.")
    MORE_LIKE_HEAD = Text("More like")
    COMPARED = Text("Compared with")

    # When something went wrong
    NEEDS_SCRIPT = Text("This page needs JavaScript. The same description as data:")
    SEARCH_INSTEAD = Text("Search with a photo")

    decimal = staticmethod(decimal)
    number = staticmethod(number)
    capitalised = staticmethod(capitalised)

    photo_kinds = Filled("JPEG, PNG or WebP, up to %(size)s MB")
    too_large = Filled("This photo is larger than %(size)s MB: save it smaller.")
    sample = Filled("Search with sample photo %(number)s")
    more_of_category = Filled("More in %(category)s")
    more_like = Filled("More like %(title)s")
    less_like = Filled("Less like %(title)s")
    search_with = Filled("Search with %(title)s")
    not_this = Filled("Do not show %(title)s")
    drop_photo = Filled("Remove photo %(number)s")
    drop_filter = Filled("Remove %(name)s")
    photo_of = Filled("%(title)s, photo %(number)s")
    browse_all = Filled("Browse all %(count)s")
    page_of = Filled("Page %(page)s of %(pages)s")
    unwanted = Filled("Not %(value)s")
    leave_out = Filled("Leave out %(value)s")
    take_back = Filled("Take %(value)s back in")
    said = Filled("“%(words)s”")
    named_so = Filled("By name: %(count)s")
    in_colour = Filled("In %(colour)s")
    shown = Counted("%(count)s shown", "%(count)s shown")
    nearest_by_price = Counted("%(count)s nearest, by price", "%(count)s nearest, by price")
    products = Counted("%(count)s product", "%(count)s products")
    excluded = Counted("%(count)s left out", "%(count)s left out")
    more_colours = Counted("%(count)s more colour", "%(count)s more colours")
    more_like_count = Counted("More like %(count)s result", "More like %(count)s results")
    less_like_count = Counted("Less like %(count)s result", "Less like %(count)s results")
    edges = Names(
        {
            "left": N_("Left edge"),
            "top": N_("Top edge"),
            "right": N_("Right edge"),
            "bottom": N_("Bottom edge"),
        }
    )
    sorts = Names(
        {
            "": N_("Best match"),
            "price": N_("Price, low to high"),
            "-price": N_("Price, high to low"),
        }
    )
    BY_NAME = Text("By name")

    photo_kept = Filled(
        "The server keeps your photo in its memory only, until %(minutes)s minutes after its "
        "last use. This browser keeps your last photos until you forget them."
    )
    photo_kept_by_all = Filled(
        "Your photo is kept encrypted in the servers' database, under a key that only the "
        "address of your page holds, until %(minutes)s minutes after its last use. This "
        "browser keeps your last photos until you forget them."
    )

    @staticmethod
    def attribute(name: str) -> str:
        """Name of a product's attribute as the feed calls it: Material, Neck line."""
        return capitalised(name.replace("_", " ").strip())

    @classmethod
    def attribute_is(cls, name: str, value: str) -> str:
        """The filter of a product's own attribute."""
        return gettext("%(name)s: %(value)s", name=cls.attribute(name), value=value)

    @classmethod
    def filter_in_words(cls, filter_text: str) -> str:
        """A recorded filter: "price_max=50" is "Price to 50.00", "brand!=x" is "Not Brand: X"."""
        field, _, value = filter_text.partition("=")
        if field in ("price_min", "price_max"):
            amount = money(Decimal(value), None)
            return cls.price_range(*((amount, "") if field == "price_min" else ("", amount)))
        names = {
            "brand": cls.BRAND, "category": cls.CATEGORY, "colour": cls.COLOUR,
            "availability": cls.STOCK, "kind": gettext("Kind"), "pattern": gettext("Pattern"),
            "sleeve": gettext("Sleeves"), "length": gettext("Length"),
        }  # fmt: skip
        name = field.removesuffix("!")
        shown = cls.stock(value) if name == "availability" else cls.predicted(name, value)
        shown = cls.colour(value) if name == "colour" else shown
        said = cls.attribute_is(names.get(name, name), capitalised(shown))
        return cls.unwanted(said) if field.endswith("!") else said

    @staticmethod
    def price_range(lowest: str, highest: str) -> str:
        """The filter of prices; "" = no limit on this side."""
        if lowest and highest:
            return gettext("Price %(low)s to %(high)s", low=lowest, high=highest)
        if lowest:
            return gettext("Price from %(low)s", low=lowest)
        return gettext("Price up to %(high)s", high=highest)

    @classmethod
    def about_words(cls, words: UnderstoodWords) -> str:
        """Said of words that are not understood, not sold, or not known of a product; else ""."""
        sentences = [
            gettext("There are no %(goods)s in this catalogue.", goods=word)
            for word in words.missing
        ]
        if words.unknown:
            named = ", ".join(map(cls.said, words.unknown))
            sentences.append(
                gettext("Not used, as no product is called so: %(words)s.", words=named)
            )
        if words.unsure:
            named = ", ".join(map(cls.said, words.unsure))
            sentences.append(
                gettext("No product is described as %(words)s; these may come close.", words=named)
            )
        return " ".join(sentences)

    @classmethod
    def relax(cls, name: str) -> str:
        """Advice to drop one filter."""
        return gettext("Without %(filter)s", filter=name if name[0] in "“„«" else cls.said(name))
