"""Make pairs folders of drawn garments with exact masks.

Drawn pairs add dresses, which are rare in the real data, and allow training without any dataset.
The demo catalogue uses other seeds.
"""

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from segmentation.data.pairs import Pair, PairsFolder, prepare_folder, save_mask, write_manifest
from segmentation.data.splits import split_groups
from segmentation.drawing import Design, draw_photo, random_design
from segmentation.errors import DatasetError
from segmentation.progress import Progress, no_progress

TEST_SHARE: Final = 0.05
VAL_SHARE: Final = 0.05
GENERATION: Final = "drawn2"
"""Begins the names of drawn pairs; goes up when the same seed draws another garment."""
FIRST_SEED: Final = 1_000_000
"""Far from the demo's seeds, so that no demo photo is a training photo."""


def drawn_design(name: str) -> Design:
    """The main garment of a drawn pair, by its name; DatasetError if an older version drew it."""
    generation, _, place = name.partition("-")
    if generation != GENERATION:
        raise DatasetError(
            f"{name} was drawn by another version; draw it again with `apparel dataset drawn`"
        )
    seed, position = place.split("-")
    # `draw_photo` chooses the design before anything else.
    return random_design(np.random.default_rng((FIRST_SEED + int(seed), int(position))))


def create_drawn(
    out: Path,
    count: int = 600,
    seed: int = 0,
    progress: Progress = no_progress,
) -> PairsFolder:
    """Draw `count` photos with their masks; deterministic for a seed."""
    names = [f"{GENERATION}-{seed}-{position:05d}" for position in range(count)]
    splits = split_groups(names, round(TEST_SHARE * count), round(VAL_SHARE * count))
    prepare_folder(out)
    pairs = []
    for position, name in enumerate(names):
        drawn = draw_photo(np.random.default_rng((FIRST_SEED + seed, position)))
        Image.fromarray(drawn.photo).save(out / "photos" / f"{name}.jpg", quality=88)
        save_mask(drawn.mask, out / "masks" / f"{name}.png")
        pairs.append(Pair(name, "drawn", name, splits[name]))
        progress(position + 1, count)
    return write_manifest(out, pairs)
