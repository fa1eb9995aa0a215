"""Texts of the merchant's work lists and of the search analytics."""

from typing import Final

from search_app.language.errors import ErrorTexts
from search_app.language.formats import number, percent, short_day
from search_app.language.names import CLASSES_PLURAL, KINDS
from search_app.language.phrases import Counted, Filled, Names, retold
from search_app.language.translations import N_, SOURCE_LANGUAGE, Text, current_language, gettext

_LIST_NAMES: Final = {
    "no-garment": N_("Photos without a garment"),
    "title": N_("Title and photo disagree"),
    "duplicate": N_("Near-duplicates"),
}
_LIST_LEADS: Final = {
    "no-garment": N_(
        "Nothing on these photos can be searched for. Replace them in the feed, or mark them as "
        "fine where the product is not a garment."
    ),
    "title": N_(
        "The title or the category names another garment than the photo shows. Either the photo "
        "belongs to another product, or the garment was taken for something else: then set its "
        "class here."
    ),
    "duplicate": N_(
        "Different products with the same photo or nearly the same garment. Variants of one "
        "article belong into a group (item_group_id) in the feed."
    ),
}
_DONE: Final = {
    "fine": N_("Marked as fine: %(count)s."),
    "again": N_("Back on the list: %(count)s."),
    "hide": N_("Taken out of the search: %(count)s. The products stay in the catalogue."),
    "remove": N_("Removed: %(count)s."),
    "upper": N_("Set to top: %(count)s."),
    "whole": N_("Set to one-piece: %(count)s."),
    "lower": N_("Set to bottom: %(count)s."),
}
_REASONS: Final = (
    N_("The same photo"),
    N_("Nearly the same garment (%(score)s)"),
    N_("Named as %(said)s, looks like %(shown)s (%(kind)s)"),
    N_("Named as %(said)s, looks like %(shown)s"),
)
_GARMENTS: Final = {
    "a top": N_("a top"),
    "a one-piece": N_("a one-piece"),
    "a bottom": N_("a bottom"),
    **{kind.lower(): name for kind, name in KINDS.items()},
}
"""Values for the templates; predicted kinds are in lower case."""
_SKIPPED: Final = {
    "no_garment": N_("No garment was found on the photo"),
    "placeholder": N_("Several products share this photo: a placeholder"),
    "absent": N_("There is no such photo"),
}
_NOT_BY_PHOTO: Final = N_("; the product cannot be found by photo")
_CLASS_ACTIONS: Final = {
    "upper": N_("It is a top"),
    "whole": N_("It is a one-piece"),
    "lower": N_("It is a bottom"),
}
_QUERY_TYPES: Final = {
    "photo": N_("By photo"),
    "words": N_("By words"),
    "product": N_("More like a product"),
    "vector": N_("By vector"),
}
_EVENTS: Final = {
    "click": N_("Clicks"),
    "cart": N_("Put in the cart"),
    "purchase": N_("Purchases"),
}


class WorkListTexts:
    """Texts of the work lists."""

    LISTS = Text("Work lists")
    CHECK_SEND = Text("Check the catalogue")
    CHECK_FIRST = Text(
        "Check the catalogue first; it takes seconds for a thousand products, minutes for a "
        "hundred thousand."
    )
    NOT_CHECKED = Text("Not checked yet")
    NOTHING_TO_DO = Text("Nothing to do here.")
    NOTHING_FINE = Text("Nothing is marked as fine.")
    MARKED_FINE = Text("Marked as fine")
    BACK_TO_LIST = Text("Back to the list")
    ALL_ON_PAGE = Text("All on this page")
    MARK_FINE = Text("Mark as fine")
    MARK_AGAIN = Text("Put back on the list")
    SET_CLASS = Text("Set the class")
    HIDE = Text("Hide from the search")
    REMOVE = Text("Remove products…")
    REMOVE_SEND = Text("Remove for good")
    REMOVE_HINT = Text(
        "The products of the chosen entries are removed with their photos. A feed that still lists "
        "them brings them back."
    )
    REMOVE_PAIRS_HINT = Text(
        "The first product of each chosen pair is removed with its photos. A feed that still lists "
        "it brings it back."
    )

    list_name = Names(_LIST_NAMES)
    list_lead = Names(_LIST_LEADS)
    class_actions = Names(_CLASS_ACTIONS)
    checked_on = Filled("Checked on %(when)s")
    other_photo = Filled("%(title)s, another photo")

    @staticmethod
    def finding_reason(reason: str, skip_code: str | None) -> str:
        """The reason why an entry is on its list.

        Args:
            reason: in English, as it is stored.
            skip_code: of a photo that was not indexed.
        """
        if skip_code is None:
            return retold(reason, _REASONS, _garments)
        if current_language() == SOURCE_LANGUAGE:
            return reason
        code = _SKIPPED.get(skip_code)
        said = gettext(code) if code else ErrorTexts.error_message(skip_code, reason)
        return said + gettext(_NOT_BY_PHOTO) if reason.endswith(_NOT_BY_PHOTO) else said

    @staticmethod
    def list_done(action: str, count: int) -> str:
        """A confirmation of the last action; "" without one."""
        return gettext(_DONE[action], count=number(count)) if action in _DONE else ""

    @staticmethod
    def checking(done: int, total: int) -> str:
        if not total:
            return gettext("Checking…")
        amounts = {"done": number(done), "total": number(total)}
        return gettext("Checking… %(done)s of %(total)s garments compared", **amounts)


