"""Languages of the pages: texts, their translations, numbers and dates, the language of a request.

`texts` has every text in English; `de.po` and `fr.po` translate them, and `make texts` brings
both up to date after a text was added or changed.
"""

from search_app.language.texts import Texts
from search_app.language.translations import LANGUAGES, current_language

__all__ = ["LANGUAGES", "current_language", "texts"]

texts = Texts()
"""The texts in the language of the request; templates know them as `t`."""
