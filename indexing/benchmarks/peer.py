"""Speed of clip-retrieval on the same photos, with an open_clip network of similar size.

It is not a dependency. Install it into a folder of its own, to run with this Python's torch:

    pip install --no-deps --target PEER clip-retrieval all_clip open_clip_torch webdataset \\
        braceexpand fsspec fire termcolor ftfy wcwidth regex pandas pyarrow tqdm \\
        python-dateutil pytz tzdata six clip-anytorch
    python -m indexing.benchmarks bulk --peer PEER

Its weights are random, since speed does not depend on them. It only embeds whole photos; our
pipeline also segments, crops garments and commits.
"""

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_SCRIPT: Final = """
import json, sys, time
from pathlib import Path
import torch
photos, out, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
torch.set_num_threads(threads)
import open_clip
# The package's own __init__ imports its web server too, with all that this needs.
import importlib.util, types
package = types.ModuleType("clip_retrieval")
package.__path__ = importlib.util.find_spec("clip_retrieval").submodule_search_locations
sys.modules["clip_retrieval"] = package
# Imported, and used for text and for reports to a server alone.
for unused in ("wandb", "sentence_transformers", "pkg_resources"):
    sys.modules[unused] = types.ModuleType(unused)
sys.modules["sentence_transformers"].SentenceTransformer = None
import packaging.version
sys.modules["pkg_resources"].packaging = packaging
from clip_retrieval.clip_inference.main import main
name = "same-size"
config = {
    "embed_dim": 128,
    "vision_cfg": {"timm_model_name": "regnety_004", "timm_model_pretrained": False,
                   "timm_pool": "", "timm_proj": "linear", "image_size": 224},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 64, "heads": 1, "layers": 1},
}
Path(out, name + ".json").write_text(json.dumps(config))
open_clip.add_model_config(Path(out, name + ".json"))
create = open_clip.create_model_and_transforms
def random_weights(model, pretrained=None, **options):
    return create(model, pretrained=None, **options)
open_clip.create_model_and_transforms = random_weights
open_clip.list_pretrained = lambda *a, **k: [(name, "random")]
start = time.perf_counter()
main(input_dataset=photos, output_folder=out + "/vectors", input_format="files",
     enable_text=False, enable_metadata=False, clip_model="open_clip:" + name, use_jit=False,
     num_prepro_workers=threads, batch_size=32, enable_wandb=False)
print(json.dumps({"seconds": time.perf_counter() - start}))
"""


@dataclass(frozen=True)
class PeerFigures:
    """Photos per second of clip-retrieval; `reason` explains a missing figure."""

    photos_per_second: float | None
    reason: str


def measure_peer(packages: Path, photos: Path, threads: int) -> PeerFigures:
    """Run clip-retrieval from a folder of packages over a folder of photos."""
    with tempfile.TemporaryDirectory(prefix="apparel-peer-") as out:
        done = subprocess.run(
            [sys.executable, "-c", _SCRIPT, str(photos), out, str(threads)],
            env={**os.environ, "PYTHONPATH": str(packages), "HF_HUB_OFFLINE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode != 0:
        return PeerFigures(None, (done.stderr.strip().splitlines() or ["it failed"])[-1])
    seconds = json.loads(done.stdout.strip().splitlines()[-1])["seconds"]
    return PeerFigures(len(list(photos.iterdir())) / seconds, "")
