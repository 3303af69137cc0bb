"""Would the check have told the author?  Tags that people added to a post later, taken back in a branch.

    python -m benchmarks.check_events CORPUS [--rate] [--constants FILE]

CORPUS is a folder with `source/_posts/**` and `tag_events.jsonl` (a JSON object a line: `path`, `tags_added`, `clean`).
It becomes a git repository in a temporary folder; in a branch, all posts of the events carry their earlier tags again,
and `enishi check --base main` is run there.  Of each tag that was added later (and that two posts still carry):

    found@0.5   the share that is among the findings, note or warning
    first5@0.1  the share that is among the first five of its post with `--min-confidence 0.1`

Other tags that were added to the same post later do not count as places before it.  `--rate` runs `check --all` on the
corpus as it is instead: the share of posts with a `missing-tag` warning.  A figure is honest only with constants that
were learned without the corpus (`--constants`; see `benchmarks/learn_tags`, which makes such files with `--leave-out`).
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from enishi.editing.change import Edit, TagChange
from enishi.editing.plan import plan_edit
from enishi.generators import generator_named
from enishi.generators.base import Site
from enishi.pipeline import read_blog
from enishi.state import Request
from enishi.tags.vocabulary import fold_tag

ANY_SITE = Site(Path(), generator_named("generic"), (".",))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--rate", action="store_true", help="measure how many posts as they are get a warning")
    parser.add_argument("--constants", type=Path, metavar="FILE", help="instead of the shipped ones")
    given = parser.parse_args()
    options = ["--set", f"tags.constants={given.constants.resolve()}"] if given.constants else []
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "site")
        shutil.copytree(given.corpus / "source", site / "source")
        found = rate(site, options) if given.rate else events(site, given.corpus / "tag_events.jsonl", options)
    print(json.dumps({"corpus": given.corpus.name, **found}))


def rate(site: Path, options: list[str]) -> dict[str, Any]:
    """How many posts get a warning of a missing tag."""
    report = check(site, "--all", *options)
    warned = {f["path"] for f in report["findings"] if any(one["sure"] for one in f.get("tags", ()))}
    return {"posts": len(report["checked"]), "with_warning": round(len(warned) / len(report["checked"]), 4)}


def events(site: Path, file: Path, options: list[str]) -> dict[str, Any]:
    """How many of the tags added later are found."""
    git(site, "init", "-q", "-b", "main")
    commit(site, "main")
    git(site, "checkout", "-q", "-b", "earlier")
    added = take_back(site, [json.loads(line) for line in file.read_text("utf-8").splitlines()])
    commit(site, "tags as they were")
    counts = Counter(tag for tags in tags_of(site).values() for tag in tags)
    cases = [(path, tag) for path, tags in added.items() for tag in tags if counts[tag] >= 2]
    started = time.perf_counter()
    usual = suggested(check(site, "--base", "main", *options))
    seconds = time.perf_counter() - started
    loose = suggested(check(site, "--base", "main", "--min-confidence", "0.1", *options))
    first = 0
    for path, tag in cases:
        ranked = [name for name in loose.get(path, []) if name == tag or name not in added[path]]
        first += tag in ranked[:5]
    return {
        "posts": len(added),
        "cases": len(cases),
        "found@0.5": round(sum(tag in usual.get(path, []) for path, tag in cases) / max(1, len(cases)), 4),
        "first5@0.1": round(first / max(1, len(cases)), 4),
        "check_seconds": round(seconds, 1),
    }


def take_back(site: Path, log: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Takes the tags added later out of the posts that still have them: by path, those that were taken out."""
    tags = tags_of(site)
    added: dict[str, list[str]] = {}
    for event in log:
        path = f"source/_posts/{event['path']}"
        if event.get("clean") and path in tags:
            new = [tag for name in event["tags_added"] if (tag := fold_tag(name)) in tags[path]]
            added.setdefault(path, []).extend(new)
    done = {}
    for path, names in added.items():
        out = [name for name in dict.fromkeys(names) if take_out(site / path, tags[path][name])]
        if out:
            done[path] = out
    return done


def take_out(file: Path, tags: list[str]) -> bool:
    """Removes all spellings of a tag from a post; False where it cannot be edited."""
    data = file.read_bytes()
    for tag in tags:
        planned = plan_edit(data, TagChange.removing(tag), ANY_SITE)
        if not isinstance(planned, Edit):
            return False
        data = planned.after
    file.write_bytes(data)
    return True


def tags_of(site: Path) -> dict[str, dict[str, list[str]]]:
    """The tags of each post as written, by path and folded tag."""
    documents = read_blog(Request(site, cache=site.parent / "cache")).documents
    found: dict[str, dict[str, list[str]]] = {}
    for document in documents:
        mine = found.setdefault(document.post.path, {})
        for tag in document.post.tags:
            mine.setdefault(fold_tag(tag), []).append(tag)
    return found


def suggested(report: dict[str, Any]) -> dict[str, list[str]]:
    """Missing tags by post, folded, the surest first."""
    findings = [finding for finding in report["findings"] if "tags" in finding]
    return {one["path"]: [fold_tag(missing["tag"]) for missing in one["tags"]] for one in findings}


def check(site: Path, *arguments: str) -> dict[str, Any]:
    """The report of a check, as JSON."""
    command = [sys.executable, "-m", "enishi", "check", "--site", str(site), "--format", "json", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    value: dict[str, Any] = json.loads(done.stdout)
    return value


def git(site: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=site, check=True, capture_output=True)


def commit(site: Path, message: str) -> None:
    git(site, "add", "-A")
    git(site, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-q", "--allow-empty", "-m", message)


if __name__ == "__main__":
    main()
