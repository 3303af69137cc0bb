"""Access logs: which posts were read together, by people, and nothing else of what a log holds."""

from __future__ import annotations

import gzip
import os
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from enishi.errors import Severity
from enishi.reading import access_logs
from enishi.reading import visits as reading_visits
from enishi.reading.access_logs import find_logs
from enishi.reading.visits import Visits, read_visits
from synthetic_readers import BROWSERS, ROBOT, START, Request, group_of, posts, readings, requests_of, write_log

POSTS = posts(30)
URLS = [document.post.url for document in POSTS]
IPV6 = "2001:db8::8a2e:370:7334"


def visits_of(site: Path, pattern: str = "access*", hosts: Sequence[str] = ()) -> Visits:
    logs, _ = find_logs([pattern], site)
    return read_visits(logs, POSTS, hosts)


def as_lists(visits: Visits) -> list[list[int]]:
    return [visits.posts[a:b].tolist() for a, b in zip(visits.starts[:-1], visits.starts[1:], strict=True)]


def read_lines(site: Path, *lines: str) -> list[list[int]]:
    (site / "access.log").write_text("".join(line + "\n" for line in lines), "utf-8")
    return as_lists(visits_of(site))


def walk(*rows: int, address: str = "192.0.2.7", agent: str = BROWSERS[0], every: int = 60) -> list[Request]:
    return [
        Request(address, agent, START + timedelta(seconds=every * step), URLS[row]) for step, row in enumerate(rows)
    ]


def lines(requests: Sequence[Request]) -> list[str]:
    return [request.line() for request in requests]


# -- what is a visit ---------------------------------------------------------------------------------------------------


def test_all_visits_of_people_are_found_and_none_of_robots(tmp_path: Path) -> None:
    documents = posts(60)  # more than anybody reads in one visit
    drawn = list(readings(group_of(60, 3), 600))
    write_log(tmp_path / "access.log.gz", requests_of(drawn, documents))
    expected = Counter(tuple(dict.fromkeys(visit)) for visit in drawn if len(set(visit)) > 1)
    visits = read_visits(find_logs(["access.log.gz"], tmp_path)[0], documents)
    assert Counter(map(tuple, as_lists(visits))) == expected
    assert visits.readers.tolist() == [sum(row in visit for visit in expected.elements()) for row in range(60)]
    assert not visits.diagnostics


def test_a_visit_ends_after_half_an_hour(tmp_path: Path) -> None:
    assert read_lines(tmp_path, *lines(walk(1, 2, 3, every=1800))) == [[1, 2, 3]]
    assert read_lines(tmp_path, *lines([*walk(1, 2), *shifted(walk(3, 4), 60 + 1801)])) == [[1, 2], [3, 4]]


def shifted(requests: Sequence[Request], seconds: int) -> list[Request]:
    return [replace(request, time=request.time + timedelta(seconds=seconds)) for request in requests]


def test_address_and_agent_tell_visitors_apart(tmp_path: Path) -> None:
    two = [*walk(1, 2), *walk(3, 4, address=IPV6), *walk(5, 6, agent=BROWSERS[1])]
    assert read_lines(tmp_path, *lines(two)) == [[1, 2], [3, 4], [5, 6]]


def test_one_visitor_counts_as_one_reader_and_no_more_than_so_often(tmp_path: Path) -> None:
    every_day = [request for day in range(50) for request in shifted(walk(1, 2), 86400 * day)]
    write_log(tmp_path / "access.log", every_day)
    visits = visits_of(tmp_path)
    assert len(visits) == reading_visits.MAX_VISITS_OF_VISITOR
    assert visits.readers[:4].tolist() == [0, 1, 1, 0]


def test_reloads_and_returns_are_one_view(tmp_path: Path) -> None:
    assert read_lines(tmp_path, *lines(walk(1, 1, 1, 2, 1, 3))) == [[1, 2, 3]]
    assert read_lines(tmp_path, *lines(walk(4, 4, 4))) == []


@pytest.mark.parametrize(
    ("status", "method"), [(301, "GET"), (404, "GET"), (500, "GET"), (206, "GET"), (200, "HEAD"), (200, "POST")]
)
def test_only_pages_that_were_shown_count(tmp_path: Path, status: int, method: str) -> None:
    shown = walk(1, 2, 3)
    shown[1] = replace(shown[1], status=status, method=method)
    assert read_lines(tmp_path, *lines(shown)) == [[1, 3]]
    shown[1] = replace(shown[1], status=304, method="GET")
    assert read_lines(tmp_path, *lines(shown)) == [[1, 2, 3]]


