"""The server of a review: on this machine alone, for who knows the token in the address, and for our own page.

Another page in the same browser can send requests here.  It cannot know the token; and a request that names another
host (DNS rebinding), comes from another origin, or is one that a mere form can send, is refused before it is looked at.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
import traceback
from collections.abc import Awaitable, Callable, Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from enishi.commands.review.session import ACTIONS, ConflictError, Session, UnknownItemError
from enishi.errors import EnishiError, SettingsError
from enishi.writing.render import templates_folder

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Receive, Scope, Send

_HOST = "127.0.0.1"
_MOST_BYTES = 64 * 1024
_MOST_TAGS = 50
"""That one post may get at once."""
_PATIENCE = 10
"""Seconds for a request's body to arrive."""
_CONCURRENT = 32
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
_ITEM = "api/item/"
_TYPES = {".js": "text/javascript", ".css": "text/css"}


class _RefusedError(Exception):
    """A request that is not answered; the status says all that a stranger may know."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def check_installed() -> None:
    """Complain before any work is done.

    Raises:
        SettingsError: starlette or uvicorn is not installed.
    """
    for name in ("starlette", "uvicorn"):
        if find_spec(name) is None:
            raise SettingsError(f'`enishi review` needs {name}: pip install "enishi[review]"')


class Review:
    """A page of decisions, served until it is closed.

    Raises:
        SettingsError: the port is taken.
    """

    def __init__(self, session: Session, page: Callable[[str, str], bytes], port: int = 0) -> None:
        import uvicorn

        self.session = session
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            self._socket.bind((_HOST, port))
            self._socket.listen(_CONCURRENT)
        except OSError as error:
            raise SettingsError(f"--port {port}: {error.strerror or error}. Name another one, or none") from None
        self.port: int = self._socket.getsockname()[1]
        self._token = secrets.token_urlsafe(32)
        self.bugs: list[str] = []
        """What went wrong by our own fault, as stack traces."""
        config = uvicorn.Config(
            self._guarded(self._routes(page)),
            http="h11",
            ws="none",
            loop="asyncio",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            limit_concurrency=_CONCURRENT,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)

    @property
    def address(self) -> str:
        """Where the page is, with the token."""
        return f"http://{_HOST}:{self.port}/{self._token}/"

    def run(self) -> None:
        """Serve until the page is closed, or the author interrupts."""
        try:
            self._server.run(sockets=[self._socket])
        except KeyboardInterrupt:
            pass
        finally:
            self._socket.close()

    def stop(self) -> None:
        """End the server soon."""
        self._server.should_exit = True

    # -- what is let in ----------------------------------------------------------------------------------------------

    def _guarded(self, routes: Mapping[tuple[str, str], Callable[[Request], Awaitable[Response]]]) -> ASGIApp:
        from starlette.requests import Request
        from starlette.responses import Response

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope, receive)
            try:
                name = self._name_asked_for(request)
                if name.startswith(_ITEM):
                    name, scope["path_params"] = _ITEM, {"id": name.removeprefix(_ITEM)}
                route = routes.get((request.method, name))
                if route is None:
                    raise _RefusedError(405 if any(known == name for _, known in routes) else 404)
                response = await route(request)
            except _RefusedError as refused:
                response = Response(status_code=refused.status)
            response.headers.update(_HEADERS)
            await response(scope, receive, send)

        return answer

    def _name_asked_for(self, request: Request) -> str:
        """What stands behind the token in the address of a request that is our own page's."""
        hosts = {f"{host}:{self.port}" for host in (_HOST, "localhost")}
        if len(request.headers.getlist("host")) != 1 or request.headers["host"] not in hosts:
            raise _RefusedError(403)
        origins = request.headers.getlist("origin")
        is_own = bool(origins) and all(origin in {f"http://{host}" for host in hosts} for origin in origins)
        if origins and not is_own:
            raise _RefusedError(403)
        raw: bytes = request.scope.get("raw_path") or b""
        token, slash, name = raw.partition(b"?")[0].removeprefix(b"/").partition(b"/")
        if not secrets.compare_digest(token, self._token.encode()) or not slash:
            raise _RefusedError(404)
        if request.method == "POST":
            if not is_own and request.headers.get("sec-fetch-site") != "same-origin":
                raise _RefusedError(403)
            if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
                raise _RefusedError(415)
        return name.decode("ascii", "replace")

    # -- what there is -----------------------------------------------------------------------------------------------

    def _routes(self, page: Callable[[str, str], bytes]) -> dict[tuple[str, str], Any]:
        from starlette.responses import Response

        def fixed(content: bytes, media_type: str) -> Callable[[Request], Awaitable[Response]]:
            async def answer(_: Request) -> Response:
                return Response(content, media_type=f"{media_type}; charset=utf-8")

            return answer

        folder = templates_folder()
        files = [folder / "page.css", *sorted((folder / "review").glob("*.[jc]s*"))]
        routes: dict[tuple[str, str], Any] = {
            ("GET", file.name): fixed(file.read_bytes(), _TYPES[file.suffix]) for file in files if file.suffix in _TYPES
        }
        session = self.session
        return routes | {
            ("GET", ""): fixed(page(session.language, session.title), "text/html"),
            ("GET", "api/queue"): self._answering(lambda _: session.queue()),
            ("GET", "api/changes"): self._answering(lambda asked: session.changes(_number(asked, "since"))),
            ("GET", _ITEM): self._answering(self._item),
            ("POST", "api/decide"): self._answering(self._decide),
            ("POST", "api/undo"): self._answering(lambda _: session.undo()),
            ("POST", "api/close"): self._answering(self._close),
        }

    def _item(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        name, keep = _texts(asked, "id", "keep")
        return self.session.item(name, _tags(asked), keep)

    def _decide(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        name, action, keep = _texts(asked, "id", "action", "keep")
        if action not in ACTIONS:
            raise _RefusedError(400)
        return self.session.decide(name, action, _tags(asked), keep)

    def _close(self, _: Mapping[str, Any]) -> dict[str, Any]:
        self.stop()
        return {}

    def _answering(self, work: Callable[[Mapping[str, Any]], Any]) -> Callable[[Request], Awaitable[Response]]:
        """A route that answers with JSON; the work may take its time, so it has a thread of its own."""
        from starlette.concurrency import run_in_threadpool
        from starlette.responses import Response

        async def answer(request: Request) -> Response:
            if request.method == "POST":
                asked = await _body(request)
            else:
                query = request.query_params
                asked = {**query, "tags": query.getlist("tags"), **request.path_params}
            status, values = await run_in_threadpool(self._worked, work, asked)
            data = json.dumps(values, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
            return Response(data, status, media_type="application/json")

        return answer

    def _worked(self, work: Callable[[Mapping[str, Any]], Any], asked: Mapping[str, Any]) -> tuple[int, Any]:
        try:
            return 200, work(asked)
        except ConflictError as conflict:
            return 409, conflict.values
        except UnknownItemError as error:
            return 404, {"problem": str(error)}
        except EnishiError as error:
            return 422, {"problem": str(error)}
        except _RefusedError:
            raise
        except Exception as error:
            self.bugs.append(traceback.format_exc())
            return 500, {"problem": f"{error.__class__.__name__}: {error}"}


async def _body(request: Request) -> Mapping[str, Any]:
    """The JSON object that a request brings."""
    data = bytearray()
    try:
        async with asyncio.timeout(_PATIENCE):
            async for chunk in request.stream():
                data += chunk
                if len(data) > _MOST_BYTES:
                    raise _RefusedError(413)
        value = json.loads(data)
    except TimeoutError:
        raise _RefusedError(408) from None
    except (ValueError, RecursionError):
        raise _RefusedError(400) from None
    if not isinstance(value, dict):
        raise _RefusedError(400)
    return value


def _texts(asked: Mapping[str, Any], *names: str) -> list[str]:
    values = [asked.get(name, "") for name in names]
    if not all(isinstance(value, str) for value in values):
        raise _RefusedError(400)
    return values


def _tags(asked: Mapping[str, Any]) -> list[str]:
    tags = asked.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags) or len(tags) > _MOST_TAGS:
        raise _RefusedError(400)
    return tags


def _number(asked: Mapping[str, Any], name: str) -> int:
    text = asked.get(name, "0")
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise _RefusedError(400)
    return int(text)
