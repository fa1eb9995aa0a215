"""Files of others' networks, named `local-dir:DIR` or `hf-hub:NAME`; loads no network."""

import json
from pathlib import Path
from typing import Any, Final

from indexing.errors import EncoderError

LOCAL_PREFIX: Final = "local-dir:"
HUB_PREFIX: Final = "hf-hub:"
SAFE_WEIGHTS: Final = "model.safetensors"


def has_text_tower(name: str | None) -> bool:
    """Whether a name's config.json is that of a CLIP-like network."""
    if name is None or not name.startswith((LOCAL_PREFIX, HUB_PREFIX)):
        return False
    return {"text_config", "vision_config"} <= config_file(name, "config.json").keys()


def config_file(name: str, file: str) -> dict[str, Any]:
    """A JSON file beside a network's weights; empty where there is none."""
    path: Path | str = Path(path_or_name(name)) / file
    try:
        if name.startswith(HUB_PREFIX):
            from huggingface_hub import hf_hub_download

            path = hf_hub_download(path_or_name(name), file)
        found: dict[str, Any] = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ImportError, OSError, ValueError):
        return {}
    return found


def path_or_name(name: str) -> str:
    """The folder, or the name on the hub."""
    return name.removeprefix(LOCAL_PREFIX).removeprefix(HUB_PREFIX)


def refuse_pickle(name: str, remedy: str) -> None:
    """Raise EncoderError for a folder of pickled weights, which can run code when loaded."""
    folder = Path(path_or_name(name))
    pickles = sorted(path.name for end in ("*.bin", "*.pth") for path in folder.glob(end))
    if name.startswith(LOCAL_PREFIX) and pickles and not (folder / SAFE_WEIGHTS).is_file():
        raise pickle_refused(folder / pickles[0], remedy)


def pickle_refused(file: object, remedy: str) -> EncoderError:
    """The error for pickled weights; `remedy` is the call that saves them otherwise."""
    return EncoderError(
        f"{file} is a pickle, which can run code; save the network again as {SAFE_WEIGHTS} "
        f"with {remedy}"
    )
