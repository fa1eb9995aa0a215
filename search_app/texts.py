"""Every word the pages say, in one place; templates know this module as `t`.

What a shop's feed says is not here, nor are error messages: those live where they arise.
"""

from collections.abc import Sequence
from typing import Final

from segmentation.classes import GarmentClass

CLASS_NAMES: Final = {
    GarmentClass.UPPER: "Top",
    GarmentClass.WHOLE: "One-piece",
    GarmentClass.LOWER: "Bottom",
}

# The frame of every page
SITE: Final = "Apparel Search"
SKIP: Final = "Skip to the content"
NAV: Final = "Main"
NAV_MORE: Final = "For shops and developers"
NAV_SEARCH: Final = "Search"
NAV_CATALOGUE: Final = "Catalogue"
NAV_API: Final = "API"
NAV_ADMIN: Final = "Admin"
SEARCHING: Final = "Searching…"
UNREACHABLE: Final = "The server cannot be reached. Check your connection and try again."

# Home and the box for a photo
HOME_TITLE: Final = "Find clothes by photo"
HOME_LEAD: Final = (
    "Every garment on your photo is outlined. Pick one, and see what in this catalogue comes "
    "closest in style and colour."
)
CHOOSE: Final = "Choose a photo"
CHOOSE_MORE: Final = "or drop it here, or paste it"
CAMERA: Final = "Take a photo"
ADDRESS: Final = "A photo’s address"
ADDRESS_HINT: Final = "https://…"
SEND: Final = "Search with this photo"
DESCRIBE: Final = "Or describe it"
DESCRIBE_SEND: Final = "Find"
SEND_ADDRESS: Final = "Search"
LOOKING: Final = "Looking for garments on your photo…"
FETCHING: Final = "Fetching the photo…"
NOT_A_PHOTO: Final = "That is not a photo: use JPEG, PNG or WebP."
SAMPLES: Final = "Or try one of these"
IN_CATALOGUE: Final = "In the catalogue"
BACK_TO_PHOTO: Final = "Back to your last photo"

# The photo and its garments
YOUR_PHOTO: Final = "Your photo"
PHOTO_ALT: Final = "The photo you searched with"
GARMENTS_HEAD: Final = "Garments on your photo"
GARMENTS: Final = "Garments found"
WHOLE_PHOTO: Final = "Whole photo"
REGION: Final = "Your region"
TOGETHER: Final = "Taken together"
NO_GARMENT: Final = (
    "No garment was found on this photo, so the whole photo is searched with. Draw a region "
    "round the garment, or try a closer or brighter photo."
)
ADJUST: Final = "Not quite right?"
IT_IS: Final = "It is a"
MERGE: Final = "Take together"
MERGE_HINT: Final = "A top and a bottom that are one dress, two halves of a coat."
MERGE_SEND: Final = "Search as one"
DRAW: Final = "Draw a region"
DRAW_HINT: Final = "Drag on the photo, or set the edges here, in per cent of the photo."
DRAW_BOX: Final = (
    "Region on the photo: arrow keys move it, with Shift they change its size, Enter searches"
)
DRAW_SEND: Final = "Search this region"
EDGES: Final = (("left", "Left"), ("top", "Top"), ("right", "Right"), ("bottom", "Bottom"))
FORGET: Final = "Forget this photo now"
OTHER_PHOTO: Final = "Search with another photo"

# Steering
REFINE: Final = "Refine"
AMONG: Final = "Search among"
ALL: Final = "All"
WEIGHT: Final = "What counts more"
STYLE: Final = "Style"
DETAILS: Final = "Details"
COLOUR: Final = "Colour"
FILTERS: Final = "Filters"
CATEGORY: Final = "Category"
BRAND: Final = "Brand"
STOCK: Final = "Availability"
PRICE: Final = "Price"
PRICE_FROM: Final = "from"
PRICE_TO: Final = "to"
PRICE_LOWEST: Final = "Lowest price"
PRICE_HIGHEST: Final = "Highest price"
WORDS: Final = "In words"
WORDS_HINT: Final = "striped dress, dark jeans"
IN_COLOUR: Final = "The same, but in"
OWN_COLOUR: Final = "Its own colour"
TEXT: Final = "Title, brand or number"
APPLY: Final = "Apply"
CLEAR: Final = "Clear all"
ACTIVE: Final = "Chosen filters"

