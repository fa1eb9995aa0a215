"""A count and a seed in, a pairs folder of drawn garments out: exact masks, no data needed.

Drawn pairs teach the segmenter what a dress is where real data has few, and let a
user try training without any dataset. The demo catalogue is drawn from other seeds.
"""

from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from segmentation.pairs import (
    Pair,
    PairsFolder,
    Progress,
    no_progress,
    prepare_folder,
    save_mask,
    write_manifest,
)
from segmentation.splits import split_groups
from segmentation.synthetic import Design, draw_photo, random_design

TEST_SHARE: Final = 0.05
VAL_SHARE: Final = 0.05
FIRST_SEED: Final = 1_000_000
"""Far from the demo's seeds, so that no drawing of the demo was trained on."""


def drawn_design(name: str) -> Design:
    """The garment that a drawn pair shows first of all, from the pair's name alone."""
    _, seed, position = name.split("-")
    # `draw_photo` chooses the design before anything else.
    return random_design(np.random.default_rng((FIRST_SEED + int(seed), int(position))))


def create_drawn(
    out: Path,
    count: int = 600,
    seed: int = 0,
    progress: Progress = no_progress,
) -> PairsFolder:
    """Draw `count` photos with their masks; the same seed draws the same."""
    names = [f"drawn-{seed}-{position:05d}" for position in range(count)]
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
