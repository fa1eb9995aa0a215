"""Draw garments with exact class masks from a seeded generator.

    random_design -> Design (kind, colours, cut) -> outlines in cm -> cloth and light -> photo, mask

Scenery for the demo catalogue, the tests and a small share of the segmenter's training. A garment
is cut for a body in a pose, so the same design lies flat, hangs, or is worn.
"""

from segmentation.drawing.design import KINDS, Design, random_design
from segmentation.drawing.draw import DrawnPhoto, Scene, draw_photo

__all__ = ["KINDS", "Design", "DrawnPhoto", "Scene", "draw_photo", "random_design"]