# Results
MORE_LIKE: Final = "More like this"
NOT_THIS: Final = "Not this one"
SCORE_HELP: Final = (
    "Weighted similarity of style, with its details, and colour: 1.00 is the same. It is no "
    "probability."
)
SHOW_MORE: Final = "Show more"
LIKE_PHOTO: Final = "Closest to the whole photo"
FOUND: Final = "What you described"
NOTHING_MATCHES: Final = "Nothing matches"
NOTHING_PASSES: Final = "No product passes these filters."
NO_SUCH_GARMENT: Final = "The catalogue has no garment of this kind: search among another one."
NOTHING_CLOSE: Final = "Nothing close in this catalogue"
FEW_OF_KIND: Final = (
    "Hardly any product is of the same kind; these are the nearest there are. What may help:"
)
FEW_OF_COLOUR: Final = (
    "Hardly any product has the same colour; these are the nearest there are. What may help:"
)
RELAX: Final = "What may help:"
RELAX_ALL: Final = "Drop all filters"
RELAX_STYLE: Final = "Look at style only, in any colour"
RELAX_PHOTO: Final = "Search with the whole photo"
RELAX_BROWSE: Final = "Browse the catalogue"

# Catalogue, product, more like this
CATALOGUE: Final = "Catalogue"
SHOW_ALL: Final = "Show all of them"
PAGES: Final = "Pages"
PREVIOUS: Final = "Previous"
NEXT: Final = "Next"
EMPTY: Final = "The catalogue is empty"
EMPTY_LEAD: Final = (
    "There is nothing to find yet. Fill it from the command line, then reload this page:"
)
EMPTY_COMMANDS: Final = (
    ("apparel demo", "a drawn catalogue, nothing to download"),
    ("apparel index FOLDER", "every photo in a folder is a product"),
    ("apparel index FEED.csv --photos DIR", "a shop’s feed"),
)
SHOP: Final = "See it in the shop"
PRODUCT_GARMENTS: Final = "Garments on its photos"
NO_PHOTO: Final = "This product has no photo that could be read."
SIMILAR: Final = "Similar ones"
SEE_MORE: Final = "See more"
COMPLETE: Final = "Complete the look"
COMPLETE_LEAD: Final = "Closest in this catalogue to what is worn with it."
MORE_LIKE_HEAD: Final = "More like"
COMPARED: Final = "What you compare with"

