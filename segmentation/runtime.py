"""Runtimes for networks: OpenVINO where it works, else torch; both are imported on demand.

A network maps uint8 pictures (n, H, W, 3) to float32 arrays. Where weights have a quantised network
(`segmentation.training.quantise`), OpenVINO runs that file without torch. Otherwise the torch
network is converted in memory. Compiled networks are cached in a folder. What is not in 8-bit
integers is computed in float32, also where the CPU supports bfloat16: vectors must not depend on
the processor.

Torch uses all threads for one call at a time; OpenVINO runs as many concurrent calls on one thread
each, because a second thread does not halve the time of a call. BLAS gets one thread.
"""

import hashlib
import logging
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from segmentation.errors import RuntimeAbsent
from segmentation.weights import CheckedNetwork

if TYPE_CHECKING:
    import openvino

    from segmentation.torch_runtime import PictureNetwork

_LOG: Final = logging.getLogger(__name__)
_EXAMPLE_SIZE: Final = (96, 64)
"""Height and width of example pictures for networks with variable input size."""
_HASH_BYTES: Final = hashlib.sha256().digest_size
_MIN_COSINE: Final = 0.999
"""Minimum cosine between the outputs of a converted network and of torch."""

Pictures = npt.NDArray[np.uint8]
"""Pictures of one size, shape (n, H, W, 3), RGB."""
Arrays = tuple[npt.NDArray[np.float32], ...]
"""A network's outputs, first axis n."""
INSTALL_TORCH: Final = "python -m pip install 'apparel-search[train]'"
RuntimeName = Literal["auto", "torch", "openvino"]


@dataclass(frozen=True)
class RuntimeOptions:
    """Options of a runtime.

    Attributes:
        name: auto is OpenVINO if it works here, else torch.
        threads: CPU threads of each network.
        cache: folder for compiled networks; None compiles at every start.
    """

    name: RuntimeName = "auto"
    threads: int = 2
    cache: Path | None = None


REFERENCE: Final = RuntimeOptions("torch")


class Runtime(Protocol):
    """Interface of a thread-safe network."""

    @property
    def name(self) -> str:
        """Name for logs and reports, like "openvino f32"."""
        ...

    @property
    def calls_at_once(self) -> int:
        """Number of concurrent calls that increases throughput."""
        ...

    def run(self, pictures: Pictures) -> Arrays:
        """Run the network and return all outputs."""
        ...


class OpenVinoRuntime:
    """A compiled OpenVINO model."""

    def __init__(self, compiled: "openvino.CompiledModel", precision: str = "") -> None:
        """`precision` is part of the name; by default the one OpenVINO reports."""
        self._compiled = compiled
        hint = compiled.get_property("INFERENCE_PRECISION_HINT")
        self.name = f"openvino {precision or hint.get_type_name()}"
        self.calls_at_once = int(compiled.get_property("NUM_STREAMS"))

    @property
    def picture_size(self) -> tuple[int, int] | None:
        """Height and width of the pictures; None if they vary."""
        shape = self._compiled.input(0).get_partial_shape()
        if shape[1].is_dynamic:
            return None
        return shape[1].get_length(), shape[2].get_length()

    def run(self, pictures: Pictures) -> Arrays:
        request = self._compiled.create_infer_request()
        outputs = request.infer([pictures], share_inputs=True)
        return tuple(np.asarray(outputs[port], np.float32) for port in self._compiled.outputs)


_OPENING: Final = threading.Lock()
"""Serialises the first calls of a process.

They initialise OpenVINO's binding, which releases the GIL meanwhile: two concurrent first calls
deadlock (OpenVINO 2026.4, networks from the cache).
"""


def open_runtime(
    build: Callable[[], "PictureNetwork"],
    options: RuntimeOptions,
    key: str | None = None,
    quantised: CheckedNetwork | None = None,
) -> Runtime:
    """Open a network with the runtime of `options`.

    Args:
        build: builds the torch network; only called if torch runs or converts it.
        key: identity of architecture, weights and preprocessing for the cache; None: not cached.
        quantised: the quantised network, which OpenVINO prefers.

    Raises:
        RuntimeAbsent: neither OpenVINO nor torch, as far as the options allow, runs it here.
    """
    # For small matrices two BLAS threads are slower than one.
    threadpool_limits(limits=1, user_api="blas")
    if options.name == "torch":
        return _torch_runtime(build, options)
    try:
        with _OPENING:
            runtime = _open_openvino(build, options, key, quantised)
            runtime.run(example_pictures(runtime.picture_size))
        return runtime
    # Conversion of an untested network may fail in any way; torch runs them all.
    except Exception as error:
        if options.name == "openvino" or not has_torch():
            raise RuntimeAbsent(
                f"OpenVINO cannot run this network ({error}); install openvino, or set "
                f"APPAREL_RUNTIME=torch after `{INSTALL_TORCH}`"
            ) from error
        _LOG.warning("torch runs the network, four times slower; OpenVINO does not: %s", error)
        return _torch_runtime(build, options)


