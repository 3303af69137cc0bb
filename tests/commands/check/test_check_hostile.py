"""A pull request that means harm, checked from end to end while Python itself reports what is opened, run and asked.

Every interpreter tells its audit hooks of files, processes, sockets and pickles.  So nothing has to be guessed: the
check of a repository full of traps may open what lies in the site, ask git, and nothing else.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from blog import topic_posts, write_blog
from enishi.cli import main
from places import PACKAGE

FORMATS = ("text", "json", "github", "checkstyle", "rdjson", "sarif", "gitlab", "junit", "markdown", "diff")
SECRET = "the-secret-of-this-machine"
pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs links, and file names that Windows has not")

WATCHED = """
import json, os, sys
seen = {"opened": [], "run": [], "network": [], "unpickled": [], "imported": []}
site, secret = map(os.path.realpath, sys.argv[1:3])

def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)):
        path = os.path.realpath(os.fsdecode(arguments[0]))
        if path.startswith(secret + os.sep):
            seen["opened"].append(path)
        if path.startswith(site + os.sep) and path.endswith((".py", ".pyc", ".so", ".j2", ".pkl", ".joblib")):
            seen["opened"].append(path)
    elif event == "subprocess.Popen":
        seen["run"].append([os.fsdecode(part) for part in arguments[1]])
    elif event in ("os.system", "os.exec", "os.posix_spawn", "pty.spawn"):
        seen["run"].append([event, repr(arguments)])
    elif event.startswith(("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "urllib.")):
        seen["network"].append([event, repr(arguments)])
    elif event == "pickle.find_class" and arguments[0].partition(".")[0] not in ("concurrent", "multiprocessing"):
        seen["unpickled"].append(repr(arguments))
    elif event == "import" and arguments[1] and os.path.realpath(arguments[1]).startswith(site + os.sep):
        seen["imported"].append(arguments[0])

sys.addaudithook(hook)
from enishi.cli import main
try:
    code = main(sys.argv[3:])
except SystemExit as ended:
    code = ended.code
sys.stderr.write("\\nSEEN " + json.dumps([code, seen]) + "\\n")
"""

EVIL = [
    "::error file=a.md::gotcha",
    "a\n::stop-commands::x",
    "\x1b[31mred\x1b]0;title\x07",
    "</details><script>alert(1)</script>",
    "[click](javascript:alert(1)) ![x](//evil.example/x.png)",
    "##[error]gotcha ##vso[task.setvariable variable=a]b",
    "`|` @everyone #1 <!-- ]]> &quot;",
    "\u202egnp.exe",
]


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A blog on `main`, on a branch of its own for a pull request, beside a folder that is nobody's business."""
    secret = tmp_path / "secret"
    secret.mkdir()
    for name in ("post.md", "settings.toml", "ontology.yml", "constants.json", "declined.toml"):
        (secret / name).write_text(f"---\ntitle: {SECRET}\ntags: [{SECRET}]\n---\n{SECRET} " * 3)
    blog = write_blog(tmp_path / "blog", topic_posts(3))
    git(blog, "init", "-q", "-b", "main")
    git(blog, "add", "-A")
    git(blog, "commit", "-q", "-m", "blog")
    git(blog, "checkout", "-q", "-b", "evil")
    return blog


def propose(site: Path, files: dict[str, str]) -> None:
    """The pull request."""
    for name, text in files.items():
        file = site / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
    git(site, "add", "-A", "-f")
    git(site, "commit", "-q", "-m", "please merge")


def check(site: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, what Python's audit hooks saw, and all that was printed."""
    secret = site.parent / "secret"
    done = subprocess.run(
        [sys.executable, "-P", "-c", WATCHED, site, secret, "check", *arguments],
        cwd=site,
        capture_output=True,
        timeout=300,
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "GITHUB_"))},
            "PYTHONPATH": PACKAGE.parent,
        },
    )
    told, _, seen = done.stderr.decode("utf-8", "replace").rpartition("\nSEEN ")
    code, events = json.loads(seen)
    return code, events, done.stdout.decode("utf-8", "replace") + told


def assert_harmless(seen: dict[str, Any]) -> None:
    assert seen["opened"] == []
    assert seen["network"] == []
    assert seen["unpickled"] == []
    assert seen["imported"] == []
    assert {Path(command[0]).name for command in seen["run"]} <= {"git"}


def post(title: str, words: str, more: str = "") -> str:
    return f"---\ntitle: {json.dumps(title)}\n{more}---\n{words}\n"


