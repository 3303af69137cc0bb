"""Headless Chromium, spoken to over a pipe: pages at any size and in both colour schemes, and what they complain of.

The DevTools protocol needs a WebSocket or two pipes; pipes need no package.  Messages are JSON, each ended by a zero
byte.
"""

from __future__ import annotations

import base64
import functools
import http.server
import itertools
import json
import os
import select
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hexo_site import MODULES

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--hide-scrollbars",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--remote-debugging-pipe",
)
_COMPLAINTS = ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled", "Network.loadingFailed")


class Browser:
    """A running Chromium, and the tab that is worked in."""

    def __init__(self, read: int, write: int) -> None:
        self._read, self._write = read, write
        self._numbers = itertools.count(1)
        self._buffer = b""
        self._events: list[dict[str, Any]] = []
        self.new_tab()

    def new_tab(self) -> str:
        """Open an empty tab, and work in it from now on.  Returns its name for `show_tab`."""
        self._session = ""
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = str(self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"])
        for domain in ("Page", "Runtime", "Log", "Network"):
            self._call(f"{domain}.enable")
        return self._session

    def show_tab(self, name: str) -> None:
        """Bring a tab to the front, and work in it from now on."""
        self._session = name
        self._call("Page.bringToFront")

    def open(self, url: str, *, width: int = 1280, height: int = 900, dark: bool = False) -> list[str]:
        """Show a page and wait until it is loaded.  Returns everything that its console or the network complains of."""
        self.set_dark(dark)
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )
        self._events.clear()
        failure = self._call("Page.navigate", url=url).get("errorText")
        assert not failure, f"{url}: {failure}"
        self._wait_for("Page.loadEventFired")
        self.evaluate("document.fonts.ready.then(() => 0)")
        return [_in_words(event) for event in self._events if _is_complaint(event)]

    def set_dark(self, dark: bool) -> None:
        """Change the colour scheme of the page that is shown."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])

    def set_scripts(self, allowed: bool) -> None:
        """Whether pages that are opened from now on may run scripts."""
        self._call("Emulation.setScriptExecutionDisabled", value=not allowed)

    def requests(self) -> list[str]:
        """The addresses that were asked for since the last page was opened, its own among them."""
        self.evaluate("0")
        sent = [event for event in self._events if event.get("method") == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in sent]

    def complaints(self) -> list[str]:
        """What the console or the network has complained of since the last page was opened."""
        self.evaluate("0")
        return [_in_words(event) for event in self._events if _is_complaint(event)]

    def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression in the page; a promise is waited for."""
        answer = self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_until(self, condition: str) -> None:
        """Wait until a JavaScript expression holds; ten seconds at most."""
        self.evaluate(
            "(async () => { const end = performance.now() + 10000;"
            f"while (!({condition})) {{ if (performance.now() > end) throw Error('not so for ten seconds');"
            "await new Promise((done) => setTimeout(done, 20)); } })()"
        )

    def write(self, text: str) -> None:
        """Put a text where the cursor stands."""
        self._call("Input.insertText", text=text)

    def mouse(self, kind: str, x: float, y: float, **more: Any) -> None:
        """Something the mouse does in the window: `mouseMoved`, `mousePressed`, `mouseReleased`, `mouseWheel`."""
        self._call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x: float, y: float) -> None:
        """Click at a place in the window."""
        self.mouse("mouseMoved", x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self.mouse(kind, x, y, button="left", clickCount=1)

    def press(self, key: str) -> None:
        """Press and release a key, by its name in JavaScript (`1`, `ArrowLeft`, `Tab`)."""
        arrows = {"ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
        codes = {"Enter": 13, "Tab": 9, "Backspace": 8, "Escape": 27, " ": 32, **arrows}
        code = codes.get(key) or ord(key)
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        typed = {"text": text} if text else {}
        named = {"key": key, "windowsVirtualKeyCode": code}
        self._call("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **named, **typed)
        self._call("Input.dispatchKeyEvent", type="keyUp", **named)

    def save_downloads(self, folder: Path) -> None:
        """From now on, what a page lets the reader save lands in this folder."""
        self._call("Browser.setDownloadBehavior", behavior="allow", downloadPath=os.fspath(folder))

    def screenshot(self, file: Path, *, selector: str = "", margin: int = 0, above: int = 0) -> None:
        """A PNG of the window, or of one element with `margin` pixels round it and `above` more before it."""
        options: dict[str, Any] = {"format": "png"}
        if selector:
            box = self.evaluate(
                f"(r => [r.x + scrollX, r.y + scrollY, r.width, r.height])"
                f"(document.querySelector({json.dumps(selector)}).getBoundingClientRect())"
            )
            left, top = max(0, box[0] - margin), max(0, box[1] - margin - above)
            clip = {
                "x": left,
                "y": top,
                "width": box[2] + 2 * margin,
                "height": box[3] + 2 * margin + above,
                "scale": 1,
            }
            options |= {"clip": clip, "captureBeyondViewport": True}
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(base64.b64decode(self._call("Page.captureScreenshot", **options)["data"]))

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next_message()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result
            self._events.append(answer)

    def _wait_for(self, event: str) -> None:
        while not any(message.get("method") == event for message in self._events):
            self._events.append(self._next_message())

    def _next_message(self, seconds: float = 60) -> dict[str, Any]:
        end = time.monotonic() + seconds
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._read], [], [], max(0, end - time.monotonic()))
            chunk = os.read(self._read, 1 << 16) if ready else b""
            if not chunk:
                raise TimeoutError("Chromium does not answer" if not ready else "Chromium has ended")
            self._buffer += chunk
        text, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        return message


def accessibility_problems(page: Browser) -> list[str]:
    """What axe calls serious or critical."""
    axe = MODULES / "axe-core" / "axe.min.js"
    if not axe.exists():
        pytest.skip("axe-core is not installed (npm ci --prefix tests/hexo)")
    page.evaluate(axe.read_text("utf-8") + ";0")
    violations = page.evaluate("axe.run(document, {resultTypes: ['violations']}).then(r => r.violations)")
    return [
        f"{found['impact']} {found['id']}: {node['html'][:120]} ({node['failureSummary'][:200]})"
        for found in violations
        if found["impact"] in ("serious", "critical")
        for node in found["nodes"]
    ]


def _is_complaint(event: dict[str, Any]) -> bool:
    """A warning or an error; what a page merely logs is none."""
    method, parameters = event.get("method"), event.get("params", {})
    if method == "Log.entryAdded":
        return parameters["entry"]["level"] in ("warning", "error")
    if method == "Runtime.consoleAPICalled":
        return parameters["type"] in ("warning", "error", "assert")
    return method in _COMPLAINTS


def _in_words(event: dict[str, Any]) -> str:
    return json.dumps(event.get("params"), ensure_ascii=False)[:600]


@contextmanager
def browser(folder: Path) -> Iterator[Browser]:
    """A Chromium with its profile in `folder`, ended with the block."""
    assert CHROMIUM is not None
    to_browser, from_browser = os.pipe(), os.pipe()
    # Chromium reads at 3 and writes at 4; only a shell can put them there without a race.
    script = f'exec 3<&{to_browser[0]} 4>&{from_browser[1]}; exec "$@"'
    command = ["bash", "-c", script, "chromium", CHROMIUM, *_FLAGS, f"--user-data-dir={folder / 'profile'}"]
    process = subprocess.Popen(
        command,
        pass_fds=(to_browser[0], from_browser[1]),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "HOME": os.fspath(folder)},
    )
    os.close(to_browser[0])
    os.close(from_browser[1])
    try:
        yield Browser(from_browser[0], to_browser[1])
    finally:
        os.close(to_browser[1])  # Chromium ends when its pipe does
        os.close(from_browser[0])
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder as a site on a free port of this machine; gives its address, without a slash at the end."""
    handler = functools.partial(_Quiet, directory=os.fspath(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