# Admin
SIGN_IN: Final = "Sign in"
SIGN_IN_LEAD: Final = "Imports, the index and the models are behind a key with scope admin."
SIGN_IN_HINT: Final = "Make one on the server:"
SIGN_IN_COMMAND: Final = "apparel keys add NAME --scope admin"
SIGN_OUT: Final = "Sign out"
KEY: Final = "Key"
IMPORT: Final = "Import a feed"
IMPORT_HINT: Final = (
    "CSV, TSV, JSON lines, a Google Merchant feed (TSV or XML) or a Shopify export. Photos are "
    "looked for in the server’s import folder, or fetched from their address."
)
IMPORT_FEED: Final = "Feed"
IMPORT_ADDRESS: Final = "Or its address"
IMPORT_OPTIONS: Final = "Options"
DRY_RUN: Final = "Dry run"
DRY_RUN_HINT: Final = "say what would change, write nothing"
PRUNE: Final = "Prune"
PRUNE_HINT: Final = "remove the products of feeds that this feed no longer has"
PRUNE_ALL: Final = "Prune even most"
PRUNE_ALL_HINT: Final = "also when more than half of them would go"
REFRESH: Final = "Refresh photos"
REFRESH_HINT: Final = "ask whether fetched photos have changed"
COLUMN_NAMES: Final = "Columns with other names"
COLUMN_NAMES_HINT: Final = "title=name, price=amount"
IMPORT_SEND: Final = "Import"
SENDING: Final = "Sending the feed…"
IMPORTS: Final = "Imports and other jobs"
NO_IMPORTS: Final = "Nothing was imported over this page yet."
JOB_STATES: Final = {
    "queued": "Waiting",
    "running": "Running",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
    "interrupted": "Interrupted",
}
DRY_RUN_DONE: Final = "Dry run: nothing was written"
JOB_NEW: Final = "products new"
JOB_CHANGED: Final = "changed"
JOB_UNCHANGED: Final = "unchanged"
JOB_GARMENTS: Final = "garments"
JOB_SKIPPED: Final = "photos skipped"
JOB_WHOLE: Final = "photos taken whole"
JOB_REMOVED: Final = "products removed"
JOB_TO_EMBED: Final = "photos to look at"
JOB_TO_FETCH: Final = "to fetch"
JOB_MISSING: Final = "photos missing"
JOB_REMOVED_NAMES: Final = "What is removed"
IMPORT_NOW: Final = "Import it now"
JOB_REJECTED: Final = "rows refused"
REJECTS: Final = "Download rejects"
CANCEL: Final = "Cancel"
RESUME: Final = "Resume"
INDEX: Final = "Index"
INDEX_CLASS: Final = "Class"
INDEX_GARMENTS: Final = "Garments"
INDEX_SEARCHABLE: Final = "Searchable"
SKIPS: Final = "Skipped photos"
STATUS_PRODUCTS: Final = "Products"
STATUS_PHOTOS: Final = "Photos indexed"
STATUS_PENDING: Final = "Photos waiting"
STATUS_SKIPPED: Final = "Photos skipped"
STATUS_DATABASE: Final = "Database"
STATUS_INDEX: Final = "Index files"
STATUS_COPIES: Final = "Photo copies"
REBUILD: Final = "Rebuild the index"
REBUILD_HINT: Final = "From the stored vectors, no model runs; the old one serves meanwhile."
REBUILD_JOB: Final = "Rebuild of the index"
MODELS: Final = "Models"
MODELS_HINT: Final = "What made the vectors, and looks at the photos now."
REEMBED: Final = "Change the encoder to"
REEMBED_SEND: Final = "Embed all again"
REEMBED_HINT: Final = (
    "Another encoder’s weights, with their card beside them, lie in the data folder’s “encoders”. "
    "Every garment is embedded again beside the old vectors, which serve until all is done. A "
    "restart finds the new encoder where APPAREL_ENCODER is not set."
)
MODEL_SEGMENTER: Final = "Segmenter"
MODEL_ENCODER: Final = "Encoder"
MODEL_DIMENSION: Final = "Dimension"

# When something went wrong
SEARCH_INSTEAD: Final = "Search with a photo"
NO_SUCH_PAGE: Final = (
    "There is no page at this address. It may be mistyped, or what it showed is no longer sold."
)


def photo_kept(minutes: str) -> str:
    """What happens to a visitor's photo."""
    return (
        "Your photo is kept in this server’s memory only, and is gone after "
        f"{minutes} minutes without use."
    )


def photo_kinds(max_bytes: int) -> str:
    """Which photos are taken."""
    return f"JPEG, PNG or WebP, up to {max_bytes // 1_000_000} MB"


def too_large(max_bytes: int) -> str:
    """Said before an upload that would be refused."""
    return f"This photo is larger than {max_bytes // 1_000_000} MB: save it smaller."


def sample(number: int) -> str:
    """Name of a sample photo's button."""
    return f"Search with sample photo {number}"


