"""Texts of the admin page of the sources that are kept fresh."""

from typing import Final

from babel.units import format_unit

from search_app.language.phrases import Filled, Names
from search_app.language.translations import N_, Text, current_language, gettext

_STATES: Final = {
    "new": N_("Not run yet"),
    "done": N_("Up to date"),
    "unchanged": N_("Nothing new"),
    "shrunk": N_("Over half is missing"),
    "failed": N_("Failed"),
    "stopped": N_("Stopped"),
}
_KINDS: Final = {
    "file": N_("File"),
    "folder": N_("Folder"),
    "feed": N_("Feed at an address"),
    "shopify": N_("Shopify shop"),
    "woocommerce": N_("WooCommerce shop"),
}
_UNITS: Final = (("duration-day", 1440), ("duration-hour", 60), ("duration-minute", 1))


class SourceTexts:
    """Texts of the admin page of the sources."""

    SOURCES = Text("Sources")
    SOURCES_HINT = Text("Where products come from, and how fresh they are. Add one on the server:")
    SOURCES_COMMAND: Final = "apparel sync add NAME ADDRESS --every 6h"
    NO_SOURCES = Text("There is no source yet.")
    NOT_SCHEDULED = Text(
        "This server does not run them by itself: set APPAREL_SYNC=true, or keep "
        "“apparel sync run --watch” running."
    )
    LAST_RUN = Text("Last run")
    NEXT_RUN = Text("Next run")
    BY_HAND = Text("Only when asked")
    SOURCE_RUNS = Text("Running")
    RUN_NOW = Text("Run now")
    RUN_FORCED = Text("Run, and remove what is missing")
    SOURCE_LISTED = Text("products listed")
    TAKES_WEBHOOKS = Text("takes webhooks")

    source_state = Names(_STATES)
    source_kind = Names(_KINDS)
    run_source = Filled("Run %(name)s now")

    @staticmethod
    def interval(minutes: int) -> str:
        unit, length = next(each for each in _UNITS if minutes % each[1] == 0)
        time = format_unit(minutes // length, unit, locale=current_language())
        return gettext("interval: %(time)s", time=time)
