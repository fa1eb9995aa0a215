"""Error messages for HTTP without the server's folders."""

import re
from pathlib import Path
from typing import Final

_ABSOLUTE: Final = re.compile(
    r"(?<![\w.:/])(?P<top>/[^\s/'\":;,()]+)(?P<rest>(?:/[^\s/'\":;,()]+)+)"
)
"""A path from the root with at least two names; the path of an address follows a host."""


def without_paths(message: str, *folders: Path) -> str:
    """Shorten the paths in a message: relative to these folders, other paths to the file name.

    Args:
        folders: folders whose names may have spaces, such as the data folder.
    """
    forms = {str(form) for each in folders if each.name for form in (each, each.resolve())}
    for folder in sorted(forms, key=len, reverse=True):
        message = message.replace(f"{folder}/", "").replace(folder, Path(folder).name)
    return _ABSOLUTE.sub(_name_alone, message)


def _name_alone(path: re.Match[str]) -> str:
    # /api/v1/products is a path too, but no folder of this machine.
    return path["rest"].rpartition("/")[2] if Path(path["top"]).is_dir() else path[0]