def has_torch() -> bool:
    """Whether PyTorch and timm are installed, which serving does without."""
    return find_spec("torch") is not None and find_spec("timm") is not None


def require_torch(what: str) -> None:
    """Raise RuntimeAbsent, naming `what` needs PyTorch, where it is not installed."""
    if not has_torch():
        raise RuntimeAbsent(f"{what} needs PyTorch; run `{INSTALL_TORCH}`")


def _torch_runtime(build: Callable[[], "PictureNetwork"], options: RuntimeOptions) -> Runtime:
    require_torch("the runtime torch")
    from segmentation.torch_runtime import TorchRuntime

    return TorchRuntime(build(), options.threads)


def _open_openvino(
    build: Callable[[], "PictureNetwork"],
    options: RuntimeOptions,
    key: str | None,
    quantised: CheckedNetwork | None,
) -> OpenVinoRuntime:
    config: dict[str, int | str] = {
        "INFERENCE_NUM_THREADS": options.threads,
        "NUM_STREAMS": options.threads,
        # Else each process binds its threads to the first cores, and several share those alone.
        "ENABLE_CPU_PINNING": False,
        "INFERENCE_PRECISION_HINT": "f32",
    }
    if quantised is not None:
        path = quantised.path
        file = _cache_file(options, f"{path.name} {quantised.sha256}")
        try:
            compiled = _cached(file, config, lambda: _core().compile_model(path, "CPU", config))
            # NAME.int8.xml or NAME.f16.xml
            return OpenVinoRuntime(compiled, path.suffixes[-2][1:])
        except RuntimeError as error:
            _LOG.warning("%s does not run here, its float network does: %s", path, error)
    file = _cache_file(options, key) if key else None
    return OpenVinoRuntime(_cached(file, config, lambda: _converted(build, config)))


def _converted(
    build: Callable[[], "PictureNetwork"], config: dict[str, int | str]
) -> "openvino.CompiledModel":
    """Convert a torch network, compile it and compare it with torch."""
    require_torch("a network without a file for OpenVINO")
    from segmentation.torch_runtime import TorchRuntime, converted

    network = build()
    compiled = _core().compile_model(converted(network), "CPU", config)
    pictures = example_pictures(network.size)
    first = OpenVinoRuntime(compiled).run(pictures)[0].ravel()
    threads = int(config["INFERENCE_NUM_THREADS"])
    expected = TorchRuntime(network, threads).run(pictures)[0].ravel()
    cosine = first @ expected / (np.linalg.norm(first) * np.linalg.norm(expected))
    if not cosine >= _MIN_COSINE:
        raise RuntimeError(f"its output has cosine {cosine:.4f} with torch's")
    return compiled


def _cached(
    file: Path | None,
    config: dict[str, int | str],
    compile_network: Callable[[], "openvino.CompiledModel"],
) -> "openvino.CompiledModel":
    """Read a compiled network from its cache file, or compile it and write the file."""
    if file is not None and file.is_file():
        try:
            return _core().import_model(_checked_blob(file), "CPU", config)
        except (OSError, RuntimeError) as error:
            _LOG.warning("%s is damaged and made anew: %s", file, error)
    compiled = compile_network()
    if file is not None:
        _publish(compiled, file)
    return compiled


def example_pictures(size: tuple[int, int] | None) -> Pictures:
    """Two noise pictures of this height and width; None: `_EXAMPLE_SIZE`."""
    return np.random.default_rng(0).integers(0, 255, (2, *(size or _EXAMPLE_SIZE), 3), np.uint8)


@cache
def _core() -> "openvino.Core":
    """OpenVINO's core, one per process and never released.

    Its CPU plugin sets an alternate signal stack and frees it with the last core while the thread
    still uses it: the next signal would crash the process (OpenVINO 2026.4).
    """
    return import_openvino().Core()


def import_openvino() -> Any:
    """Import OpenVINO without its telemetry."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def _cache_file(options: RuntimeOptions, key: str) -> Path | None:
    """Path of a compiled network, which depends on OpenVINO, the processor and the threads."""
    if options.cache is None:
        return None
    processor = _core().get_property("CPU", "FULL_DEVICE_NAME")
    made_by = f"{key} openvino {version('openvino')} {processor} {options.threads}"
    return options.cache / f"{hashlib.sha256(made_by.encode()).hexdigest()[:24]}.blob"


def _checked_blob(file: Path) -> bytes:
    """A compiled network whose hash, the first bytes of its file, is right.

    OpenVINO itself loads a network with flipped bytes without a word.
    """
    data = file.read_bytes()
    sha256, blob = data[:_HASH_BYTES], data[_HASH_BYTES:]
    if hashlib.sha256(blob).digest() != sha256:
        raise RuntimeError("its hash differs")
    return blob


def _publish(compiled: "openvino.CompiledModel", file: Path) -> None:
    """Write a compiled network atomically."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        blob = compiled.export_model().getvalue()
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            written = Path(folder) / file.name
            written.write_bytes(hashlib.sha256(blob).digest() + blob)
            written.replace(file)
    except OSError as error:  # read-only or full
        _LOG.info("the compiled network is not cached in %s: %s", file.parent, error)
