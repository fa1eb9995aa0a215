"""How networks are run: the choice of a runtime, and what every runtime can do. Light to import.

`inference` has the runtimes themselves.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Protocol

import numpy as np
import numpy.typing as npt

Pictures = npt.NDArray[np.uint8]
"""Pictures of one size, shape (n, H, W, 3), RGB."""
Arrays = tuple[npt.NDArray[np.float32], ...]
"""A network's outputs, first axis n."""
RuntimeName = Literal["auto", "torch", "openvino"]


@dataclass(frozen=True)
class RuntimeOptions:
    """How networks are run.

    Attributes:
        name: auto takes OpenVINO if it works here, else torch.
        threads: CPU threads of each network.
        cache: folder for converted networks; None converts at every start.
    """

    name: RuntimeName = "auto"
    threads: int = 2
    cache: Path | None = None


REFERENCE: Final = RuntimeOptions("torch")


class Runtime(Protocol):
    """A network ready to run, on any thread."""

    @property
    def name(self) -> str:
        """For logs and reports, like "openvino bf16"."""
        ...

    @property
    def calls_at_once(self) -> int:
        """Calls worth making side by side, from as many threads."""
        ...

    def run(self, pictures: Pictures) -> Arrays:
        """Every output of the network for these pictures."""
        ...
