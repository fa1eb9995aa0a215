"""A network in, a fast way to run it out: pictures, uint8 (n, H, W, 3), to float32 arrays.

torch is the reference and the fallback. OpenVINO runs the very same module, converted
in memory from the same weights, in bfloat16 where the CPU has it; a converted network is
kept in a cache folder of the user's, never in the package. Where weights come with the same
network in 8-bit integers (`segmentation.quantise`), OpenVINO runs that.

Threads: both runtimes take `threads`. torch spends them on one call at a time; OpenVINO
runs that many calls side by side on one thread each, because a second thread makes one
call less than twice as fast. BLAS gets one. FAISS searches on one thread (`indexing.base`), and the
pipeline's own threads mostly wait (`indexing.pipeline`).
"""

import hashlib
import logging
import shutil
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import torch
from threadpoolctl import threadpool_limits
from torch import nn

from segmentation.errors import RuntimeAbsent
from segmentation.preprocess import normalised
from segmentation.runtime import Arrays, Pictures, Runtime, RuntimeOptions

if TYPE_CHECKING:
    import openvino

_LOG: Final = logging.getLogger(__name__)
_TRACED_SIZE: Final = (96, 64)
"""Height and width a network is traced with when its pictures' sizes vary."""
_LEAST_COSINE: Final = 0.999
"""A converted network must agree with torch at least so well, or torch runs it."""
_LEAST_QUANTISED_COSINE: Final = 0.9
"""As above for an 8-bit network: a network's ranges fit photos, and this is noise."""


