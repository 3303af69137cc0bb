"""A build on a Ray cluster of several nodes has the bytes of one on this machine, whatever happens to the nodes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from blog import files_below, post_text, topic_posts, topic_text, write_blog
from enishi.cli import main
from enishi.distributed import build as distributed
from enishi.distributed.folder import Folder
from enishi.errors import OutputError, SettingsError, SiteNotFoundError
from enishi.pipeline import build
from enishi.state import Request
from tiny_models import write_static_model

NOW = datetime(2024, 1, 1, tzinfo=UTC)
MEMORY = 100_000_000
CHINESE = "今天我们在茶园里喝龙井茶。龙井茶很香，龙井茶的茶叶来自杭州。"


def patiently(start: Callable[[], Any]) -> Any:
    """Start a node, for which Ray waits 30 seconds: on a machine that is busy with other tests, again."""
    for _ in range(4):
        try:
            return start()
        except Exception as error:
            if "timed out during startup" not in str(error):
                raise
    return start()


def add_node(cluster: Any, workers: int) -> None:
    patiently(lambda: cluster.add_node(num_cpus=workers, object_store_memory=MEMORY))
    cluster.wait_for_nodes(120)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """A head that only leads, and one node with two workers; tests add and take away others."""
    ray = pytest.importorskip("ray", reason="needs Ray: pip install 'enishi[ray]'")
    cluster_utils = pytest.importorskip("ray.cluster_utils")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    head = {"num_cpus": 0, "object_store_memory": MEMORY, "include_dashboard": False}
    made = patiently(lambda: cluster_utils.Cluster(initialize_head=True, head_node_args=head))
    try:
        add_node(made, 2)
        ray.init(made.address, log_to_driver=False, logging_level="ERROR")
        yield made
    finally:
        ray.shutdown()
        made.shutdown()


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven topics, with everything that one post's list can owe to another post."""
    posts = topic_posts(6)
    posts["tea-0-again.md"] = post_text("Tea, once more", topic_text("tea", 0), "tags: [tea]\n", day=90)
    posts["linking.md"] = post_text("A kettle", f"{topic_text('tea', 77)} See [trains](/2020/01/02/trains-0/).", day=91)
    posts["draft.md"] = post_text("Not yet", topic_text("radio", 78), "published: false\n")
    posts["untagged.md"] = post_text("A loaf", topic_text("bread", 79), day=92)
    posts["broken.md"] = "---\ntags: [unclosed\n---\n\nwords\n"
    posts |= {
        f"zh-{n}.md": post_text(f"茶 {n}", CHINESE * (n + 2), "tags: [tea]\nlang: zh\n", day=95 + n) for n in range(3)
    }
    return write_blog(tmp_path_factory.mktemp("ray") / "blog", posts)