# -- who is no reader --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "agent",
    [
        ROBOT,
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
        "curl/8.7.1",
        "python-requests/2.32.3",
        "Go-http-client/2.0",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/126.0.0.0 Safari/537.36",
        "facebookexternalhit/1.1",
        "Feedly/1.0",
        "-",
        "",
        "x" * 500,
    ],
)
def test_robots_that_say_so(tmp_path: Path, agent: str) -> None:
    assert read_lines(tmp_path, *lines([*walk(1, 2, agent=agent), *walk(3, 4, address=IPV6)])) == [[3, 4]]


def test_whoever_asks_for_robots_txt_is_one_before_and_after(tmp_path: Path) -> None:
    asks = Request("192.0.2.7", BROWSERS[1], START + timedelta(days=3), "/robots.txt", 404)
    assert read_lines(tmp_path, *lines([*walk(1, 2), *walk(3, 4, address=IPV6), asks])) == [[3, 4]]


def test_no_person_reads_so_fast_or_so_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert read_lines(tmp_path, *lines(walk(*range(10), every=3))) == []
    assert read_lines(tmp_path, *lines(walk(*range(10), every=4))) == [list(range(10))]
    assert read_lines(tmp_path, *lines(walk(*range(9), every=1))) == [list(range(9))]  # in tabs, from a list
    monkeypatch.setattr(reading_visits, "MAX_POSTS_OF_VISIT", 20)
    assert read_lines(tmp_path, *lines(walk(*range(20)))) == [list(range(20))]
    later = shifted(walk(1, 2), 86400)
    assert read_lines(tmp_path, *lines([*walk(*range(21)), *later])) == []  # then nothing of that visitor counts


# -- how a line may look -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/essays/essay-003",
        "/essays/essay-003/",
        "/essays/essay-003/index.html",
        "//essays///essay-003/?utm_source=x&a=%20#top",
        "/essays/essay%2D003/",
        r"/essays/essay\x2D003/",
        "/essays/ESSAY-003/",
        "https://www.example.org/essays/essay-003/",
        "/blog/essays/essay-003.html",
    ],
)
def test_addresses_of_a_post(tmp_path: Path, path: str) -> None:
    visit = walk(1, 3)
    assert read_lines(tmp_path, *lines([visit[0], replace(visit[1], path=path)])) == [[1, 3]]


@pytest.mark.parametrize("path", ["/", "/tags/essay-003/", "/essays/essay-003/cover.png", "/style.css", "-", "*"])
def test_addresses_of_none(tmp_path: Path, path: str) -> None:
    visit = walk(1, 3, 2)
    assert read_lines(tmp_path, *lines([visit[0], replace(visit[1], path=path), visit[2]])) == [[1, 2]]


def test_addresses_in_other_scripts(tmp_path: Path) -> None:
    documents = [replace(POSTS[n], post=replace(POSTS[n].post, url=f"/記事/{name}/")) for n, name in enumerate("春夏")]
    first, second = "/%E8%A8%98%E4%BA%8B/%E6%98%A5/", r"/\xE8\xA8\x98\xE4\xBA\x8B/\xE5\xA4\x8F/"
    requests = [replace(request, path=path) for request, path in zip(walk(0, 1), [first, second], strict=True)]
    write_log(tmp_path / "access.log", requests)
    logs, _ = find_logs(["access.log"], tmp_path)
    assert as_lists(read_visits(logs, documents)) == [[0, 1]]


def test_a_virtual_host_before_the_line(tmp_path: Path) -> None:
    ours = [request.line("www.example.org:443 ") for request in [*walk(1, 2), *walk(3, 4, address=IPV6)]]
    theirs = [request.line("other.example:80 ") for request in walk(5, 6, address="192.0.2.8")]
    (tmp_path / "access.log").write_text("\n".join([*ours, *theirs]), "utf-8")
    assert as_lists(visits_of(tmp_path)) == [[1, 2], [3, 4], [5, 6]]
    assert as_lists(visits_of(tmp_path, hosts=["example.org"])) == [[1, 2], [3, 4]]


