"""Renders fragments with Jinja: our own partial here, a site's partial in a process of its own.

A site's template is somebody else's program.  Jinja's sandbox keeps it from Python; a child process with limits on time
and memory keeps it from hanging the build or eating the machine.  ``python -m enishi.writing.fragments`` is that child.
"""

from __future__ import annotations

import faulthandler
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    Template,
    TemplateError,
    TemplateSyntaxError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import escape

from enishi.errors import Diagnostic, Severity

if TYPE_CHECKING:
    from jinja2 import BaseLoader

Views = Sequence[Mapping[str, object]]
"""One a post; JSON-like, with its `path`."""

_SECONDS_EACH = 5.0
_SECONDS_TO_START = 30.0
_MEMORY = 1 << 30
_LONGEST_FRAGMENT = 1_000_000
_LONGEST_RANGE = 10_000


class _TooLongError(Exception):
    """A template printed more than a fragment can sensibly hold."""


def render_builtin(views: Views, template: Path) -> list[str]:
    """Fragments by the partial that comes with Enishi, of views that lack nothing.

    A brace is written as a character reference: the page is the same, and a generator that runs its own templates over
    a post's text (Nunjucks, Liquid, Jinja) finds no ``{{`` of a title in it.
    """
    compiled = _compiled(template)
    return [compiled.render(view).replace("{", "&#123;") for view in views]


class _OurEnvironment(Environment):
    """For our own partial, which is no stranger's program and escapes whatever it prints by a filter of that name.

    A sandbox, or to escape a second time what is escaped, would cost more than all the rest.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(loader=FileSystemLoader(folder), autoescape=False, undefined=StrictUndefined)
        self.filters["escape"] = lru_cache(maxsize=65_536)(_escaped)  # a post's title and tags stand in many lists

    def getattr(self, obj: Any, attribute: str) -> Any:
        """What the template calls `obj.attribute`: nearly always an entry of a dictionary."""
        return obj[attribute] if type(obj) is dict else super().getattr(obj, attribute)


@lru_cache(maxsize=1)
def _compiled(template: Path) -> Template:
    return _OurEnvironment(template.parent).get_template(template.name)


def _escaped(text: str) -> str:
    return str(escape(text))


def render_with_site_template(
    views: Views, template: Path, ours: Path, site: Path
) -> tuple[list[str] | None, tuple[Diagnostic, ...]]:
    """Fragments by the site's own partial; None and a diagnostic where it fails for any post.

    Args:
        template: the site's partial; what it includes is looked for beside it, then beside `ours`.
        site: diagnostics name the template relative to this folder.
    """
    paths = {"template": os.fspath(template.resolve()), "ours": os.fspath(ours.parent)}
    job = json.dumps({**paths, "seconds": _SECONDS_EACH, "views": views})
    package = os.fspath(Path(__file__).resolve().parents[2])
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))}
    try:
        child = subprocess.run(
            [sys.executable, "-P", "-m", "enishi.writing.fragments"],  # -P: no module of the current folder
            input=job.encode("ascii"),
            capture_output=True,
            check=False,
            env=environment,
            timeout=_SECONDS_TO_START + _SECONDS_EACH * len(views),
        )
    except subprocess.TimeoutExpired:
        return None, (_failure(template, site, "takes too long"),)
    try:
        answer = json.loads(child.stdout)
    except ValueError:
        cause = f"took more than {_SECONDS_EACH:g} seconds for one post, or more memory than it may have"
        return None, (_failure(template, site, cause),)
    if "error" in answer:
        error = answer["error"]
        return None, (_failure(template.parent / error["name"], site, error["message"], error["line"]),)
    return list(answer["fragments"]), ()


def _failure(template: Path, site: Path, cause: str, line: int = 0) -> Diagnostic:
    shown = template.relative_to(site) if template.is_relative_to(site) else Path(template.name)
    message = f"this template failed, so Enishi's own was used for all posts: {cause}"
    return Diagnostic(shown.as_posix(), line, "bad-template", Severity.ERROR, message)


def _environment(loader: BaseLoader) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        loader=loader, autoescape=True, undefined=StrictUndefined, auto_reload=False
    )
    environment.globals["range"] = _short_range
    del environment.globals["lipsum"]
    return environment


def _short_range(*bounds: int) -> range:
    numbers = range(*bounds)
    if len(numbers) > _LONGEST_RANGE:
        raise OverflowError(f"range() of more than {_LONGEST_RANGE} numbers")
    return numbers


# -- the child -------------------------------------------------------------------------------------------------------


def _child(job: Mapping[str, Any]) -> dict[str, object]:
    own, ours = Path(job["template"]), FileSystemLoader(job["ours"])
    loader = ChoiceLoader([FileSystemLoader(own.parent), ours, PrefixLoader({"enishi": ours})])
    path, fragments = "", []
    faulthandler.dump_traceback_later(job["seconds"], exit=True)  # Jinja computes constants when it compiles
    try:
        template = _environment(loader).get_template(own.name)
        for view in job["views"]:
            path = view["path"]
            faulthandler.dump_traceback_later(job["seconds"], exit=True)
            fragments.append(_bounded(template.generate(view)))
        faulthandler.cancel_dump_traceback_later()
    except Exception as error:
        return {"error": {"name": own.name, **_place_of(error, own.parent), "message": _message_of(error, path)}}
    return {"fragments": fragments}


def _bounded(chunks: Any) -> str:
    pieces, length = [], 0
    for chunk in chunks:
        length += len(chunk)
        if length > _LONGEST_FRAGMENT:
            raise _TooLongError(f"a fragment of more than {_LONGEST_FRAGMENT} characters")
        pieces.append(chunk)
    return "".join(pieces)


def _place_of(error: Exception, folder: Path) -> dict[str, object]:
    """Template and line.  Jinja rewrites tracebacks so that their frames name the template's own lines."""
    if isinstance(error, TemplateSyntaxError):
        return {"name": error.name, "line": error.lineno} if error.name else {"line": error.lineno}
    place: dict[str, object] = {"line": 0}
    frame = error.__traceback__
    while frame is not None:
        file = Path(frame.tb_frame.f_code.co_filename)
        if file.is_relative_to(folder):
            place = {"name": file.relative_to(folder).as_posix(), "line": frame.tb_lineno}
        frame = frame.tb_next
    return place


def _message_of(error: Exception, path: str) -> str:
    kind = "" if isinstance(error, (TemplateError, _TooLongError)) else f"{type(error).__name__} "
    return f"{kind}{error}".strip() + (f" (for {path})" if path else "")


def _limit_memory(job_size: int) -> None:
    if sys.platform != "win32":
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = _MEMORY + 8 * job_size
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _main() -> None:
    job = sys.stdin.buffer.read()
    _limit_memory(len(job))
    sys.stdout.write(json.dumps(_child(json.loads(job))))


if __name__ == "__main__":
    _main()
