"""The shipped networks joined: all threads take part, and one network serves both."""

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from indexing.embedding import embedder as embed
from indexing.embedding.colour import ColourDescription
from indexing.embedding.wiring import load_embedder, open_encoder
from segmentation.mask import Garment
from segmentation.photos import Photo
from segmentation.runtime import RuntimeOptions
from segmentation.segmenter import Segmenter
from tests.drawn import draw_pair


def test_the_requested_threads_share_the_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    describing: set[int] = set()
    both = threading.Barrier(2, timeout=60)
    describe = embed.describe_colours

    def watched(photo: Photo, garment: Garment) -> ColourDescription:
        if threading.get_ident() not in describing:
            describing.add(threading.get_ident())
            both.wait()
        return describe(photo, garment)

    monkeypatch.setattr(embed, "describe_colours", watched)
    options = RuntimeOptions("openvino", 2, Path(os.environ["APPAREL_CACHE"]))
    photos = [draw_pair(seed % 4)[0] for seed in range(8)]
    found = load_embedder(options=options).embed(photos)
    assert len(describing) == 2
    for one, again in zip(found[:4], found[4:], strict=True):
        for garment, same in zip(one.garments, again.garments, strict=True):
            assert np.allclose(garment.vector, same.vector, atol=1e-3)


def test_the_shipped_encoder_takes_the_features_of_the_segmenter_in_use(
    fast: RuntimeOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    segmenter = Segmenter.load(options=fast)
    monkeypatch.setattr(Segmenter, "load", None)  # no second network
    encoder = open_encoder(None, fast, segmenter)
    assert encoder.runtime == segmenter.runtime