def test_names_times_and_quotes(tmp_path: Path) -> None:
    stamp = "[01/Mar/2026:08:00:{:02} +0900]"
    request = '"GET /essays/essay-{:03}/ HTTP/2.0" 200 -'
    quoted = r'"he said \"hi\"" "Mozilla \"5\""'
    assert read_lines(
        tmp_path,
        f"192.0.2.7 - John Q. Public {stamp.format(1)} {request.format(1)} {quoted}",
        f'192.0.2.7 - John Q. Public {stamp.format(51)} {request.format(2)} {quoted} "extra" 0.02',
        f"host.example.net - - {stamp.format(1)} {request.format(3)}",
        f"host.example.net - - {stamp.format(9)} {request.format(4)}\r",
    ) == [[1, 2], [3, 4]]


def test_time_zones_count(tmp_path: Path) -> None:
    def line(time: str, row: int) -> str:
        return f'192.0.2.7 - - [01/Mar/2026:{time}] "GET {URLS[row]} HTTP/1.1" 200 5 "-" "{BROWSERS[0]}"'

    assert read_lines(tmp_path, line("02:10:00 +0200", 2), line("00:00:00 +0000", 1)) == [[1, 2]]


@pytest.mark.parametrize(
    "stamp", ["01/Mar/2026:08:00:x1 +0900", "01/Mar/2026:08:00 +0900", "01/Mar/2026:08:00:1 +0900"]
)
def test_times_that_are_none_beside_ones_that_are(tmp_path: Path, stamp: str) -> None:
    good = '192.0.2.7 - - [01/Mar/2026:08:00:{:02} +0900] "GET /essays/essay-{:03}/ HTTP/2.0" 200 -'
    bad = f'192.0.2.7 - - [{stamp}] "GET /essays/essay-009/ HTTP/2.0" 200 -'
    assert read_lines(tmp_path, good.format(1, 1), bad, good.format(40, 2)) == [[1, 2]]


# -- CSV ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_csv(tmp_path: Path, delimiter: str) -> None:
    rows = [
        ["Time", "path", "note", "SESSION"],
        ["2026-03-01T10:00:00Z", "/essays/essay-001/", "x", "a"],
        ["2026-03-01 10:05:00+00:00", '"/essays/essay-002/"', '"1' + delimiter + '2"', "a"],
        ["1772359200", "https://example.org/essays/essay-004/", "", "b"],
        ["1772359100000", "/essays/essay-003/", "", "b"],
        ["2026-03-01T10:00:00", "/essays/essay-009/", "", "alone"],
    ]
    text = "\ufeff" + "\r\n".join(delimiter.join(row) for row in rows)
    (tmp_path / "access.csv").write_text(text, "utf-8", newline="")
    visits = visits_of(tmp_path)
    assert as_lists(visits) == [[1, 2], [3, 4]]
    assert not visits.diagnostics


def test_broken_rows_of_a_csv_are_named(tmp_path: Path) -> None:
    text = "session,path,time\na,/essays/essay-001/,2026-03-01T10:00:00Z\na,/x\nsecret,/essays/essay-002/,noon\n"
    (tmp_path / "access.csv").write_text(text + "a,/essays/essay-002/,2026-03-01T10:01:00Z\n", "utf-8")
    visits = visits_of(tmp_path)
    assert as_lists(visits) == [[1, 2]]
    (told,) = visits.diagnostics
    assert (told.path, told.line, told.code, told.severity) == ("access.csv", 3, "bad-log-line", Severity.NOTE)
    assert "2 of 4 lines" in told.message
    assert "secret" not in told.message


# -- what cannot be read -----------------------------------------------------------------------------------------------


def test_broken_lines_are_counted_and_the_first_is_named(tmp_path: Path) -> None:
    good = lines(walk(1, 2, 3))
    bad = ["", "\x00\x01 nonsense \x1b[31m", '192.0.2.7 - - [99/Mar/2026:00:00:00 +0000] "GET ' + URLS[1] + ' x" 200 1']
    (tmp_path / "access.log").write_text("\n".join([good[0], *bad, *good[1:], ""]), "utf-8")
    visits = visits_of(tmp_path)
    assert as_lists(visits) == [[1, 2, 3]]
    (told,) = visits.diagnostics
    assert (told.path, told.line, told.code, told.severity) == ("access.log", 3, "bad-log-line", Severity.NOTE)
    assert "2 of 5 lines" in told.message


