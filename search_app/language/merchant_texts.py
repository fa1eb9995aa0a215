"""Texts of the merchant's work lists and of the search analytics."""

from typing import Final

from search_app.language.formats import number
from search_app.language.translations import N_, Text, gettext, ngettext

_LIST_NAMES: Final = {
    "no-garment": N_("Photos without a garment"),
    "title": N_("Title and photo disagree"),
    "duplicate": N_("Near-duplicates"),
}
_LIST_LEADS: Final = {
    "no-garment": N_(
        "Nothing on these photos can be searched for. Replace them in the feed, or mark them as "
        "fine where the product is no garment."
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
    CHECK_JOB = Text("Check of the catalogue")
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

    @staticmethod
    def list_name(check: str) -> str:
        """Name of a work list."""
        return gettext(_LIST_NAMES[check])

    @staticmethod
    def list_lead(check: str) -> str:
        """What a work list is about."""
        return gettext(_LIST_LEADS[check])

    @staticmethod
    def list_done(action: str, count: int) -> str:
        """What was just done; "" for nothing."""
        return gettext(_DONE[action], count=number(count)) if action in _DONE else ""

    @staticmethod
    def class_actions() -> list[tuple[str, str]]:
        """The actions that set a class, by its label."""
        return [(value, gettext(name)) for value, name in _CLASS_ACTIONS.items()]

    @staticmethod
    def checked_on(when: str) -> str:
        """When the catalogue was last checked."""
        return gettext("Checked on %(when)s", when=when)

    @staticmethod
    def checking(done: int, total: int) -> str:
        """How far a check is."""
        if not total:
            return gettext("Checking…")
        amounts = {"done": number(done), "total": number(total)}
        return gettext("Checking… %(done)s of %(total)s garments compared", **amounts)

    @staticmethod
    def other_photo(title: str) -> str:
        """What a further photo of a product shows."""
        return gettext("%(title)s, another photo", title=title)


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
    MISSING_KINDS_HINT = Text("Nothing close was found of them.")
    MISSING_COLOURS = Text("Missing colours")
    MISSING_COLOURS_HINT = Text("No product on the first page had them.")
    UNKNOWN_WORDS = Text("Words that no product has")
    NOTHING_MISSING = Text("Nothing was missing in this time.")
    ALL_UNDERSTOOD = Text("Every word was understood.")
    NONE_HERE = Text("None in this time.")
    CLICK_POSITIONS = Text("Where they click")
    CLICK_POSITIONS_HINT = Text("Place of the product among the results")
    NO_CLICKS = Text("No click in this time.")
    HOW_SEARCHED = Text("How they search")
    WORDS_TYPED = Text("Words")
    CLICKED_PRODUCTS = Text("Products that were clicked")
    EXPORT = Text("Export")
    EXPORT_SEARCHES = Text("All searches (CSV)")
    EXPORT_PAIRS = Text("Clicks as judged pairs (CSV)")
    EXPORT_HINT = Text(
        "The pairs are for the command below: of the products shown for “more like this”, the "
        "clicked one is better than those before it. Searches by a visitor’s photo give no pairs, "
        "because the photo is not kept."
    )
    EXPORT_COMMAND: Final = "apparel evaluate judged --photos DATA/photos --pairs FILE"
    NO_SEARCHES = Text("No searches in this time")
    NO_SEARCHES_LEAD = Text("They appear here a few seconds after the first.")
    ANALYTICS_OFF = Text(
        "Searches are not recorded: APPAREL_ANALYTICS is false. What was recorded before stays "
        "until it is too old."
    )

    @staticmethod
    def query_type(name: str) -> str:
        """How was searched."""
        return gettext(_QUERY_TYPES[name])

    @staticmethod
    def event_name(event: str) -> str:
        """What followed a search."""
        return gettext(_EVENTS[event])

    @staticmethod
    def days(count: int) -> str:
        """A period."""
        return ngettext("%(count)s day", "%(count)s days", count, count=number(count))

    @staticmethod
    def from_to(first: str, last: str) -> str:
        """The days that figures are of."""
        return gettext("%(first)s to %(last)s", first=first, last=last)

    @staticmethod
    def searches(count: int) -> str:
        """A number of searches."""
        return ngettext("%(count)s search", "%(count)s searches", count, count=number(count))

    @staticmethod
    def searches_of(day: str, count: int, failed: int) -> str:
        """The searches of a day."""
        amounts = {"day": day, "count": number(count), "failed": number(failed)}
        return gettext("%(day)s: %(count)s searches, %(failed)s without anything close", **amounts)

    @staticmethod
    def clicks_at(place: int, count: int) -> str:
        """The clicks on the results at one place."""
        amounts = {"place": number(place), "count": number(count)}
        return gettext("Place %(place)s: %(count)s clicks", **amounts)

    @staticmethod
    def in_vain(share: str) -> str:
        """The share of searches that found nothing close."""
        return gettext("%(share)s in vain", share=share)

    @staticmethod
    def privacy(days: int) -> str:
        """What is kept of a search."""
        return gettext(
            "Kept for %(days)s days: the day, what was searched for, which products were shown and "
            "clicked. Never kept: photos, addresses, cookies or anything else about a person; "
            "words that look like an address or a number are left out.",
            days=number(days),
        )