class PictureNetwork(nn.Module):
    """A network with its normalisation in front: uint8 pictures (n, H, W, 3) in.

    `size` is the height and width of every picture; None: they vary.
    """

    def __init__(
        self,
        network: nn.Module,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        self.network = network
        self._mean = mean
        self._std = std

    def forward(self, pictures: torch.Tensor) -> Any:
        return self.network(normalised(pictures, self._mean, self._std))


class TorchRuntime:
    """The reference: eager float32."""

    name = "torch f32"
    calls_at_once = 1

    def __init__(self, network: PictureNetwork) -> None:
        self._network = network.eval()

    def run(self, pictures: Pictures) -> Arrays:
        with torch.inference_mode():
            outputs = self._network(torch.from_numpy(pictures))
        tensors = outputs if isinstance(outputs, tuple) else (outputs,)
        return tuple(np.asarray(tensor.float().numpy(), np.float32) for tensor in tensors)


_OPENING: Final = threading.Lock()
"""The first call in a process is made by one thread alone.

It sets up OpenVINO's binding, which lets the GIL go meanwhile: two threads that make it side by
side wait for each other for ever (seen with OpenVINO 2026.4 and networks from the cache).
"""


class OpenVinoRuntime:
    """A compiled OpenVINO model; several threads may run it at once."""

    def __init__(self, compiled: "openvino.CompiledModel", precision: str = "") -> None:
        """`precision` is for the name; else it is what OpenVINO says that it computes in."""
        self._compiled = compiled
        hint = compiled.get_property("INFERENCE_PRECISION_HINT")
        self.name = f"openvino {precision or hint.get_type_name()}"
        self.calls_at_once = int(compiled.get_property("NUM_STREAMS"))

    def run(self, pictures: Pictures) -> Arrays:
        request = self._compiled.create_infer_request()
        outputs = request.infer([pictures], share_inputs=True)
        return tuple(np.asarray(outputs[port], np.float32) for port in self._compiled.outputs)


def open_runtime(
    network: PictureNetwork,
    options: RuntimeOptions,
    key: str | None,
    quantised: Path | None = None,
) -> Runtime:
    """The runtime of `options` for a network.

    Args:
        key: names architecture, weights and preprocessing for the cache; None: not cached.
        quantised: the same network in 8-bit integers, which OpenVINO runs where it can.

    Raises:
        RuntimeAbsent: OpenVINO was asked for by name and does not work here.
    """
    torch.set_num_threads(options.threads)
    # numpy's products of small matrices (`segmentation.edges`): two threads wait for each other.
    threadpool_limits(limits=1, user_api="blas")
    if options.name == "torch":
        return TorchRuntime(network)
    try:
        with _OPENING:
            runtime = _opened(network.eval(), options, key, quantised)
            runtime.run(_example(network))
        return runtime
    # Conversion may fail in any way on a network that nobody tried; torch runs them all.
    except Exception as error:
        if options.name == "openvino":
            raise RuntimeAbsent(
                f"OpenVINO cannot run this network ({error}); "
                "install openvino, or set APPAREL_RUNTIME=torch"
            ) from error
        _LOG.warning("torch runs the network, four times slower; OpenVINO does not: %s", error)
        return TorchRuntime(network)


def _opened(
    network: PictureNetwork, options: RuntimeOptions, key: str | None, quantised: Path | None
) -> OpenVinoRuntime:
    if quantised is not None:
        try:
            compiled = _core().compile_model(quantised, "CPU", _config(options))
            return OpenVinoRuntime(_checked(compiled, network, _LEAST_QUANTISED_COSINE), "int8")
        except RuntimeError as error:
            _LOG.warning("%s does not run here, its float network does: %s", quantised, error)
    return OpenVinoRuntime(_compiled(network, options, key))


def _config(options: RuntimeOptions) -> dict[str, int]:
    return {"INFERENCE_NUM_THREADS": options.threads, "NUM_STREAMS": options.threads}


def _compiled(
    network: PictureNetwork, options: RuntimeOptions, key: str | None
) -> "openvino.CompiledModel":
    openvino = _import_openvino()
    config = _config(options)
    core = _core()
    if options.cache is None or key is None:
        model = converted(network)
        return _checked(core.compile_model(model, "CPU", config), network)
    file = _cache_file(openvino, options.cache, key)
    try:
        if file.is_file():
            return core.compile_model(file, "CPU", config)
    except RuntimeError as error:
        _LOG.warning("%s is damaged and made anew: %s", file.parent, error)
        shutil.rmtree(file.parent, ignore_errors=True)
    model = converted(network)
    compiled = _checked(core.compile_model(model, "CPU", config), network)
    _publish(openvino, model, file)
    return compiled


@cache
def _core() -> "openvino.Core":
    """One for the process, never let go.

    Its CPU plugin gives the calling thread a stack for signals and takes that memory back
    with the last core, but leaves the thread pointing at it: the next Ctrl-C or ended child
    would crash the process (seen with OpenVINO 2026.4).
    """
    return _import_openvino().Core()


def _checked(
    compiled: "openvino.CompiledModel", network: PictureNetwork, least: float = _LEAST_COSINE
) -> "openvino.CompiledModel":
    """The compiled network, if its first output is that of the reference."""
    pictures = _example(network)
    found = OpenVinoRuntime(compiled).run(pictures)[0].ravel()
    expected = TorchRuntime(network).run(pictures)[0].ravel()
    cosine = found @ expected / (np.linalg.norm(found) * np.linalg.norm(expected))
    if not cosine >= least:
        raise RuntimeError(f"its answer has cosine {cosine:.4f} with torch's")
    return compiled


def _example(network: PictureNetwork) -> Pictures:
    """Noise of a size that the network takes."""
    size = network.size or _TRACED_SIZE
    return np.random.default_rng(0).integers(0, 255, (2, *size, 3), np.uint8)


def _import_openvino() -> Any:
    """OpenVINO without its telemetry, which would report each import to a server."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def converted(network: PictureNetwork) -> "openvino.Model":
    """The network as an OpenVINO model."""
    openvino = _import_openvino()
    example = torch.from_numpy(_example(network))
    size = (-1, -1) if network.size is None else network.size
    with torch.inference_mode(), warnings.catch_warnings(), _root_logger_kept():
        # The tracer remarks on every number that it takes for a constant; `check_trace`
        # would run everything three times more.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(network, example, check_trace=False, strict=False)
        return openvino.convert_model(traced, input=[openvino.PartialShape([-1, *size, 3])])


@contextmanager
def _root_logger_kept() -> Iterator[None]:
    """OpenVINO's converter silences the root logger; a failure leaves it so."""
    root = logging.getLogger()
    level, filters, handlers = root.level, list(root.filters), list(root.handlers)
    try:
        yield
    finally:
        root.setLevel(level)
        root.filters, root.handlers = filters, handlers


def _cache_file(openvino: Any, cache: Path, key: str) -> Path:
    """Where a converted network lies; another version of either library gets another place."""
    made_by = f"{key} openvino {openvino.__version__} torch {torch.__version__}"
    return cache / hashlib.sha256(made_by.encode()).hexdigest()[:24] / "network.xml"


def _publish(openvino: Any, model: "openvino.Model", file: Path) -> None:
    """Write a converted network's folder whole, or not at all."""
    try:
        file.parent.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent.parent) as folder:
            written = Path(folder) / "network"
            openvino.save_model(model, written / file.name, compress_to_fp16=False)
            written.replace(file.parent)
    except OSError as error:  # read-only, full, or another process was faster
        _LOG.info("the converted network is not kept in %s: %s", file.parent, error)