def garment_name(garment_class: GarmentClass, whole_photo: bool) -> str:
    """What a garment of a product is called."""
    name = CLASS_NAMES[garment_class]
    return f"{name} ({WHOLE_PHOTO.lower()})" if whole_photo else name


def class_plural(name: str) -> str:
    """Tops, One-pieces, Bottoms."""
    return f"{name}s"


def like_this(garment_class: GarmentClass) -> str:
    """Head of the results for a garment."""
    return f"{CLASS_NAMES[garment_class]}s like this"


def more_like(title: str) -> str:
    """Name of a product's link to more like it."""
    return f"More like {title}"


def not_this(title: str) -> str:
    """Name of the button that takes a product out of the results."""
    return f"Do not show {title}"


def drop_filter(name: str) -> str:
    """Name of the link that takes a filter away."""
    return f"Remove {name}"


def attribute(name: str) -> str:
    """Name of a product's attribute: Material, Neck line."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def photo_of(title: str, number: int) -> str:
    """What a product's photo shows."""
    return f"{title}, photo {number}"


def shown(count: int) -> str:
    """How many results there are on the page."""
    return f"{count:,} shown, nearest first"


def products(count: int) -> str:
    """How many products there are."""
    return f"{count:,} product{'' if count == 1 else 's'}"


def browse_all(count: int) -> str:
    """Link to the catalogue."""
    return f"Browse all {count:,}"


def page_of(page: int, pages: int) -> str:
    """Where in the catalogue one is."""
    return f"Page {page:,} of {pages:,}"


def unwanted(value: str) -> str:
    """The filter that leaves a value out."""
    return f"Not {value}"


def leave_out(value: str) -> str:
    """Name of the link that leaves a value out."""
    return f"Leave out {value}"


def take_back(value: str) -> str:
    """Name of the link that takes a left out value back in."""
    return f"Take {value} back in"


def excluded(count: int) -> str:
    """The filter of products that are not to be shown."""
    return f"{count} left out"


def price_range(lowest: str, highest: str) -> str:
    """The filter of prices."""
    if lowest and highest:
        return f"Price {lowest} to {highest}"
    return f"Price from {lowest}" if lowest else f"Price to {highest}"


def said(words: str) -> str:
    """The filter of plain words."""
    return f"“{words}”"


def in_colour(name: str) -> str:
    """The filter of another colour."""
    return f"In {name}"


def unknown_words(words: Sequence[str]) -> str:
    """Said when words were not understood; "" when all were."""
    if not words:
        return ""
    named = ", ".join(f"“{word}”" for word in words)
    return f"Not used, as we do not know it: {named}. Try a colour, a kind or a pattern."


def relax(name: str) -> str:
    """Advice to drop one filter."""
    return f"Without {name}" if name.startswith("“") else f"Without “{name}”"


def relax_among(name: str) -> str:
    """Advice to search among another class."""
    return f"Search among {name.lower()}"


def signed_in(name: str) -> str:
    """Whose session this is."""
    return f"Signed in with key “{name}”"


def progress_of(source: str) -> str:
    """Name of an import's progress bar."""
    return f"Progress of {source}"


def job_title(task: str, source: str) -> str:
    """What a job is called: an import by its feed."""
    if task == "rebuild":
        return REBUILD_JOB
    return f"Change to encoder “{source}”" if task == "reembed" else source


def job_progress(task: str, done: int, total: int) -> str:
    """How far a job is."""
    if not total:
        return "Reading the feed" if task == "import" else "Getting ready"
    return f"{done:,} of {total:,} {'garments' if task == 'rebuild' else 'photos'}"


def megabytes(size: int) -> str:
    """A size on the disk."""
    return f"{size / 1e6:,.1f} MB"


def worn_with(garment_class: GarmentClass) -> str:
    """Head of the products of another class that go with one."""
    return f"{CLASS_NAMES[garment_class]}s worn with it"
