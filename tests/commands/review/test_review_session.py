"""Decisions of a review: what is written, what is taken back, and what others do meanwhile."""

from __future__ import annotations

import http.client
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import pytest

from blog import files_below, topic_posts, write_blog
from enishi import cli
from enishi.commands.ask import NoBuildError
from enishi.commands.review import session
from enishi.commands.tags.edits import Plan
from enishi.commands.tags.last_build import last_tags
from enishi.commands.tags.write import Outcome, write_plan
from enishi.pipeline import build
from enishi.state import Request
from enishi.tags.decisions import DECISIONS_NAME, read_decisions
from enishi.tags.declined import DECLINED_NAME, read_declined
from review_client import Client, reviewed, wait_for
from shared_data import CORPORA, needs_shared

posix = pytest.mark.skipif(os.name == "nt", reason="needs POSIX processes and signals")
LACKS_TEA, LACKS_BREAD, BARE = "content/tea-3.md", "content/bread-5.md", "content/birds-1.md"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A blog in which two posts lack their topic's tag, one has none at all, and one tag is spelled in two ways."""
    posts = topic_posts(8, ("tea", "trains", "storage", "bread", "birds"))
    posts |= {name: text.replace("[bread]", "[bread, bakery]") for name, text in posts.items()}
    posts["tea-3.md"] = posts["tea-3.md"].replace("tags: [tea]\n", "tags: [later]\n")
    posts["bread-5.md"] = posts["bread-5.md"].replace("tags: [bread, bakery]\n", "tags:\r\n  - later  # yet\r\n")
    posts["birds-1.md"] = posts["birds-1.md"].replace("tags: [birds]\n", "")
    for number in (1, 2):
        posts[f"storage-{number}.md"] = posts[f"storage-{number}.md"].replace("[storage]", "[Storage, disks]")
    site = write_blog(tmp_path_factory.mktemp("built") / "blog", posts, hexo=False)
    build(Request(site))
    return site


@pytest.fixture
def site(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "blog"))


def sources(site: Path) -> dict[str, bytes]:
    """Everything but what builds and the cache leave."""
    return {name: data for name, data in files_below(site).items() if not name.startswith(".enishi/")}


def changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def item(client: Client, path: str = "", tag: str = "", kind: str = "suggestion") -> dict[str, Any]:
    found = [one for one in client.items(kind) if path in one["path"] and tag in one["tag"]]
    assert found, client.items()
    return found[0]


def undo_patches(site: Path) -> list[Path]:
    return sorted((site / ".enishi").glob("undo-review*.patch"))


def take_back(site: Path) -> None:
    """By the command, as the end of a review says, the last patch first."""
    for patch in reversed(undo_patches(site)):
        assert cli.main(["tags", "undo", str(patch), "--site", str(site), "--yes"]) == 0


def test_the_queue_says_what_there_is_to_decide(site: Path) -> None:
    with reviewed(site) as client:
        queue = client.get("api/queue")
        kinds = [one["kind"] for one in queue["items"]]
        assert kinds == sorted(kinds, key=["suggestion", "missing", "untagged", "merge"].index)
        confidences = [one["confidence"] for one in queue["items"] if one["kind"] == "suggestion"]
        assert confidences == sorted(confidences, reverse=True)
        assert {one["path"] for one in queue["items"] if one["kind"] == "untagged"} == {BARE}
        merge = item(client, kind="merge")
        assert (merge["tags"], merge["kept"], merge["posts"]) == ([["storage", 6], ["Storage", 2]], "storage", 2)
        assert queue["undo"] == queue["revision"] == 0
        assert ["tea", 7] in queue["tags"]
        names = {one["id"] for one in queue["items"]}
        assert len(names) == len(queue["items"])
    with reviewed(site) as client:
        assert {one["id"] for one in client.items()} == names


