"""The vectors of the last build as files that a vector database takes.

JSON Lines in the form that Vertex AI Vector Search imports (one folder of `.json` files, at most 5,000 of them; see
"Input data format and structure" of its documentation), or Parquet for everything else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from enishi.commands.ask import last_vectors, written_posts
from enishi.errors import EnishiError, OutputError
from enishi.files import replace_file

if TYPE_CHECKING:
    from enishi.state import Request
    from enishi.types import Vectors

POSTS_A_FILE = 10_000
"""A million posts make a hundred files of some 50 MB."""
_SUFFIXES: Mapping[str, str] = {"vertex": ".json", "parquet": ".parquet"}


@dataclass(frozen=True, slots=True)
class Export:
    """What was written."""

    folder: Path
    files: tuple[str, ...]
    posts: int
    dimensions: int


def export_vectors(request: Request, folder: Path, form: str) -> Export:
    """Write a vector for each published post of the last build into a folder that holds nothing else.

    `form` is ``vertex`` or ``parquet``.

    Raises:
        NoBuildError: there is none, or its cache is gone.
        OutputError: the folder holds files that are no export, or cannot be written.
        EnishiError: what writes Parquet is not installed.
    """
    written = written_posts(request.folder)
    vectors = last_vectors(request, len(written))[0]
    rows = [
        (row, {"id": path, **written[path]})
        for row, path in enumerate(sorted(written))
        if "status" not in written[path] and vectors[row].any()
    ]
    write = {"vertex": vertex_file, "parquet": parquet_file}[form]
    names = [f"vectors-{number:05}{_SUFFIXES[form]}" for number in range(-(-len(rows) // POSTS_A_FILE))]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _clear(folder, names)
        for name, start in zip(names, range(0, len(rows), POSTS_A_FILE), strict=True):
            part = rows[start : start + POSTS_A_FILE]
            data = write([post for _, post in part], vectors[[row for row, _ in part]])
            replace_file(folder / name, data, durable=False)
    except OSError as error:
        raise OutputError(f"{folder} cannot be written: {error.strerror or error}") from None
    return Export(folder, tuple(names), len(rows), vectors.shape[1])


def _clear(folder: Path, names: Sequence[str]) -> None:
    """Remove the files of an earlier export that this one does not replace: an import would take them, too."""
    for file in sorted(folder.iterdir()):
        is_ours = file.name.startswith("vectors-") and file.suffix in _SUFFIXES.values() and not file.is_dir()
        if not is_ours:
            raise OutputError(f"{file} is no export of vectors, and an import would read it: name an empty folder")
        if file.name not in names:
            file.unlink()


def vertex_file(posts: Sequence[Mapping[str, Any]], vectors: Vectors) -> bytes:
    """One line a post: `id`, `embedding`, `restricts` by language where it is known, title and address as metadata."""

    def lines() -> Iterator[str]:
        for post, vector in zip(posts, vectors, strict=True):
            fields: dict[str, object] = {"id": post["id"]}
            if post.get("lang"):
                fields["restricts"] = [{"namespace": "lang", "allow": [post["lang"]]}]
            fields["embedding_metadata"] = {"title": post["title"], "url": post["url"]}
            # NumPy writes the shortest digits that give the same float32 again
            yield f'{json.dumps(fields)[:-1]}, "embedding": [{", ".join(vector.astype(str))}]}}\n'

    return "".join(lines()).encode("ascii")


def parquet_file(posts: Sequence[Mapping[str, Any]], vectors: Vectors) -> bytes:
    """Columns `id`, `title`, `url`, `lang`, and `embedding`, a list of float32.

    Raises:
        EnishiError: pyarrow is not installed.
    """
    try:
        pa, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise EnishiError('Parquet needs pyarrow: pip install "enishi[ray]", or pyarrow alone') from None
    columns: dict[str, Any] = {
        name: [str(post.get(name, "")) for post in posts] for name in ("id", "title", "url", "lang")
    }
    columns["embedding"] = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), vectors.shape[1])
    sink = pa.BufferOutputStream()
    parquet.write_table(pa.table(columns), sink)
    return bytes(sink.getvalue())
