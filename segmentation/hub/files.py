"""Files of others' networks, named `local-dir:DIR` or `hf-hub:NAME`; loads no network."""

import json
from pathlib import Path
from typing import Any, Final

from segmentation.errors import WeightsError

LOCAL_PREFIX: Final = "local-dir:"
HUB_PREFIX: Final = "hf-hub:"
Channels = tuple[float, float, float]
"""One number per RGB channel, for values in 0..1."""


def is_network_name(name: str) -> bool:
    """Whether a name has one of the prefixes."""
    return name.startswith((LOCAL_PREFIX, HUB_PREFIX))


def path_or_name(name: str) -> str:
    """The folder, or the name on the hub."""
    return name.removeprefix(LOCAL_PREFIX).removeprefix(HUB_PREFIX)


def has_text_tower(name: str | None) -> bool:
    """Whether a name's config.json is that of a CLIP-like network."""
    if name is None or not is_network_name(name):
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


def normalisation(name: str, mean: Channels, std: Channels) -> tuple[Channels, Channels]:
    """Mean and std of a network's preprocessor_config.json, else the given ones."""
    config = config_file(name, "preprocessor_config.json")
    return tuple(config.get("image_mean", mean)), tuple(config.get("image_std", std))


def refuse_pickle(name: str) -> None:
    """Raise WeightsError for a folder with pickled weights only, which can run code when loaded.

    For a hub the libraries that read it refuse them.
    """
    folder = Path(path_or_name(name))
    if name.startswith(LOCAL_PREFIX) and not list(folder.glob("*.safetensors")):
        for pickle in sorted((*folder.glob("*.bin"), *folder.glob("*.pt*"))):
            raise pickle_refused(pickle, "model.save_pretrained(..., safe_serialization=True)")


def pickle_refused(file: object, remedy: str) -> WeightsError:
    """The error for pickled weights; `remedy` is the call that saves them otherwise."""
    return WeightsError(
        f"{file} is a pickle, which can run code; save the network again as safetensors with "
        f"{remedy}"
    )