def test_the_details_say_why_and_what_would_be_written(site: Path) -> None:
    with reviewed(site) as client:
        view = client.get(f"api/item/{item(client, LACKS_TEA)['id']}")
        assert view["post"]["tags"] == ["later"]
        assert ["-", "tags: [later]"] in view["diff"]
        assert ["+", "tags: [later, tea]"] in view["diff"]
        assert view["evidence"]["topic"]["with_tag"] == 7
        assert all("tea" in near["tags"] for near in view["evidence"]["neighbors"])
        marked = [part for block in view["text"] for part, is_named in block["parts"] if is_named]
        assert {part.lower() for part in marked} == {"tea"}
        passage = view["text"][view["passage"]]
        assert any(is_named for _, is_named in passage["parts"])
        bare = item(client, kind="untagged")
        view = client.get(f"api/item/{bare['id']}?tags=birds")
        assert view["suggestions"][0]["tag"] == "birds"
        assert ["+", "tags: [birds]"] in view["diff"]
        merge = client.get(f"api/item/{item(client, kind='merge')['id']}?keep=Storage")
        assert [use["tag"] for use in merge["uses"]] == ["storage", "Storage"]
        assert sum(line == ["+", "tags: [Storage]"] for line in merge["diff"]) == 6


def test_letters_tell_the_language_where_nothing_names_it(site: Path, tmp_path: Path) -> None:
    text = "お茶の葉は湯の温度で味が変わります。急須に入れて一分ほど待ち、最後の一滴まで注ぎます。" * 3
    posts = {f"{number}.md": f"---\ntitle: お茶{number}\n---\n\n{text}\n" for number in range(4)}
    japanese = write_blog(tmp_path / "ja", posts, config="permalink: :title/\n")
    with reviewed(japanese) as client, reviewed(site) as other:
        assert (client.get("api/queue")["language"], other.get("api/queue")["language"]) == ("ja", "en")
        view = client.get(f"api/item/{client.items()[0]['id']}")
        assert view["post"]["url"].startswith("https://blog.test/")
        view = other.get(f"api/item/{other.items()[0]['id']}")
        assert view["post"]["url"] == ""  # a relative one would lead to the page's own server
        answer = client.post("undo")
        assert "元に戻す操作" in answer.values["problem"]


def test_each_decision_is_written_at_once_and_taken_back_byte_for_byte(site: Path) -> None:
    before = sources(site)
    with reviewed(site) as client:
        tea, bread = item(client, LACKS_TEA), item(client, LACKS_BREAD, "bread")
        done = client.decide(tea["id"], "add")
        assert [one["state"] for one in done["items"]] == ["added"]
        assert ["+", "tags: [later, tea]"] in done["diff"]
        assert changed(before, sources(site)) == {LACKS_TEA, DECISIONS_NAME}
        assert client.decide(bread["id"], "decline")["undo"] == 2
        assert {(one.post, one.tag) for one in read_declined(site)[0]} == {(LACKS_BREAD, "bread")}
        assert {(one.post, one.verdict) for one in read_decisions(site)[0]} == {
            (LACKS_TEA, "added"),
            (LACKS_BREAD, "declined"),
        }
        merge = item(client, kind="merge")
        client.decide(merge["id"], "add", keep="Storage")
        assert b"tags: [Storage, disks]" in sources(site)["content/storage-1.md"]
        assert sum(b"tags: [Storage" in data for data in sources(site).values()) == 8
        added = client.decide(item(client, kind="untagged")["id"], "add", tags=["birds", "tea", "birds"])
        assert {one["kind"] for one in added["items"]} == {"untagged", "suggestion"}
        assert ["+", "tags: [birds, tea]"] in added["diff"]
        for left in (3, 2, 1, 0):
            undone = client.post("undo")
            assert (undone.status, undone.values["undo"]) == (200, left)
            assert {one["state"] for one in undone.values["items"]} == {"open"}
        assert client.post("undo").status == 409
        assert sources(site) == before
        assert not undo_patches(site)


