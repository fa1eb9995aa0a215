"""The token of this machine's user, like Jupyter's: a file in the data folder.

Only its owner can read it, who could change the data folder anyway, so it counts as a key of
scope admin. The address proves nothing: behind a proxy, a container's port or a tunnel every
connection comes from this machine.
"""

import secrets
from pathlib import Path
from typing import Final

from catalog.data_folder.layout import LOCAL_TOKEN
from catalog.files import publishing

PREFIX: Final = "apparel_local_"
_PRIVATE: Final = 0o600


def make_local_token(data: Path) -> str | None:
    """Return the token of a data folder, creating it if missing; None if that fails."""
    path = data / LOCAL_TOKEN
    try:
        token = read_local_token(data)
        if token is None:
            token = PREFIX + secrets.token_urlsafe(32)
            with publishing(path, _PRIVATE) as unfinished:
                unfinished.write_text(token + "\n", encoding="ascii")
        path.chmod(_PRIVATE)
    except OSError:
        return None
    return token


def read_local_token(data: Path) -> str | None:
    """Return the token of a data folder; None if there is none."""
    try:
        token = (data / LOCAL_TOKEN).read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return token if token.startswith(PREFIX) and len(token) > len(PREFIX) else None


def is_local_token(data: Path, secret: str) -> bool:
    """Whether a secret is the token of a data folder; deleting the file revokes it."""
    if not secret.startswith(PREFIX):
        return False
    token = read_local_token(data)
    return token is not None and secrets.compare_digest(token.encode(), secret.encode())