def test_every_format_of_a_hostile_pull_request(site: Path, tmp_path: Path) -> None:
    """Names of files, titles, tags and words that mean something to a log, a terminal, a page or a shell."""
    words = " ".join((site / "source/_posts/tea-1.md").read_text().split("---")[2].split())
    files = {}
    for number, evil in enumerate(EVIL):
        name = evil.replace("/", "\u2215")[:60]
        files[f"source/_posts/{name}.md"] = post(evil, f"{words} {evil}", f"tags: [{json.dumps(evil)}]\n")
        files[f"source/_posts/second-{number}.md"] = post(f"{evil} 2", words, f"tags: [{json.dumps(evil)}]\n")
    files["source/_posts/--output=text=pwned.md"] = post("-rf", words)
    propose(site, files)
    outputs = [f"--output={name}={tmp_path / 'out' / name}" for name in FORMATS]
    code, seen, printed = check(site, "--base=main", "--format=github", "--min-confidence=0", *outputs)
    assert code == 0
    assert_harmless(seen)
    texts = {name: (tmp_path / "out" / name).read_bytes().decode("utf-8") for name in FORMATS}
    assert json.loads(texts["json"])["findings"]
    for name, text in {**texts, "printed": printed}.items():
        if name != "diff":
            for character in "\x1b\x07\u202e\x00":
                assert character not in text, name
        assert "##[" not in text, name
        assert "##vso[" not in text, name
        for line in text.splitlines() if name != "diff" else ():
            command = line.lstrip().startswith("::")
            assert not command or line.startswith(("::warning file=", "::notice file=", "::group::", "::endgroup::")), (
                line
            )
            assert "gotcha" not in line.partition("::")[0] or not command
    assert "<script" not in texts["junit"] + texts["checkstyle"]
    without_code = re.sub(r"`[^`\n]*`", "", texts["markdown"])
    assert "<script" not in without_code
    assert "](javascript:" not in without_code
    assert not list(tmp_path.rglob("pwned*"))


