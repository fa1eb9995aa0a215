"""Texts of the admin page."""

from typing import Final

from babel.units import format_unit

from search_app.language.formats import megabytes, minute, number
from search_app.language.phrases import Filled, Names, retold
from search_app.language.translations import N_, Text, current_language, gettext, ngettext

_JOB_STATES: Final = {
    "queued": N_("Waiting"),
    "running": N_("Running"),
    "done": N_("Done"),
    "failed": N_("Failed"),
    "cancelled": N_("Cancelled"),
    "interrupted": N_("Interrupted"),
}

_SOURCE_STATES: Final = {
    "new": N_("Not run yet"),
    "done": N_("Up to date"),
    "unchanged": N_("Nothing new"),
    "shrunk": N_("Over half is missing"),
    "failed": N_("Failed"),
    "stopped": N_("Stopped"),
}
_SOURCE_KINDS: Final = {
    "file": N_("File"),
    "folder": N_("Folder"),
    "feed": N_("Feed at an address"),
    "shopify": N_("Shopify shop"),
    "woocommerce": N_("WooCommerce shop"),
}
_UNITS: Final = (("duration-day", 1440), ("duration-hour", 60), ("duration-minute", 1))
_JOB_MESSAGES: Final = (
    N_("the server stopped meanwhile; the job goes on where one runs"),
    N_("cancelled; what was indexed until then stays"),
    N_("something broke here; the server's log says what"),
    N_("%(count)s servers ended while they ran it; see their logs, then resume the job"),
    N_(
        "photos without a garment: %(photos)s, titles that disagree with their photos: %(titles)s, "
        "near-duplicates: %(pairs)s"
    ),
    N_(
        "the feed lacks %(gone)s of the %(count)s products of source %(source)s; nothing was "
        "changed; if they are really gone, say --prune-all (over HTTP: prune_all)"
    ),
    N_(
        "%(feed)s has no column for %(fields)s, it has: %(names)s; say which one holds it: "
        "--map %(field)s=COLUMN"
    ),
    N_("%(feed)s has no column %(column)s, it has: %(names)s; correct --map"),
    N_("%(feed)s is not text; save it as CSV in UTF-8"),
    N_("%(feed)s is empty; give a CSV, TSV, JSON lines or XML file"),
    N_("%(feed)s has no rows; add a row for each product"),
    N_("%(count)s products had characters that cannot be shown, now left out"),
    N_(
        "products of source %(other)s that were only updated: %(count)s; if %(source)s is that "
        "feed under a new name, set --source to %(name)s"
    ),
    N_("left out, %(kind)s: %(count)s, first on line %(line)s (%(reason)s)"),
)
"""Translated messages of jobs, imports and their notes; all others stay English."""
_KINDS_LEFT_OUT: Final = (
    N_("title too long"),
    N_("availability unknown"),
    N_("currency unknown"),
    N_("price unreadable"),
    N_("sale price unreadable"),
    N_("sale dates unreadable"),
    N_("photo name unusable"),
    N_("too many photos"),
)
"""Values in these messages."""


