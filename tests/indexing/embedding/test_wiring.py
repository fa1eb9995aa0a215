"""The shipped networks joined: both runtimes see the same, and all threads take part."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from indexing.embedding import embedder as embed
from indexing.embedding.crop import Crop
from indexing.embedding.wiring import load_embedder
from segmentation.mask import Garment
from segmentation.photos import Photo
from segmentation.runtime import RuntimeOptions
from tests.drawn import draw_pair


def test_the_requested_threads_share_the_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    cutting: set[int] = set()
    both = threading.Barrier(2, timeout=60)
    cut = embed.crop_garment

    def watched(photo: Photo, garment: Garment, side: int) -> Crop:
        if threading.get_ident() not in cutting:
            cutting.add(threading.get_ident())
            both.wait()
        return cut(photo, garment, side)

    monkeypatch.setattr(embed, "crop_garment", watched)
    options = RuntimeOptions("openvino", 2, Path(os.environ["APPAREL_CACHE"]))
    photos = [draw_pair(seed % 4)[0] for seed in range(8)]
    found = load_embedder(options=options).embed(photos)
    assert len(cutting) == 2
    for one, again in zip(found[:4], found[4:], strict=True):
        for garment, same in zip(one.garments, again.garments, strict=True):
            assert np.allclose(garment.vector, same.vector, atol=1e-3)