def test_what_was_decided_is_gone_from_the_next_review_and_stays_declined(site: Path) -> None:
    with reviewed(site) as client:
        kept = {one["id"] for one in client.items()}
        decided = {item(client, LACKS_TEA)["id"], item(client, LACKS_BREAD)["id"]}
        decided |= {item(client, kind="merge")["id"], item(client, kind="untagged")["id"]}
        client.decide(item(client, LACKS_TEA)["id"], "add")
        for kind, path in (("suggestion", LACKS_BREAD), ("merge", ""), ("untagged", BARE)):
            client.decide(item(client, path, kind=kind)["id"], "decline")
    with reviewed(site) as client:
        assert not decided & {one["id"] for one in client.items()}
        assert {one["id"] for one in client.items()} <= kept
    assert cli.main(["tags", "audit", "--site", str(site)]) == 0
    take_back(site)
    assert not (site / DECLINED_NAME).exists()
    with reviewed(site) as client:
        assert {one["id"] for one in client.items()} == kept


def test_later_comes_back_and_is_undone_as_well(site: Path) -> None:
    before = sources(site)
    with reviewed(site) as client:
        name = item(client, LACKS_TEA)["id"]
        assert client.decide(name, "later")["items"][0]["state"] == "later"
        assert client.decide(name, "reopen")["items"][0]["state"] == "open"
        client.decide(name, "later")
        client.decide(name, "add")
        for state in ("later", "open", "later", "open"):
            assert client.post("undo").values["items"][0]["state"] == state
    assert sources(site) == before


def test_a_tag_that_the_author_writes_meanwhile_settles_its_item(site: Path) -> None:
    with reviewed(site) as client:
        name, file = item(client, LACKS_TEA)["id"], site / LACKS_TEA
        mine = file.read_bytes().replace(b"[later]", b"[later, Tea]") + b"\nmore\n"
        file.write_bytes(mine)
        found = client.get("api/changes?since=0")["items"]
        assert [(one["id"], one["state"]) for one in found] == [(name, "added")]
        answer = client.post("decide", id=name, action="add")
        assert (answer.status, answer.values["items"][0]["state"]) == (409, "added")
        assert file.read_bytes() == mine
        assert client.get("api/queue")["undo"] == 0


def test_a_file_that_changed_is_planned_anew_and_keeps_what_its_author_wrote(site: Path) -> None:
    with reviewed(site) as client:
        name, file = item(client, LACKS_TEA)["id"], site / LACKS_TEA
        client.get(f"api/item/{name}")
        mine = file.read_bytes().replace(b"[later]", b"[much, later]").replace(b"title: Tea 3", b"title: Mine")
        file.write_bytes(mine)
        assert ["+", "tags: [much, later, tea]"] in client.get(f"api/item/{name}")["diff"]
        client.decide(name, "add")
        assert file.read_bytes() == mine.replace(b"[much, later]", b"[much, later, tea]")
        # and so does undoing, wherever else the author has written by then
        later = file.read_bytes().replace(b"title: Mine\n", b"title: Ours\ndraft: false\nx: 1\n") + b"more\n"
        file.write_bytes(later)
        assert client.post("undo").status == 200
        assert file.read_bytes() == later.replace(b"[much, later, tea]", b"[much, later]")