def test_a_log_that_ends_in_the_middle_of_a_line_is_no_fault(tmp_path: Path) -> None:
    text = "\n".join(lines(walk(1, 2, 3)))
    (tmp_path / "access.log").write_text(text[:-150], "utf-8")
    visits = visits_of(tmp_path)
    assert as_lists(visits) == [[1, 2]]
    assert not visits.diagnostics


def test_what_is_no_log_says_so(tmp_path: Path) -> None:
    (tmp_path / "access.bin").write_bytes(random.Random(0).randbytes(200_000))
    (told,) = visits_of(tmp_path).diagnostics
    assert (told.code, told.severity) == ("bad-log-line", Severity.WARNING)


@pytest.mark.parametrize("kind", ["access log", "CSV"])
def test_no_bytes_at_all_stop_the_reading(tmp_path: Path, kind: str) -> None:
    rng = random.Random(kind)
    rows = [f"s{n // 3},{URLS[n % 30]},2026-03-01T10:{n:02}:00Z" for n in range(60)]
    text = ["session,path,time", *rows] if kind == "CSV" else lines(walk(*range(30)) * 2)
    pieces = [b'"', b"[", b"\\", b" ", b"\n", b"\0", b",", b"%", b"\\x", b"//", b"http://[", b"9" * 20, b"nan", b"\xff"]
    for _ in range(300):
        content = bytearray("\n".join(text), "utf-8")
        for _ in range(rng.choice((1, 10, 200))):
            at = rng.randrange(len(content))
            if rng.random() < 0.5:
                content[at : at + rng.randrange(4)] = rng.randbytes(rng.randrange(4))
            else:
                content[at:at] = rng.choice(pieces)
        (tmp_path / "access.log").write_bytes(content)
        visits = visits_of(tmp_path)
        assert all(len(set(visit)) == len(visit) >= 2 for visit in as_lists(visits))


def test_endless_lines_take_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_logs, "_BLOCK", 4096)
    text = [*lines(walk(1)), "x" * 300_000, *lines(walk(1, 2))]
    (tmp_path / "access.log").write_text("\n".join(text) + "\n", "utf-8")
    visits = visits_of(tmp_path)
    assert as_lists(visits) == [[1, 2]]
    (told,) = visits.diagnostics
    assert "1 of 4 lines" in told.message


@pytest.mark.parametrize("damage", ["cut", "garbage"])
def test_damaged_gzip_counts_up_to_there(tmp_path: Path, damage: str) -> None:
    drawn = requests_of(list(readings(group_of(30, 3), 2000)), POSTS)
    write_log(tmp_path / "access.log.gz", drawn)
    whole = len(visits_of(tmp_path))
    content = (tmp_path / "access.log.gz").read_bytes()
    half = len(content) // 2
    (tmp_path / "access.log.gz").write_bytes(content[:half] + (b"" if damage == "cut" else b"\xff" * half))
    visits = visits_of(tmp_path)
    assert 0 < len(visits) < whole
    (told,) = visits.diagnostics
    assert (told.path, told.code, told.severity) == ("access.log.gz", "unreadable-log", Severity.WARNING)
    assert told.line > 1000


def test_a_small_log_that_is_cut_off_counts_up_to_there(tmp_path: Path) -> None:
    drawn = requests_of(list(readings(group_of(30, 3), 200)), POSTS)
    write_log(tmp_path / "access.log.gz", drawn)
    whole = len(visits_of(tmp_path))
    content = (tmp_path / "access.log.gz").read_bytes()
    (tmp_path / "access.log.gz").write_bytes(content[: len(content) // 2])
    visits = visits_of(tmp_path)
    assert whole / 4 < len(visits) < whole
    assert visits.diagnostics[0].line > 100


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access_logs, "_BOMB_BYTES", 1 << 20)
    bomb = ("\n".join(lines(walk(1, 2))) + "\n").encode() + b"\n" * (64 << 20)
    (tmp_path / "access.log.gz").write_bytes(gzip.compress(bomb))
    visits = visits_of(tmp_path)
    assert as_lists(visits) == [[1, 2]]
    (told,) = visits.diagnostics
    assert told.code == "unreadable-log"
    assert told.line < 10 << 20


def test_too_many_views_the_newest_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_visits, "MAX_VIEWS", 3)
    write_log(tmp_path / "access.log.1", walk(1, 2, 3, 4))
    write_log(tmp_path / "access.log", shifted(walk(5, 6, 7, 8), 86400))
    visits = visits_of(tmp_path)
    assert as_lists(visits) == [[5, 6, 7, 8]]
    assert [(told.path, told.code) for told in visits.diagnostics] == [("access.log.1", "too-many-views")]


