"""Counts of rooms, words, parameters and the query path: `python -m tests.house`.

The query path is what one real search runs: every function of ours that `sys.setprofile` sees
between the bytes of a photo and the search document.
"""

import ast
import io
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from types import CodeType, FrameType
from typing import Any, Final

ROOT: Final = Path(__file__).parent.parent
PACKAGES: Final = ("segmentation", "catalog", "indexing", "search_app")
FIXED_SIGNATURES: Final = (
    "search_app/cli/", "search_app/api/", "search_app/pages/", "search_app/admin/",
)  # fmt: skip
"""Folders of command lines and routes, whose parameters are options and form fields."""

PRIVATE_WORDS: Final = re.compile(
    r"\b(asked with|ask(s|ed)? for|looked at|seen again|told|may be one|what is asked|alone on|"
    r"taken whole|kept back)\b",
    re.IGNORECASE,
)
"""Words of our own in place of the field's terms."""
QUESTION: Final = re.compile(r"(What|How|Who|Why|Where|Which) ")
"""First words of docstrings that are neither an imperative nor a noun phrase."""
RIDDLE: Final = re.compile(r"\bin[,;:]? .{0,120}\bout\b", re.DOTALL)
"""Docstrings of the form "X in, Y out", which do not say what a module does."""


def source_files() -> list[Path]:
    """Python files of the packages, relative to the root."""
    files = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    return sorted(path.relative_to(ROOT) for path in files)


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a source file."""
    return ast.parse((ROOT / path).read_text())


def folder_sizes() -> Counter[str]:
    """Modules in each folder, `__init__` aside."""
    return Counter(str(path.parent) for path in source_files() if path.name != "__init__.py")


def parameter_counts() -> Counter[str]:
    """Parameters of each function outside command line and routes, `self` and `cls` aside."""
    counts: Counter[str] = Counter()
    for path in source_files():
        if str(path).startswith(FIXED_SIGNATURES):
            continue
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                names = [each.arg for each in (*node.args.args, *node.args.kwonlyargs)]
                own = [name for name in names if name not in ("self", "cls")]
                counts[f"{path}:{node.name}"] = len(own)
    return counts


def riddling_modules() -> list[str]:
    """Modules whose first paragraph has the form "X in, Y out"."""
    paragraphs = {
        str(path): (ast.get_docstring(parsed(path)) or "").partition("\n\n")[0]
        for path in source_files()
    }
    return [name for name, text in paragraphs.items() if RIDDLE.search(text)]


def private_docstrings() -> list[str]:
    """Docstrings with words of our own."""
    return _docstrings_with(PRIVATE_WORDS.search)


def question_docstrings() -> list[str]:
    """Docstrings that begin like a question."""
    return _docstrings_with(QUESTION.match)


def _docstrings_with(search: Callable[[str], object]) -> list[str]:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [
        f"{path}:{getattr(node, 'name', '')}"
        for path in source_files()
        for node in ast.walk(parsed(path))
        if isinstance(node, documented) and search(ast.get_docstring(node) or "")
    ]


def types_defined_twice() -> list[str]:
    """Names of public classes that several modules define."""
    modules: defaultdict[str, set[Path]] = defaultdict(set)
    for path in source_files():
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                modules[node.name].add(path)
    return sorted(name for name, paths in modules.items() if len(paths) > 1)


def assembling_sites() -> list[str]:
    """Calls of the application that put colour weight and filters into a query."""
    return [
        f"{path}:{node.lineno}"
        for path in source_files()
        if path.parts[0] == "search_app"
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) in ("Query", "replace")
        and {"colour_weight", "filters"} <= {keyword.arg for keyword in node.keywords}
    ]


def tuned_numbers(files: set[str]) -> list[str]:
    """Module-level numeric constants of these files."""
    return [f"{name}:{each}" for name in sorted(files) for each in _constants(parsed(Path(name)))]


def _constants(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and "Final" in ast.unparse(node.annotation):
            value = node.value
            if isinstance(value, ast.UnaryOp):
                value = value.operand
            if isinstance(value, ast.Constant) and type(value.value) in (int, float):
                yield ast.unparse(node.target)


def query_path() -> tuple[set[str], set[tuple[str, str]]]:
    """Files and functions of ours that one search by a drawn photo runs, real models included."""
    import numpy as np
    from PIL import Image

    from catalog.feeds.folder import read_folder
    from indexing.collection import open_collection
    from indexing.embedding.wiring import load_embedder
    from search_app.search.search import SearchOptions
    from search_app.search.search_document import search_photo
    from segmentation.photos import decode_photo
    from segmentation.runtime import RuntimeOptions
    from tests.drawn import draw_pair

    with TemporaryDirectory() as name:
        photos = Path(name) / "photos"
        photos.mkdir()
        for seed in range(4):
            Image.fromarray(np.asarray(draw_pair(seed)[0])).save(photos / f"{seed}.png")
        collection = open_collection(Path(name) / "data", load_embedder(options=RuntimeOptions()))
        collection.index(read_folder(photos))
        data = io.BytesIO((photos / "0.png").read_bytes()).getvalue()

        def search() -> None:
            search_photo(collection, decode_photo(data).photo, SearchOptions(k=3))

        search()
        codes = _profiled(search)
        collection.close()
    own = {(str(Path(code.co_filename).relative_to(ROOT)), code.co_qualname) for code in codes}
    # Comprehensions and lambdas are part of the function that they stand in.
    functions = {(file, name) for file, name in own if "<" not in name.rpartition(".")[2]}
    return {file for file, _ in own}, functions


def _profiled(work: Any) -> set[CodeType]:
    codes: set[CodeType] = set()
    folders = tuple(f"{ROOT / package}/" for package in PACKAGES)

    def note(frame: FrameType, event: str, _argument: object) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(folders):
            codes.add(frame.f_code)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return codes


def main() -> None:
    """Print one line for each count."""
    files, functions = query_path()
    numbers = tuned_numbers(files)
    wide = parameter_counts().most_common(5)
    print("files a query photo passes:", len(files), "(at most 36)")
    print("functions a query photo passes:", len(functions), "(at most 160)")
    print("tuned numbers on the query path:", len(numbers), "(at most 40)")
    print("call sites that assemble a query:", *assembling_sites(), "(one)")
    print("most parameters:", ", ".join(f"{name} {count}" for name, count in wide), "(at most 8)")
    sizes = folder_sizes().most_common(4)
    print("largest folders:", ", ".join(f"{name} {count}" for name, count in sizes), "(at most 14)")
    print("module docstrings 'X in, Y out':", len(riddling_modules()), "(none)")
    print("docstrings with words of our own:", len(private_docstrings()), "(none)")
    print("public types defined twice:", len(types_defined_twice()), "(none)")
    print("import circles: 0 (tests/test_imports.py)")


if __name__ == "__main__":
    main()
