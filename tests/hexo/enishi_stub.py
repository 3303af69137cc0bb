"""Stands in for the `enishi` command where a test needs one that is slow, broken, or tells when it ran.

It lists for each post the other posts with one of its tags, and speaks the command's contract, no more.  How it
behaves stands in `stub.json` in the site: {"log": FILE, "sleep": SECONDS, "hold": FILE, "exit": CODE, "begun": FILE}.
The log gets the manifest of each run, with its process id, as a line; a run goes on when the file that holds it is
gone; the last file is there once a run has begun.
"""

import hashlib
import json
import os
import sys
import time
from pathlib import Path


def main() -> int:
    site = Path(sys.argv[2])
    assert sys.argv[1] == "build", sys.argv
    assert sys.argv[3:] == ["--manifest", "-", "--quiet"], sys.argv
    how = json.loads((site / "stub.json").read_text("utf-8"))
    if how.get("begun"):
        Path(how["begun"]).touch()
    manifest = json.loads(sys.stdin.buffer.read())
    if how.get("log"):
        with Path(how["log"]).open("a", encoding="utf-8") as log:
            log.write(json.dumps({**manifest, "pid": os.getpid()}) + "\n")
    time.sleep(how.get("sleep", 0))
    while how.get("hold") and Path(how["hold"]).exists():
        time.sleep(0.02)
    if how.get("exit"):
        sys.stderr.write("the stub fails, as it was told to\n")
        return int(how["exit"])
    write(site / ".enishi", manifest["posts"])
    return 0


def write(folder: Path, posts: list[dict]) -> None:
    (folder / "partials").mkdir(parents=True, exist_ok=True)
    result = {}
    for post in posts:
        related = [entry(post, other) for other in posts if other is not post and shared(post, other)]
        path = post["source"]
        name = hashlib.sha256(path.encode()).hexdigest()[:32] + ".html"
        links = "".join(f'<li><a href="{one["url"]}">{one["title"]}</a></li>' for one in related)
        (folder / "partials" / name).write_text(f'<nav class="enishi-related">{links}</nav>', encoding="utf-8")
        result[path] = {"title": post["title"], "url": post["url"], "partial": name, "related": related}
    (folder / "related.json").write_text(json.dumps({"version": 1, "posts": result}), encoding="utf-8")


def shared(one: dict, other: dict) -> list[str]:
    return [tag for tag in one["tags"] if tag in other["tags"]]


def entry(post: dict, other: dict) -> dict:
    lang = {"lang": other["lang"]} if "lang" in other else {}
    return lang | {
        "path": other["source"],
        "url": other["url"],
        "title": other["title"],
        "score": 0.5,
        "kind": "similar",
        "shared_tags": shared(post, other),
    }


if __name__ == "__main__":
    sys.exit(main())