# -- which files -------------------------------------------------------------------------------------------------------


def test_patterns_are_relative_to_the_site_or_absolute_and_name_each_file_once(tmp_path: Path) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "log"
    site.mkdir()
    elsewhere.mkdir()
    write_log(site / "access-1.log.gz", walk(1, 2))
    write_log(elsewhere / "access.log", walk(3, 4, address=IPV6))
    patterns = ["access-*.log.gz", "*.gz", os.fspath(elsewhere / "*.log"), "../log/access.log", "missing-*.log"]
    logs, diagnostics = find_logs(patterns, site)
    assert sorted(log.name for log in logs) == sorted(["access-1.log.gz", os.fspath(elsewhere / "access.log")])
    assert as_lists(read_visits(logs, POSTS)) == [[1, 2], [3, 4]]
    assert [(told.path, told.code) for told in diagnostics] == [("missing-*.log", "no-logs")]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "access.fifo")
    (tmp_path / "access.folder").mkdir()
    (tmp_path / "access.gone").symlink_to(tmp_path / "nowhere")
    logs, diagnostics = find_logs(["access.*"], tmp_path)
    assert logs == []
    assert [(told.path, told.code) for told in diagnostics] == [
        ("access.fifo", "unreadable-log"),
        ("access.gone", "unreadable-log"),
    ]


def test_a_log_that_grows_meanwhile_is_read_as_it_was(tmp_path: Path) -> None:
    write_log(tmp_path / "access.log", walk(1, 2))
    logs, _ = find_logs(["access.log"], tmp_path)
    with (tmp_path / "access.log").open("a") as file:
        file.write(shifted(walk(3), 120)[0].line() + "\n")
    assert as_lists(read_visits(logs, POSTS)) == [[1, 2]]
    again, _ = find_logs(["access.log"], tmp_path)
    assert again[0].digest != logs[0].digest
    assert as_lists(read_visits(again, POSTS)) == [[1, 2, 3]]


def test_digests_are_not_taken_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_log(tmp_path / "access.log", walk(1, 2))
    known: dict[tuple[int, int, int, int], bytes] = {}
    first, _ = find_logs(["access.log"], tmp_path, known)
    monkeypatch.setattr("hashlib.sha256", None)
    assert find_logs(["access.log"], tmp_path, known)[0] == first


def test_neither_names_nor_order_nor_cuts_of_logs_change_anything(tmp_path: Path) -> None:
    requests = requests_of(list(readings(group_of(30, 3), 400)), POSTS)
    results = []
    for number, cuts in enumerate([1, 3, 7]):
        site = tmp_path / str(number)
        site.mkdir()
        for part in range(cuts):
            name = f"access-{(part * 5 + number) % cuts}.log{'.gz' if part % 2 else ''}"
            write_log(site / name, requests[len(requests) * part // cuts : len(requests) * (part + 1) // cuts])
        results.append(visits_of(site))
    for other in results[1:]:
        np.testing.assert_array_equal(other.posts, results[0].posts)
        np.testing.assert_array_equal(other.starts, results[0].starts)
        np.testing.assert_array_equal(other.readers, results[0].readers)


def test_no_logs_and_no_posts(tmp_path: Path) -> None:
    none = read_visits([], POSTS)
    assert (len(none), none.readers.tolist()) == (0, [0] * 30)
    write_log(tmp_path / "access.log", walk(1, 2))
    logs, _ = find_logs(["access.log"], tmp_path)
    empty = read_visits(logs, [])
    assert (len(empty), empty.readers.tolist()) == (0, [])


def test_progress_ends_with_all_bytes(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    write_log(tmp_path / "access-1.log", walk(1, 2))
    write_log(tmp_path / "access-2.log.gz", walk(3, 4))
    logs, _ = find_logs(["access-*"], tmp_path)
    read_visits(logs, POSTS, progress=lambda *values: told.append(values))
    total = sum(file.stat().st_size for file in tmp_path.iterdir())
    assert told[-1] == ("reading logs", total, total)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)
