"""Drawn garments with exact class masks: seeded code in, photos and masks out.

    design (what a garment is) -> cut (its outlines, cm) -> cloth, folds and light -> photo + mask

The demo catalogue is drawn with it and the segmenter may be trained on it. A garment
is cut for a body in a pose, so the same design lies flat, hangs, or is worn.
All lengths are centimetres until `raster` puts them on the grid of a photo.
"""

from segmentation.synthetic.design import KINDS, Design, random_design
from segmentation.synthetic.draw import DrawnPhoto, Scene, draw_photo

__all__ = [
    "KINDS",
    "Design",
    "DrawnPhoto",
    "Scene",
    "draw_photo",
    "random_design",
]