def test_traps_in_the_repository_are_not_sprung(site: Path, tmp_path: Path) -> None:
    """Links, templates, modules, a tracked cache, hooks and settings of git: each would leave a mark."""
    mark = tmp_path / "mark"
    secret = tmp_path / "secret"
    posts = site / "source/_posts"
    (posts / "link.md").symlink_to(secret / "post.md")
    (posts / "folder").symlink_to(secret)
    run = f"open({str(mark)!r}, 'a').write(__name__)\n"
    pickled = f"cbuiltins\nexec\n(S{run!r}\ntR."
    propose(
        site,
        {
            **{
                f"{name}.py": run
                for name in ("enishi", "numpy", "json", "yaml", "sitecustomize", "typer", "git", "signal")
            },
            ".enishi/cache.db": pickled,
            ".enishi/model/model.pkl": pickled,
            ".enishi/.gitignore": "",
            "templates/enishi/related.html.j2": "{{ cycler.__init__.__globals__.os.system('touch "
            + str(mark)
            + "') }}",
            "models/evil/config.json": '{"auto_map": {"AutoModel": "modeling.Evil"}}',
            "models/evil/modeling.py": run,
            "enishi.toml": 'encoder.model = "models/evil"\n',
            ".gitattributes": "*.md filter=evil diff=evil\n",
            "source/_posts/python.md": post("x", "tea", f"a: !!python/object/apply:os.system [touch {mark}]\n"),
            "source/_posts/bomb.md": post("y", "tea", "a: &a [x,x,x,x,x,x,x,x,x]\n" + _bomb()),
            "source/_posts/js.md": f"---js\n{{ title: require('fs').writeFileSync({str(mark)!r}, '') }}\n---\ntea\n",
        },
    )
    for name in ("post-checkout", "pre-commit", "post-index-change", "fsmonitor-watchman"):
        hook = site / ".git/hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {mark}\n")
        hook.chmod(0o755)
    touch = f"touch {mark}; cat"
    for key in ("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "diff.external", "credential.helper"):
        git(site, "config", key, touch)
    for key in ("filter.evil.clean", "filter.evil.smudge", "diff.evil.command", "diff.evil.textconv", "alias.ls-tree"):
        git(site, "config", key, touch)
    mark.unlink(missing_ok=True)  # what git itself did while the trap was laid
    code, seen, printed = check(site, "--base=main", "--format=json")
    assert code == 0, printed
    assert_harmless(seen)
    assert not mark.exists()
    assert SECRET not in printed
    assert {finding["path"] for finding in json.loads(printed.partition("\n}\n")[0] + "\n}")["findings"]}


def _bomb() -> str:
    names = "abcdefghijklmnop"
    return "".join(f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in pairwise(names))


@pytest.mark.parametrize(
    "setting",
    [
        'posts = ["../secret"]',
        'posts = ["/etc"]',
        'posts = ["source/_posts", "folder"]',
        'templates = "../secret"',
        'data_file = "../secret/enishi.json"',
        'data_file = "/tmp/enishi-pwned.json"',
        'tags.broader = "../secret/ontology.yml"',
        'tags.broader = "link.yml"',
        'tags.constants = "../secret/constants.json"',
        'tags.constants = "link.yml"',
        'encoder.model = "../secret"',
        'encoder.model = "intfloat/multilingual-e5-small"',
        'encoder.model = "https://evil.example/model"',
        'encoder.model = "//evil.example/share"',
    ],
)
def test_settings_lead_nowhere(site: Path, setting: str) -> None:
    """Whether the check says no to them (2) or goes on without them (0): nothing outside is opened or asked."""
    (site / "folder").symlink_to(site.parent / "secret")
    (site / "link.yml").symlink_to(site.parent / "secret" / "ontology.yml")
    before = sorted((site.parent / "secret").iterdir())
    propose(site, {"enishi.toml": setting + "\n", "source/_posts/new.md": post("New", "tea and kettles")})
    code, seen, printed = check(site, "--base=main")
    assert code in (0, 2), printed
    assert_harmless(seen)
    assert SECRET not in printed
    assert sorted((site.parent / "secret").iterdir()) == before
    assert not Path("/tmp/enishi-pwned.json").exists()


@pytest.mark.parametrize(
    "ref", ["--upload-pack=touch pwned", "-h", "main\n--output=x", "$(touch pwned)", "main..evil", ""]
)
def test_names_of_refs(site: Path, ref: str) -> None:
    propose(site, {"source/_posts/new.md": post("New", "tea and kettles")})
    code, seen, _ = check(site, f"--base={ref}")
    assert code == (0 if not ref else 2)
    assert_harmless(seen)
    assert not list(site.parent.rglob("pwned"))


def test_a_huge_pull_request_is_bounded(site: Path) -> None:
    """50 MB, 100,000 tags, a line of 10 MB, front matter of 100,000 keys: each named, the rest checked."""
    files = {
        "source/_posts/tags.md": post("Tags", "tea", f"tags: [{', '.join(f't{n}' for n in range(100_000))}]\n"),
        "source/_posts/keys.md": post("Keys", "tea", "".join(f"k{n}: v\n" for n in range(100_000))),
        "source/_posts/line.md": post("Line", "tea " * 500_000),
        "source/_posts/deep.md": post("Deep", "> " * 20_000 + "- " * 20_000 + "*a " * 20_000 + "[" * 20_000),
        "source/_posts/marks.md": post("Marks", "a" + "\u0301\u0316" * 100_000),
        "source/_posts/new.md": post("New", "tea and kettles"),
    }
    propose(site, files)
    with (site / "source/_posts/huge.md").open("wb") as file:
        file.write(b"---\ntitle: Huge\n---\n")
        file.truncate(50 * 1024 * 1024)
    code, seen, printed = check(site, "--base=main", "--format=json")
    assert code == 0, printed[-2_000:]
    assert_harmless(seen)
    assert len(printed) < 1_000_000
    assert "source/_posts/new.md" in printed
    assert "source/_posts/huge.md" in printed


# -- the code itself ---------------------------------------------------------------------------------------------------

_NEVER = {"pickle", "joblib", "marshal", "shelve", "dill", "cloudpickle", "ctypes", "telnetlib", "ftplib"}
_NETWORK = {"socket", "ssl", "requests", "httpx", "http", "urllib.request", "aiohttp"}


def _calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


@pytest.mark.parametrize("file", sorted(PACKAGE.rglob("*.py")), ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_no_code_loads_code(file: Path) -> None:
    tree = ast.parse(file.read_text("utf-8"))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    is_of_cluster = file == PACKAGE / "distributed" / "cluster.py"  # its machines send each other objects
    assert not {name.partition(".")[0] for name in imported} & _NEVER - ({"pickle"} if is_of_cluster else set())
    assert not imported & _NETWORK or file == PACKAGE / "commands" / "review" / "server.py"  # it listens, here alone
    assert "subprocess" not in imported or file.name in ("git.py", "fragments.py")  # git; our own templates
    for call in _calls(tree):
        name = ast.unparse(call.func)
        keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
        assert name not in ("eval", "exec", "compile", "os.system", "os.popen", "__import__"), name
        assert keywords.get("shell", "False") == "False"
        assert keywords.get("allow_pickle", "False") == "False"
        assert keywords.get("trust_remote_code", "False") == "False"
        if name == "yaml.load":
            assert "safe" in ast.unparse(call).lower() or "_loader_class" in ast.unparse(call)
        assert not name.startswith("yaml.") or "unsafe" not in name


# -- names that are printed outside of a report -----------------------------------------------------------------------

NAME = "x\n::stop-commands::pwnd\n::error file=a.md,line=1::Approved\r\n##[error]no\n\x1b[2J\x9b2J\u202e"
QUOTED = json.dumps(NAME)
PLACES = {
    "a setting": {"enishi.toml": f"{QUOTED} = 1\n"},
    "a value": {"enishi.toml": f"generator = {QUOTED}\n"},
    "a level": {"enishi.toml": f'[check]\nlevels = {{{QUOTED} = "off"}}\n'},
    "folders of posts": {"enishi.toml": f"posts = [{QUOTED}]\n"},
    "a model": {"enishi.toml": f"[encoder]\nmodel = {QUOTED}\n"},
    "a file of broader tags": {"enishi.toml": f"[tags]\nbroader = {QUOTED}\n"},
    "a template": {"enishi.toml": f"templates = {QUOTED}\n"},
    "a data file": {"enishi.toml": f"data_file = {QUOTED}\n"},
    "broken TOML": {"enishi.toml": f"[{QUOTED}]\n{QUOTED} = \n"},
    "Hexo's settings": {"_config.yml": f"{QUOTED}: 1\nenishi: {{{QUOTED}: 1}}\npermalink: {QUOTED}\n"},
    "broken YAML": {"_config.yml": f"a: *{'a' * 9}\n{QUOTED}: [\n"},
    "a post": {"source/_posts/new.md": f"---\n{QUOTED}: 1\nenishi: {{{QUOTED}: 1, pin: {QUOTED}}}\n---\nText\n"},
    "a name of a file": {f"source/_posts/{NAME.replace('/', '')}.md": "---\ntitle: [\n---\nText\n"},
    "declined": {".enishi-declined.toml": f"{QUOTED} = [1]\n"},
    "decisions": {".enishi-decisions.jsonl": f"{NAME}\n{{{QUOTED}: 1}}\n"},
    "a baseline": {".enishi-baseline.json": json.dumps({"version": NAME, "findings": []})},
}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names of files")
@pytest.mark.parametrize("where", [*PLACES, "a link"])
def test_no_name_is_a_command_of_a_log_or_a_terminal(
    tmp_path: Path, where: str, capfd: pytest.CaptureFixture[str]
) -> None:
    site = write_blog(tmp_path / "blog", topic_posts(1))
    for name, text in PLACES.get(where, {}).items():
        (site / name).write_text(text, "utf-8")
    if where == "a link":
        (tmp_path / "out.yml").write_text("a: 1\n")
        (site / f"{NAME.replace('/', '')}.yml").symlink_to(tmp_path / "out.yml")
        (site / "source" / "_posts" / f"{NAME.replace('/', '')}.md").symlink_to(tmp_path / "out.yml")
    for command in (["check", "--all", "--site"], ["build"]):
        assert main([*command, str(site)]) != 3
        told = capfd.readouterr()
        for line in (told.out + told.err).split("\n"):
            assert not line.lstrip().startswith("::"), (command, line)
            assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e]", line), (command, line)
            assert "##[" not in line, (command, line)


MOVED = """
from enishi.commands.check.post_findings import near_duplicates
from enishi.types import Document, Post, Terms, TextFields

paths = [f"moved/{number}.md" for number in range(40_000)]
documents = [Document(Post(path, path), TextFields(), {}, Terms({}, {})) for path in paths]
nearest = {row: [(row + step) % len(paths) for step in range(1, 11)] for row in range(len(paths))}
assert list(near_duplicates(documents, nearest, paths)) == []
"""


def test_a_folder_that_moved_with_all_its_posts_takes_no_time() -> None:
    """Nothing is asserted of seconds; to look for each post in a list of all runs into the timeout."""
    done = subprocess.run([sys.executable, "-c", MOVED], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
