"""Error messages for visitors: no paths, commands or settings."""

from typing import Final

from search_app.language.phrases import retold
from search_app.language.translations import N_, gettext

_TITLES: Final = {
    401: N_("A key is needed"),
    403: N_("Not allowed here"),
    404: N_("Not found"),
    413: N_("Too large"),
    422: N_("That does not fit"),
    429: N_("A little slower, please"),
    503: N_("Out of order"),
    507: N_("No room"),
}
_BUSY_TITLE: Final = N_("One moment, please")
_OTHER_TITLE: Final = N_("That did not work")
_NOT_A_PHOTO: Final = N_("This is not a photo we can read; use JPEG, PNG or WebP.")
_ADDRESS: Final = N_("No photo could be fetched from this address; check it, or upload the photo.")
_DAMAGED: Final = N_("The photo is damaged or cut short; save or upload it again.")
_UNCLEAR: Final = N_("Something in this address cannot be understood. Start a new search.")
_MESSAGES: Final = {
    "no_photo": N_("No photo came with the request; choose one first."),
    "empty": N_("The file is empty; upload it again."),
    "too_large": N_("The photo has too many bytes; save it smaller."),
    "too_many_pixels": N_("The photo has too many pixels; save it smaller."),
    "too_small": N_("The photo is too small; use a larger one."),
    "too_complex": N_("The photo is packed in far too many parts; save it again as JPEG or PNG."),
    "not_a_photo": _NOT_A_PHOTO,
    "heic": N_("HEIC photos cannot be read here; save it as JPEG."),
    "damaged": _DAMAGED,
    "address_refused": N_("Photos can be fetched from public http and https addresses only."),
    "too_many_redirects": _ADDRESS,
    "unreachable": _ADDRESS,
    "timed_out": N_("Fetching the photo took too long; try again, or upload the photo."),
    "query_expired": N_("This photo is no longer kept; upload it again."),
    "not_found": N_(
        "There is no page at this address. It may be mistyped, or what it showed is no longer sold."
    ),
    "sample_not_found": N_("There is no such sample photo; choose one that is shown."),
    "product_not_found": N_("This product is not in the catalogue."),
    "invalid_request": _UNCLEAR,
    "catalogue_refused": _UNCLEAR,
    "busy": N_("Many photos are being searched just now; try again in a moment."),
    "rate_limited": N_("Too many requests came from here; try again in a moment."),
    "not_ready": N_(
        "The search does not run just now. Whoever looks after it finds the reason in its log."
    ),
    "no_room": N_("The server has no room left; searching works."),
    "internal_error": N_("Something broke on our side; try again, or search for something else."),
}
_PROBLEMS: Final = (
    N_("this has more than %(most)s fields; leave some out"),
    N_("unknown garment class %(given)s: use one of %(known)s"),
    N_("background is none; use one of upper, whole, lower"),
    N_("unknown colour %(given)s: use #rrggbb or one of %(known)s"),
    N_("must be a number from 0 (style) to 1 (colour)"),
    N_("must be the number of a garment on the photo, or photo"),
    N_("must be the number of a garment"),
    N_("must be numbers from 0 to 100"),
    N_("left must be below right, and top below bottom"),
    N_("must be price (the cheapest first) or -price"),
    N_("must be FIELD=VALUE with a field of %(known)s"),
    N_("must be a number such as 49.90"),
    N_("must be a whole number from 1 to %(most)s"),
    N_("must be a whole number"),
    N_("must be at least %(least)s"),
    N_("must be less than %(most)s"),
    N_("this holds nothing of the photo; draw a larger one"),
)
"""Messages about a field of a page's address."""


class ErrorTexts:
    """Titles by status and messages by code of errors."""

    @staticmethod
    def error_title(status: int, code: str) -> str:
        """Head of the page of an error."""
        title = _BUSY_TITLE if code == "busy" else _TITLES.get(status, _OTHER_TITLE)
        return gettext(title)

    @staticmethod
    def address_problem(message: str) -> str:
        """The name of the field that is wrong, and what it must be."""
        name, _, problem = message.partition(": ")
        return f"{name}: {retold(problem, _PROBLEMS)}"

    @staticmethod
    def error_message(code: str, message: str) -> str:
        """The message for an error: by its code, else the one that it came with."""
        if code.startswith("http_"):
            return gettext(_ADDRESS)
        return gettext(_MESSAGES[code]) if code in _MESSAGES else message