@pytest.fixture(scope="module")
def expected(blog: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, bytes], Any]:
    """What a build on this machine writes and reports."""
    place = tmp_path_factory.mktemp("local")
    report = build(Request(blog, out=place / "out", cache=place / "cache", now=NOW))
    return {name: data for name, data in files_below(place / "out").items() if name in report.written.written}, report


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a little blog is many chunks and several shards."""
    monkeypatch.setattr(distributed, "POSTS_A_CHUNK", 12)
    monkeypatch.setattr(distributed, "QUERIES_A_CHUNK", 20)
    monkeypatch.setattr(distributed, "ROWS_A_SHARD", 16)


def on_cluster(cluster: Any, blog: Path | str, out: Path, progress: Callable[..., None] = lambda *_: None) -> Any:
    report = distributed.build_on_cluster(Request(Path(), now=NOW), str(blog), str(out), cluster.address, progress)
    assert {*files_below(out)} == {*report.written.written}
    return report


def test_any_number_of_workers_gives_the_same_bytes(cluster: Any, blog: Path, expected: Any, tmp_path: Path) -> None:
    files, report = expected
    for workers in (2, 4, 8):
        while (have := sum(int(node["Resources"].get("CPU", 0)) for node in nodes())) < workers:
            add_node(cluster, workers - have)
        found = on_cluster(cluster, blog, tmp_path / str(workers))
        assert files_below(tmp_path / str(workers)) == files
        assert (found.summary, found.diagnostics) == (report.summary, report.diagnostics)


def nodes() -> list[Any]:
    import ray

    return [node for node in ray.nodes() if node["Alive"]]


def test_by_the_command_from_an_address(
    cluster: Any, blog: Path, expected: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["build", "file://" + blog.as_posix(), "--now", NOW.isoformat(), "--engine", "ray"]
    assert main([*command, "--address", cluster.address]) == 2  # no word of --out
    assert main([*command, "--address", cluster.address, "--out", str(tmp_path / "out")]) == 0
    assert files_below(tmp_path / "out") == expected[0]
    assert f"{sum(expected[1].summary.posts.values())} posts" in capsys.readouterr().out


class DeadlyFolder(Folder):
    """Ends the worker that reads or writes a certain file, the first time, in the middle of it."""

    def read(self, name: str) -> bytes:
        self._die_once("read", name == "source/_posts/radio-3.md")
        return super().read(name)

    def write(self, name: str, data: bytes) -> None:
        if name.endswith("0.html"):
            super().write(name, data[: len(data) // 2])
            self._die_once("write", True)
        super().write(name, data)

    def _die_once(self, what: str, is_time: bool) -> None:
        mark = Path(self.address).parent / f"died-{what}"
        if is_time and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_is_killed_changes_no_byte(
    cluster: Any, blog: Path, expected: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ray

    ray.cloudpickle.register_pickle_by_value(__import__(__name__))
    monkeypatch.setattr(distributed, "Folder", DeadlyFolder)
    on_cluster(cluster, blog, tmp_path / "out")
    assert (blog.parent / "died-read").exists()
    assert (tmp_path / "died-write").exists()
    assert files_below(tmp_path / "out") == expected[0]


def test_a_node_that_is_lost_with_its_posts_changes_no_byte(
    cluster: Any, blog: Path, expected: Any, tmp_path: Path
) -> None:
    if len(nodes()) < 3:  # the head, and one that stays
        add_node(cluster, 4)
    lost = max(cluster.worker_nodes, key=lambda node: node.raylet_socket_name)

    def lose(what: str, *_: object) -> None:
        if what == "finding related posts":
            cluster.remove_node(lost, allow_graceful=False)

    on_cluster(cluster, blog, tmp_path / "out", lose)
    assert lost not in cluster.list_all_nodes()
    assert files_below(tmp_path / "out") == expected[0]


def test_a_pretrained_model_and_earlier_lists_give_the_same_bytes(
    cluster: Any, blog: Path, expected: Any, tmp_path: Path
) -> None:
    files, report = expected
    model = write_static_model(tmp_path / "model", " ".join(topic_text(topic, 1) for topic in ("tea", "trains")))
    (tmp_path / "previous.json").write_bytes(files["related.json"])
    overrides = (f"encoder.model={model}", "encoder.weight=0.2")
    request = Request(blog, now=NOW, overrides=overrides, previous=tmp_path / "previous.json")
    build(replace(request, out=tmp_path / "local", cache=tmp_path / "cache"))
    distributed.build_on_cluster(request, str(blog), str(tmp_path / "out"), cluster.address)
    written = files_below(tmp_path / "out")
    assert written == {name: files_below(tmp_path / "local")[name] for name in report.written.written}
    assert written != files


def test_what_a_cluster_does_not_know_is_refused(cluster: Any, blog: Path, tmp_path: Path) -> None:
    own = write_blog(tmp_path / "own", topic_posts(1))
    (own / "_enishi").mkdir()
    (own / "_enishi/related.html.j2").write_text("mine")
    for site, setting, problem in (
        (blog, "encoder.model=some/model", "encoder.weight"),
        (blog, "data_file=source/data.json", "data_file"),
        (own, "templates=_enishi", "_enishi/related.html.j2"),
    ):
        request = Request(Path(), now=NOW, overrides=(setting,))
        with pytest.raises(SettingsError, match=problem):
            distributed.build_on_cluster(request, str(site), str(tmp_path / "out"), cluster.address)


def test_a_folder_that_holds_something_is_left_alone(cluster: Any, blog: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        on_cluster(cluster, blog, tmp_path)
    assert files_below(tmp_path) == {"mine.txt": b"mine"}


def test_a_site_without_posts_is_not_built(cluster: Any, tmp_path: Path) -> None:
    site = write_blog(tmp_path / "blog", {})
    with pytest.raises(SiteNotFoundError):
        on_cluster(cluster, site, tmp_path / "out")