def _garments(said: str) -> str:
    """Translate "a top or a bottom"; what is not a garment stays."""
    named = [gettext(_GARMENTS[each]) if each in _GARMENTS else each for each in said.split(" or ")]
    return gettext(" or ").join(named)


class AnalyticsTexts:
    """Texts of the search analytics."""

    SEARCHES = Text("Searches")
    PERIOD = Text("Period")
    SEARCHES_HINT = Text("photos, words and “more like this”")
    WITH_CLICK = Text("With a click")
    NOTHING_CLOSE_SHARE = Text("Nothing close")
    NO_RESULT = Text("No result at all")
    NO_RESULT_HINT = Text("mostly because of filters")
    AFTER_SEARCH = Text("after a search")
    SEARCHES_BY_DAY = Text("Searches a day")
    LEGEND_CLOSE = Text("something close")
    LEGEND_NOTHING = Text("nothing close, or no result")
    AS_TABLE = Text("As a table")
    DAY = Text("Day")
    MISSING_KINDS = Text("Missing kinds")
    MISSING_KINDS_HINT = Text("Nothing close was found for these.")
    MISSING_COLOURS = Text("Missing colours")
    MISSING_COLOURS_HINT = Text("No product on the first page had them.")
    UNKNOWN_WORDS = Text("Words that no product has")
    NOTHING_MISSING = Text("Nothing was missing in this time.")
    ALL_UNDERSTOOD = Text("Every word was understood.")
    NONE_HERE = Text("None in this time.")
    CLICK_POSITIONS = Text("Where people click")
    CLICK_POSITIONS_HINT = Text("Place of the product among the results")
    NO_CLICKS = Text("No click in this time.")
    HOW_SEARCHED = Text("How people search")
    WORDS_TYPED = Text("Words")
    CLICKED_PRODUCTS = Text("Products that were clicked")
    EXPORT = Text("Export")
    EXPORT_SEARCHES = Text("All searches (CSV)")
    EXPORT_PAIRS = Text("Clicks as judged pairs (CSV)")
    EXPORT_HINT = Text(
        "The pairs are for the commands below: of the products shown for “more like this”, the "
        "clicked one is better than those before it. Searches by a visitor’s photo give no pairs, "
        "because the photo is not kept."
    )
    EXPORT_COMMANDS: Final = (
        "apparel evaluate judged --photos DATA/photos --pairs FILE",
        "apparel train encoder --pairs … --out DIR --clicks FILE --click-photos DATA/photos",
    )
    NO_SEARCHES = Text("No searches in this time")
    NO_SEARCHES_LEAD = Text("They appear here a few seconds after the first.")
    ANALYTICS_OFF = Text(
        "Searches are not recorded: APPAREL_ANALYTICS is false. What was recorded before stays "
        "until it is too old."
    )

    query_type = Names(_QUERY_TYPES)
    class_of_label = Names({each.label: name for each, name in CLASSES_PLURAL.items()})
    percent = staticmethod(percent)
    short_day = staticmethod(short_day)
    event_name = Names(_EVENTS)
    days = Counted("%(count)s day", "%(count)s days")
    searches = Counted("%(count)s search", "%(count)s searches")
    from_to = Filled("%(first)s to %(last)s")
    searches_of = Filled("%(day)s: %(count)s searches, %(failed)s without anything close")
    clicks_at = Filled("Place %(place)s: %(count)s clicks")
    in_vain = Filled("%(share)s without anything close")
    privacy = Filled(
        "Kept for %(days)s days: the day, what was searched for, which products were shown and "
        "clicked. Never kept: photos, addresses, cookies or anything else about a person; "
        "words that look like an address or a number are left out."
    )
