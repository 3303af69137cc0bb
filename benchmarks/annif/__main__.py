"""Tags by Annif (https://annif.org), as a build command for a harness that hides tags and reads tags.json.

`python -m benchmarks.annif SITE OUT ANNIF`: the posts of SITE that have tags teach an ensemble of tfidf, mllm and
omikuji, and those without any get its twenty best suggestions.  ANNIF is the program of an environment of its own.

Annif's analyzers part words at blanks, so it is given Enishi's own words, with a blank between two.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from enishi.pipeline import read_blog
from enishi.reading.tokens import fold, words
from enishi.state import Request
from enishi.types import Document

_TAG = "http://example.org/tag/"
_PROJECT = """
[{name}]
name={name}
language=en
vocab=tags
analyzer=simple(token_min_length=2)
limit=50
{more}
"""
_BACKENDS = {
    "tfidf": "backend=tfidf",
    "mllm": "backend=mllm",
    "omikuji": "backend=omikuji\ncluster_balanced=False\ncluster_k=100\nmax_depth=3\nmin_df=2\nngram=2",
    "ensemble": "backend=ensemble\nsources=tfidf,mllm,omikuji",
}


def _text(document: Document) -> str:
    fields = document.fields
    return " ".join(words("\n".join((*(3 * [document.title]), document.post.description, fields.prose, fields.code))))


def suggest(site: Path, out: Path, annif: str) -> None:
    """Write OUT/tags.json."""
    documents = read_blog(Request(site, out=out)).documents
    spelled = {fold(tag): tag for document in documents for tag in document.post.tags}
    number = {tag: row for row, tag in enumerate(sorted(spelled))}
    asked = [document for document in documents if not document.post.tags]
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        projects = "".join(_PROJECT.format(name=name, more=more) for name, more in _BACKENDS.items())
        (work / "projects.cfg").write_text(projects, encoding="utf-8")
        labels = "".join(f"<{_TAG}{row}>\t{' '.join(words(tag)) or tag}\n" for tag, row in number.items())
        (work / "tags.tsv").write_text(labels, encoding="utf-8")
        lines = (
            _text(document) + "\t" + " ".join(f"<{_TAG}{number[fold(tag)]}>" for tag in document.post.tags)
            for document in documents
            if document.post.tags
        )
        (work / "posts.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
        (work / "asked").mkdir()
        for row, document in enumerate(asked):
            (work / "asked" / f"{row}.txt").write_text(_text(document), encoding="utf-8")

        sentences = (
            work / "nltk" / "tokenizers" / "punkt_tab" / "english"
        )  # which is fetched otherwise: our text has none
        sentences.mkdir(parents=True)
        for name in ("abbrev_types.txt", "collocations.tab", "ortho_context.tab", "sent_starters.txt"):
            (sentences / name).touch()

        def run(*arguments: str) -> None:
            places = {"ANNIF_PROJECTS": "projects.cfg", "ANNIF_DATADIR": "data", "NLTK_DATA": "nltk"}
            environment = os.environ | {key: str(work / name) for key, name in places.items()}
            done = subprocess.run([annif, *arguments], cwd=work, env=environment, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"annif {' '.join(arguments)}:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")

        run("load-vocab", "--language", "en", "tags", "tags.tsv")
        for name in ("tfidf", "mllm", "omikuji"):
            run("train", "--jobs", "1", name, "posts.tsv")
        run("index", "--limit", "20", "ensemble", "asked")
        names = {f"<{_TAG}{row}>": spelled[tag] for tag, row in number.items()}
        posts: dict[str, object] = {document.post.path: {"suggestions": []} for document in documents}
        for row, document in enumerate(asked):
            found = (line.split("\t") for line in (work / "asked" / f"{row}.annif").read_text("utf-8").splitlines())
            suggestions = [{"tag": names[tag], "confidence": min(float(score), 1.0)} for tag, _, score in found]
            posts[document.post.path] = {"suggestions": suggestions}
    out.mkdir(parents=True, exist_ok=True)
    (out / "tags.json").write_text(json.dumps({"posts": posts}), encoding="utf-8")


if __name__ == "__main__":
    suggest(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
