"""Figures of the segmenter, calibration and overlays."""