@pytest.mark.parametrize("times", [1, 99])
def test_a_file_that_changes_while_a_decision_is_made(site: Path, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    before, file, saved = sources(site), site / LACKS_TEA, list[bytes]()

    def save_first(plan: Plan, root: Path) -> Outcome:
        if plan.edits and plan.edits[0].path == LACKS_TEA and len(saved) < times:
            saved.append(file.read_bytes() + b"more\n")
            file.write_bytes(saved[-1])
        return write_plan(plan, root)

    monkeypatch.setattr(session, "write_plan", save_first)
    with reviewed(site) as client:
        answer = client.post("decide", id=item(client, LACKS_TEA)["id"], action="add")
        monkeypatch.undo()
        if times == 1:
            assert answer.status == 200
            assert file.read_bytes() == saved[-1].replace(b"[later]", b"[later, tea]")
            assert client.post("undo").status == 200
        else:
            assert answer.status == 409
            assert answer.values["items"][0]["state"] == "open"
        assert file.read_bytes() == saved[-1]
        assert not undo_patches(site)
    assert changed(before, sources(site)) == {LACKS_TEA}


def test_a_tag_line_that_changed_again_is_not_undone(site: Path) -> None:
    with reviewed(site) as client:
        file = site / LACKS_TEA
        client.decide(item(client, LACKS_TEA)["id"], "add")
        mine = file.read_bytes().replace(b"[later, tea]", b"[later, tea, mine]")
        file.write_bytes(mine)
        answer = client.post("undo")
        assert answer.status == 409
        assert LACKS_TEA in answer.values["problem"]
        assert file.read_bytes() == mine
        assert client.get("api/queue")["undo"] == 1
        file.write_bytes(mine.replace(b", mine", b""))
        assert client.post("undo").status == 200


def test_a_line_of_the_text_is_never_taken_for_one_of_the_tags(site: Path) -> None:
    file = site / LACKS_TEA
    file.write_bytes(
        file.read_bytes().replace(b"tags: [later]", b"tags:\n- later").replace(b"---\n\n", b"---\n\n- tea\n\n")
    )
    with reviewed(site) as client:
        client.decide(item(client, LACKS_TEA, "tea")["id"], "add")
        mine = file.read_bytes()
        assert b"- later\n- tea\n---" in mine
        mine = mine.replace(b"- later\n- tea\n---", b"- later\nx: 1\n---")
        file.write_bytes(mine)
        assert client.post("undo").status == 409
        assert file.read_bytes() == mine


def test_of_a_merge_what_its_author_has_changed_since_stays(site: Path) -> None:
    before, mine = sources(site), b"title: Storage 1\ntags: [Storage, disks, mine]"
    with reviewed(site) as client:
        client.decide(item(client, kind="merge")["id"], "add")
        file = site / "content/storage-1.md"
        assert b"tags: [storage, disks]" in file.read_bytes()
        file.write_bytes(mine)
        undone = client.post("undo")
        assert undone.status == 200
        assert "storage-1.md" in undone.values["problem"]
        assert changed(before, sources(site)) == {"content/storage-1.md"}
        assert file.read_bytes() == mine


def test_what_a_review_says_of_lists_that_it_cannot_write(site: Path) -> None:
    (site / DECLINED_NAME).write_bytes(b"\xff")
    (site / DECISIONS_NAME).symlink_to(site / "content/birds-2.md")
    before = sources(site)
    with reviewed(site) as client:
        answer = client.post("decide", id=item(client, LACKS_BREAD)["id"], action="decline")
        assert answer.status == 422
        assert DECLINED_NAME in answer.values["problem"]
        assert sources(site) == before
        done = client.decide(item(client, LACKS_TEA)["id"], "add")  # which counts, kept or not
        assert DECISIONS_NAME in done["problem"]
        assert changed(before, sources(site)) == {LACKS_TEA}
        assert client.post("undo").status == 200
    assert sources(site) == before


def test_a_first_decline_goes_with_its_file_but_not_with_the_declines_of_others(site: Path) -> None:
    with reviewed(site) as client:
        client.decide(item(client, LACKS_TEA)["id"], "decline")
        assert cli.main(["tags", "decline", "bread-5", "bread", "--site", str(site)]) == 0
        assert client.post("undo").status == 200
        assert [(one.post, one.tag) for one in read_declined(site)[0]] == [(LACKS_BREAD, "bread")]


@pytest.mark.parametrize("what", ["gone", "broken", "link"])
def test_a_post_that_cannot_be_edited_is_left_and_named(site: Path, what: str) -> None:
    file = site / LACKS_TEA
    with reviewed(site) as client:
        name = item(client, LACKS_TEA)["id"]
        if what == "broken":
            file.write_bytes(file.read_bytes().replace(b"title:", b"title: [ :\n"))
        else:
            file.rename(site / "elsewhere.txt")
        if what == "link":
            file.symlink_to(site / "elsewhere.txt")
        before = sources(site)
        assert client.get(f"api/item/{name}")["refused"]
        answer = client.post("decide", id=name, action="add")
        assert answer.status == 422
        assert answer.values["problem"]
        assert sources(site) == before
        assert not undo_patches(site)
        assert client.items()[0]["state"] == "open"


@posix
def test_a_watch_beside_it_takes_up_each_decision(site: Path) -> None:
    def built_tags() -> tuple[str, ...]:
        with suppress(NoBuildError):  # between the halves of a build
            return last_tags(Request(site)).posts[LACKS_TEA].tags
        return ()

    before = sources(site)
    command = [sys.executable, "-m", "enishi", "watch", str(site), "--json-lines"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watch, reviewed(site) as client:
        assert watch.stdout is not None
        hung = threading.Timer(120, watch.kill)
        hung.start()
        next(line for line in watch.stdout if '"watching"' in line or '"built"' in line)
        for tags in (("later", "tea"), ("later",)):
            if len(tags) > 1:
                client.decide(item(client, LACKS_TEA)["id"], "add")
            else:
                assert client.post("undo").status == 200
            for line in watch.stdout:
                if '"built"' in line and built_tags() == tags:
                    break
            assert built_tags() == tags
        hung.cancel()
        watch.send_signal(signal.SIGINT)
        watch.stdout.read()
    assert sources(site) == before


def test_one_decision_of_two_tabs_counts(site: Path) -> None:
    with reviewed(site) as client:
        name, other = item(client, LACKS_TEA)["id"], item(client, LACKS_BREAD)["id"]
        statuses: list[int] = []
        actions = ["add", "decline"] * 4

        def press(action: str) -> None:
            statuses.append(client.post("decide", id=name, action=action).status)

        threads = [threading.Thread(target=press, args=(action,)) for action in actions]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == [200] + [409] * 7
        assert client.get("api/queue")["undo"] == 1
        since = client.get("api/queue")["revision"]
        client.decide(other, "later")
        seen = client.get(f"api/changes?since={since}")
        assert [(one["id"], one["state"]) for one in seen["items"]] == [(other, "later")]


def test_two_reviews_of_one_blog_do_not_undo_each_other(site: Path) -> None:
    before = sources(site)
    with reviewed(site) as one, reviewed(site) as other:
        one.decide(item(one, LACKS_TEA)["id"], "add")
        answer = other.post("decide", id=item(other, LACKS_TEA)["id"], action="add")
        assert (answer.status, answer.values["items"][0]["state"]) == (409, "added")
        other.decide(item(other, LACKS_BREAD)["id"], "decline")
        answer = one.post("decide", id=item(one, LACKS_BREAD)["id"], action="add")
        assert (answer.status, answer.values["items"][0]["state"]) == (409, "declined")
        one.decide(item(one, kind="untagged")["id"], "decline")
        assert len(undo_patches(site)) == 2
        assert one.post("undo").status == other.post("undo").status == one.post("undo").status == 200
    assert sources(site) == before


def test_after_a_merge_its_tag_goes_by_the_new_name(site: Path) -> None:
    file = site / "content/storage-4.md"
    file.write_bytes(file.read_bytes().replace(b"tags: [storage]", b"tags: [later]"))
    with reviewed(site) as client:
        client.decide(item(client, kind="merge")["id"], "add", keep="Storage")
        found = item(client, "storage-4", "Storage")
        client.decide(found["id"], "add")
        assert b"tags: [later, Storage]" in file.read_bytes()
        client.post("undo")
        client.post("undo")
        client.decide(item(client, "storage-4", "storage")["id"], "add")
        assert b"tags: [later, storage]" in file.read_bytes()


def test_the_undo_patch_takes_everything_back_also_of_one_file_edited_often(site: Path) -> None:
    before = sources(site)
    with reviewed(site) as client:
        of_one = [one for one in client.items() if one["path"] == LACKS_BREAD]
        assert {one["tag"] for one in of_one} == {"bakery", "bread"}
        for found in client.items():
            client.post(
                "decide", id=found["id"], action="decline" if found["path"] == LACKS_TEA else "add", tags=["tea"]
            )
    assert len(changed(before, sources(site))) > 5
    take_back(site)
    assert sources(site) == before


KILLED = """
# Decides in a child that ends at its nth step on the disk; then the patch takes back what there is.  Prints each n.
import json, os, sys
from pathlib import Path
from enishi.commands.review.session import Session
from enishi.commands.tags.edits import take_back
from enishi.commands.tags.write import write_plan
from enishi.editing.patch import read_patch
from enishi.pipeline import read_blog
from enishi.state import Request

site, plan = Path(sys.argv[1]), json.loads(sys.argv[2])
request = Request(site)
posts = read_blog(request)
session = Session(request, posts)
os.fsync = lambda _: None  # no power is cut here

def sources():
    files = (file for file in site.rglob("*") if file.is_file() and ".enishi" not in file.relative_to(site).parts)
    return {file: file.read_bytes() for file in files if not file.name.endswith(".tmp~")}

def step(real):
    def counted(*arguments, **more):
        global left
        left -= 1
        if not left:
            os._exit(9)
        return real(*arguments, **more)
    return counted

before = sources()
for n in range(1, 1000):
    child = os.fork()
    if not child:
        left = n
        for name in ("fsync", "replace", "rename", "link", "unlink"):
            setattr(os, name, step(getattr(os, name)))
        for arguments in plan:
            session.decide(*arguments) if arguments else session.undo()
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    for file, data in sources().items():
        assert len(data) >= len(before.get(file, b"")), (n, file)
    for patch in sorted((site / ".enishi").glob("undo-review*")):
        found = take_back(read_patch(patch.read_bytes()), posts.blog)
        assert not found.refused, (n, found.refused)
        outcome = write_plan(found, site)
        assert not outcome.refused and not outcome.stopped, (n, outcome)
        patch.unlink()
    after = sources()
    unlike = [str(file) for file in before.keys() | after.keys() if before.get(file) != after.get(file)]
    assert not unlike, (n, unlike)
    print(n, code, flush=True)
    if not code:
        break
"""


@posix
def test_whichever_step_a_review_is_killed_at_its_patch_takes_all_back(site: Path) -> None:
    with reviewed(site) as client:
        tea, bakery = item(client, LACKS_TEA)["id"], item(client, LACKS_BREAD, "bakery")["id"]
        bread, bare = item(client, LACKS_BREAD, "bread")["id"], item(client, kind="untagged")["id"]
        merge = item(client, kind="merge")["id"]
    undo: list[str] = []
    plan = [[tea, "add"], [bread, "decline"], [merge, "add", "", "Storage"], undo, [bakery, "add"], undo, undo]
    plan += [[bakery, "decline"], [bread, "add"], [bare, "decline"], undo, undo, [merge, "decline"]]
    command = [sys.executable, "-c", KILLED, str(site), json.dumps(plan)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    killed = done.stdout.splitlines()
    assert killed[-1].endswith(" 0")
    assert len(killed) > 60, killed


@posix
def test_a_killed_review_leaves_whole_files_and_a_patch_that_is_true(site: Path) -> None:
    """Killed at a random moment while decisions come in one after the other."""
    before = sources(site)
    for seed in range(2):
        chance = random.Random(seed)
        command = [sys.executable, "-m", "enishi", "review", str(site), "--no-open", "--min-confidence", "0"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "CI": "1"}) as process:
            assert process.stderr is not None
            line = next(line for line in process.stderr if "http://" in line)
            client = Client(line[line.index("http://") :].split()[0])
            wait_for(client.port)
            items = client.items()
            threading.Timer(chance.uniform(0.02, 0.3), process.kill).start()
            for found in items:
                try:
                    action = chance.choice(["add", "decline"])
                    client.post(
                        "decide", id=found["id"], action=action, tags=["tea"] if found["kind"] == "untagged" else []
                    )
                    if chance.random() < 0.2:
                        client.post("undo")
                except (OSError, http.client.HTTPException):
                    break
        assert process.returncode == -signal.SIGKILL or not items
        for name, data in sources(site).items():
            assert name in before or name in (DECLINED_NAME, DECISIONS_NAME) or ".tmp~" in name
            assert data.endswith(before.get(name, b"")[-20:])
        take_back(site)
        for patch in undo_patches(site):
            patch.unlink()
        left = {name: data for name, data in sources(site).items() if not name.endswith(".tmp~")}
        assert left == before


@posix
def test_the_command_ends_with_what_was_done_and_how_to_take_it_back(site: Path) -> None:
    command = [sys.executable, "-m", "enishi", "review", str(site), "--no-open"]
    for ending in ("close", "interrupt", "terminate"):
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env={**os.environ, "CI": "1"}) as process:
            assert process.stderr is not None
            line = next(line for line in process.stderr if "http://" in line)
            client = Client(line[line.index("http://") :].split()[0])
            wait_for(client.port)
            assert client.post("decide", id=item(client, LACKS_TEA)["id"], action="add").status == 200
            if ending == "close":
                assert client.post("close").status == 200
            else:
                process.send_signal(signal.SIGINT if ending == "interrupt" else signal.SIGTERM)
            told = process.stderr.read()
        assert process.returncode == 0, told
        assert "1 added, 0 declined" in told
        assert "enishi tags undo" in told
        assert "Traceback" not in told
        take_back(site)
        for patch in undo_patches(site):
            patch.unlink()


@needs_shared
def test_thirty_decisions_on_a_real_blog(tmp_path: Path) -> None:
    site = Path(shutil.copytree(CORPORA / "efcl", tmp_path / "blog", copy_function=shutil.copyfile))
    before = sources(site)
    with reviewed(site, processes=2) as client:
        items = client.items()
        chance = random.Random(30)
        chosen = chance.sample([one for one in items if one["kind"] in ("suggestion", "missing")], 26)
        chosen += [one for one in items if one["kind"] == "merge"][-2:]
        taken = {one["path"] for one in chosen}
        chosen += [one for one in items if one["kind"] == "untagged" and one["path"] not in taken][:2]
        added, declined = set(), set()
        for number, found in enumerate(chosen):
            action = "decline" if number % 3 == 2 else "add"
            answer = client.post(
                "decide", id=found["id"], action=action, tags=["JavaScript"] if found["kind"] == "untagged" else []
            )
            assert answer.status == 200, answer
            if found["path"] and found["kind"] != "untagged":
                (added if action == "add" else declined).add((found["path"], found["tag"]))
        after = sources(site)
        for path in {path for path, _ in added}:
            tags = [tag for of, tag in added if of == path]
            old, new = (data.decode().splitlines(keepends=True) for data in (before[path], after[path]))
            steps = [
                step for step in SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if step[0] != "equal"
            ]
            written = "".join(line for _, _, _, start, end in steps for line in new[start:end])
            gone = "".join(line for _, start, end, _, _ in steps for line in old[start:end])
            assert all(tag in written for tag in tags)
            assert gone.count("\n") <= 1
            assert written.count("\n") <= gone.count("\n") + len(tags) + 1  # and perhaps the key itself
            for tag in tags:
                written = written.replace(tag, "", 1)
            assert sorted(re.findall(r"\w+", written)) in (words := sorted(re.findall(r"\w+", gone)), ["tags", *words])
        assert {(one.post, one.tag) for one in read_declined(site)[0]} == declined
        assert len(read_decisions(site)[0]) >= 20
        assert client.get("api/queue")["undo"] == 30
        patch = undo_patches(site)[0].read_bytes()
        for _ in range(30):
            assert client.post("undo").status == 200
        assert sources(site) == before
        assert not undo_patches(site)
    # and the same by the patch alone
    for name, data in after.items():
        (site / name).write_bytes(data)
    (site / ".enishi" / "undo-review.patch").write_bytes(patch)
    take_back(site)
    assert sources(site) == before
    assert last_tags(Request(site)).posts


def test_posts_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    posts = {f"{number}.md": f"---\ntitle: {number}\ntags: [tea]\n---\n\nTea and kettles.\n" for number in range(3)}
    broken = '---\ntitle: "never closed\ntags: [tea]\n---\n\nBread.\n'
    root = write_blog(tmp_path / "blog", {**posts, "broken.md": broken})
    names = {Path(one.path).name for one in session.open_session(Request(root), 0.5).broken}
    assert names == {"broken.md"}
