"""The same posts give the same bytes: whatever the order of files, the cache, the cores, the hash seed or the index."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from blog import files_below, post_text, write_blog
from enishi.pipeline import build, read_blog
from enishi.state import Request
from enishi.tags.decisions import DECISIONS_NAME, Decision, keep_decision, keep_decisions
from places import EXAMPLE
from shared_data import CORPORA, needs_shared

NOW = "2026-11-25"


def copied(source: Path, target: Path, seed: int) -> Path:
    """A copy whose files were made in some random order."""
    ignored = {"node_modules", "public", ".enishi", "db.json"}
    files = sorted(
        file for file in source.rglob("*") if file.is_file() and not ignored & set(file.relative_to(source).parts)
    )
    random.Random(seed).shuffle(files)
    for file in files:
        place = target / file.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)
    return target


def built(site: Path, out: Path, *options: str, **environment: str) -> dict[str, bytes]:
    command = [sys.executable, "-m", "enishi", "build", os.fspath(site), "--out", os.fspath(out), "--now", NOW]
    done = subprocess.run(
        [*command, "--quiet", *options], capture_output=True, env={**os.environ, **environment}, timeout=300
    )
    assert done.returncode == 0, done.stderr.decode()
    return files_below(out)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    folder = tmp_path_factory.mktemp("first")
    site = copied(EXAMPLE, folder / "site", seed=0)
    return site, built(site, folder / "out", PYTHONHASHSEED="0")


def test_it_wrote_something(first: tuple[Path, dict[str, bytes]]) -> None:
    assert {"related.json", "tags.json", "manifest.json"} < first[1].keys()
    assert len(first[1]) > 40


def test_another_order_of_files_another_hash_seed_one_thread(
    first: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    site = copied(EXAMPLE, tmp_path / "site", seed=1)
    assert built(site, tmp_path / "out", PYTHONHASHSEED="1", OMP_NUM_THREADS="1") == first[1]


def test_decisions_in_another_order_under_another_hash_seed(
    first: tuple[Path, dict[str, bytes]], tmp_path: Path
) -> None:
    posts = [document.post for document in read_blog(Request(first[0])).documents]
    decisions = [Decision(post.path, post.tags[-1], "added", 0.9) for post in posts if len(post.tags) > 1]
    found = []
    for seed in range(2):
        site = copied(EXAMPLE, tmp_path / str(seed) / "site", seed)
        random.Random(seed).shuffle(decisions)
        for decision in decisions[:8]:  # by whatever way they came there
            keep_decision(site, decision)
        with (site / DECISIONS_NAME).open("a", encoding="utf-8") as file:
            file.writelines((site / DECISIONS_NAME).read_text("utf-8").splitlines(keepends=True)[: seed + 1])
        keep_decisions(site, decisions[8:])
        found.append(built(site, tmp_path / str(seed) / "out", PYTHONHASHSEED=str(seed)))
    assert found[0] == found[1]
    assert {name for name in found[0] if found[0][name] != first[1][name]} == {"tags.json", "manifest.json"}


def test_a_warm_cache(first: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    site, files = first
    assert (site / ".enishi" / "cache.db").exists()
    assert built(site, tmp_path / "out", PYTHONHASHSEED="2") == files


def test_the_exact_index(first: tuple[Path, dict[str, bytes]], tmp_path: Path) -> None:
    pytest.importorskip("scann", reason="ScaNN is not installed: there is only the exact index")
    assert built(first[0], tmp_path / "out", "--set", "index.backend=exact", OMP_NUM_THREADS="2") == first[1]


@needs_shared
def test_a_real_blog_read_by_several_processes_and_by_one(tmp_path: Path) -> None:
    found = []
    for seed in (0, 1):
        site = copied(CORPORA / "yeshan333", tmp_path / f"site{seed}", seed)
        found.append(built(site, tmp_path / f"out{seed}", PYTHONHASHSEED=str(seed), OMP_NUM_THREADS=str(seed + 1)))
    assert found[0] == found[1]
    site = copied(CORPORA / "yeshan333", tmp_path / "alone", 2)
    now = datetime.fromisoformat(f"{NOW}T23:59:59+00:00")
    build(Request(site, out=tmp_path / "out", now=now, processes=1))
    assert files_below(tmp_path / "out") == found[0]


def test_any_processor(tmp_path: Path) -> None:
    """OpenBLAS has other code for each, and adds in another order; posts without a word are nothing but its errors."""
    told = random.Random(0)
    posts = {}
    for number in range(86):
        topic = "abcd"[number % 4]
        words = (told.choice((topic, "x")) + str(int(told.paretovariate(1))) for _ in range(80))
        text = "" if number % 15 == 7 else " ".join(words)
        posts[f"{number:02}.md"] = post_text(f"n{number}", text, f"tags: [{topic}, every]\n")
    site = write_blog(tmp_path / "site", posts, settings="[tags]\nmin_confidence = 0.01\n")
    found = {
        kind: built(site, tmp_path / kind, OPENBLAS_CORETYPE=kind)
        for kind in ("Haswell", "Zen", "Sandybridge", "Nehalem", "Prescott")
    }
    assert b"suggestions" in found["Zen"]["tags.json"]
    assert [kind for kind, files in found.items() if files != found["Haswell"]] == []