class AdminTexts:
    """Texts of the admin page and of the page that one signs in on."""

    SIGN_IN = Text("Sign in")
    SIGN_IN_LEAD = Text("Imports, the index and the models are behind a key with scope admin.")
    SIGN_IN_HINT = Text("Make one on the server:")
    SIGN_IN_COMMAND: Final = "apparel keys add NAME --scope admin"
    SIGN_IN_LOCAL = Text(
        "On the server’s own machine, open the address that it printed when it started, or paste "
        "the contents of this file of the data folder:"
    )
    SIGN_IN_FILE: Final = "local-token"
    TICKET_USED = Text(
        "This address has been used, or is too old. Sign in with a key, or start the server again "
        "for a new address."
    )
    SIGN_OUT = Text("Sign out")
    KEY = Text("Key")
    IMPORT = Text("Import a feed")
    IMPORT_HINT = Text(
        "CSV, TSV, JSON or XML, also exports of Shopify, WooCommerce, Magento and Google Merchant."
    )
    PHOTOS_FROM_FOLDER = Text(
        "Photos are looked for in the server’s import folder, or fetched from their address."
    )
    PHOTOS_FETCHED = Text(
        "Photos are fetched from their address. If the feed names files, start the server with "
        "APPAREL_IMPORT_FOLDER set to their folder."
    )
    IMPORT_FEED = Text("Feed")
    IMPORT_ADDRESS = Text("Or its address")
    IMPORT_OPTIONS = Text("Options")
    DRY_RUN = Text("Dry run")
    DRY_RUN_HINT = Text("say what would change, write nothing")
    PRUNE = Text("Prune")
    PRUNE_HINT = Text("remove products that are no longer in this feed")
    PRUNE_ALL = Text("Prune even most")
    PRUNE_ALL_HINT = Text("also when more than half of them would go")
    REFRESH = Text("Refresh photos")
    REFRESH_HINT = Text("check whether fetched photos have changed")
    COLUMN_NAMES = Text("Columns with other names")
    COLUMN_NAMES_HINT: Final = "title=name, price=amount"
    SOURCE_NAME = Text("Source")
    SOURCE_NAME_HINT = Text("the feed’s name, unless you give another")
    IMPORT_SEND = Text("Import")
    SENDING = Text("Sending the feed…")
    IMPORTS = Text("Imports and other jobs")
    NO_IMPORTS = Text("Nothing has been imported from this page yet.")
    DRY_RUN_DONE = Text("Dry run: nothing was written")
    JOB_NEW = Text("new products")
    JOB_CHANGED = Text("changed")
    JOB_UNCHANGED = Text("unchanged")
    JOB_GARMENTS = Text("garments")
    JOB_SKIPPED = Text("photos skipped")
    JOB_REMOVED = Text("products removed")
    JOB_TO_EMBED = Text("photos to index")
    JOB_TO_FETCH = Text("to fetch")
    JOB_MISSING = Text("photos missing")
    JOB_REMOVED_NAMES = Text("Removed products")
    IMPORT_NOW = Text("Import it now")
    JOB_REJECTED = Text("rows refused")
    REJECTS = Text("Download rejects")
    CANCEL = Text("Cancel")
    RESUME = Text("Resume")
    INDEX = Text("Index")
    INDEX_CLASS = Text("Class")
    INDEX_GARMENTS = Text("Garments")
    INDEX_SEARCHABLE = Text("Searchable")
    SKIPS = Text("Skipped photos with their reasons")
    STATUS_PRODUCTS = Text("Products")
    STATUS_PHOTOS = Text("Photos indexed")
    STATUS_PENDING = Text("Photos waiting")
    STATUS_SKIPPED = Text("Photos skipped")
    STATUS_DATABASE = Text("Database")
    STATUS_INDEX = Text("Index files")
    STATUS_COPIES = Text("Photo copies")
    REBUILD = Text("Rebuild the index")
    REBUILD_HINT = Text("From the stored vectors, no model runs; the old one serves meanwhile.")
    REBUILD_JOB = Text("Rebuild of the index")
    CHECK_JOB = Text("Check of the catalogue")
    MODELS = Text("Models")
    MODELS_HINT = Text("The models that made the vectors and process new photos.")
    REEMBED = Text("Change the encoder to")
    REEMBED_SEND = Text("Embed all again")
    REEMBED_HINT = Text(
        "Another encoder’s weights, with their card beside them, lie in the data folder’s "
        "“encoders”. Every garment is embedded again beside the old vectors, which serve until all "
        "is done. A restart finds the new encoder where APPAREL_ENCODER is not set."
    )
    MODEL_SEGMENTER = Text("Segmenter")
    MODEL_ENCODER = Text("Encoder")
    MODEL_DIMENSION = Text("Dimension")

    # Sources
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

    megabytes = staticmethod(megabytes)
    minute = staticmethod(minute)
    job_state = Names(_JOB_STATES)
    signed_in = Filled("Signed in with key “%(name)s”")
    progress_of = Filled("Progress of %(source)s")
    source_state = Names(_SOURCE_STATES)
    source_kind = Names(_SOURCE_KINDS)
    run_source = Filled("Run %(name)s now")

    @classmethod
    def job_message(cls, message: str) -> str:
        """A job's message or note, with the page's fields in place of the command's options."""
        message = retold(
            message,
            _JOB_MESSAGES,
            lambda value: gettext(value) if value in _KINDS_LEFT_OUT else value,
        )
        for option, field in (
            ("--map", cls.COLUMN_NAMES),
            ("--source", cls.SOURCE_NAME),
            ("--prune-all (over HTTP: prune_all)", cls.PRUNE_ALL),
        ):
            message = message.replace(option, gettext("“%(words)s”", words=str(field)))
        return message

    @classmethod
    def job_title(cls, task: str, source: str) -> str:
        """The name of a job: an import by its feed."""
        if task == "rebuild":
            return cls.REBUILD_JOB
        if task == "review":
            return cls.CHECK_JOB
        if task == "reembed":
            return gettext("Change to encoder “%(name)s”", name=source)
        if task == "sync":
            return gettext("Source “%(name)s”", name=source)
        return source

    @staticmethod
    def job_progress(task: str, done: int, total: int) -> str:
        if not total:
            is_feed = task in ("import", "sync")
            return gettext("Reading the feed") if is_feed else gettext("Getting ready")
        amounts = {"done": number(done), "total": number(total)}
        if task == "rebuild":
            return ngettext(
                "%(done)s of %(total)s garment",
                "%(done)s of %(total)s garments",
                total,
                **amounts,
            )
        return ngettext(
            "%(done)s of %(total)s photo", "%(done)s of %(total)s photos", total, **amounts
        )

    @staticmethod
    def interval(minutes: int) -> str:
        unit, length = next(each for each in _UNITS if minutes % each[1] == 0)
        time = format_unit(minutes // length, unit, locale=current_language())
        return gettext("interval: %(time)s", time=time)
