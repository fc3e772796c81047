"""Serves the page to this machine: a fixed list of files and one model, nothing else.

What belongs here: HTTP. What does not: which model (:mod:`groove.cli.phase_page`).

Conventions
-----------
* Bound to 127.0.0.1, where browsers let a page use the microphone without a certificate.
* What may be asked for is listed when the server starts. A path is looked up in that list and
  never joined to a folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from groove.export.web import RUNTIME_FILES

HOST = "127.0.0.1"
MODEL_NAME = "model.onnx"
#: Of the page's folder, what is the page; the rest are tests, locks and notes.
_PAGE_FILES = ("index.html", "style.css", "icon.svg", "offline.js")
_PAGE_MODULES = "js/*.js"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    ".onnx": "application/octet-stream",
}
_HEADERS = {
    # blob: a file that was chosen plays from the browser's own memory.
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self' blob:; "
        "media-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True)
class Served:
    """One thing that may be asked for: a file, or bytes that are here already."""

    name: str
    content: Path | bytes

    @property
    def media_type(self) -> str:
        """Its MIME type."""
        return _TYPES[Path(self.name).suffix]

    def read(self) -> bytes:
        """Return its bytes; a page's file may be edited while the server runs."""
        return self.content if isinstance(self.content, bytes) else self.content.read_bytes()


def served(page: Path, runtime: Path, model: bytes) -> dict[str, Served]:
    """Return everything that may be asked for, by its path in a URL."""
    names = [*_PAGE_FILES, *(f"js/{file.name}" for file in sorted(page.glob(_PAGE_MODULES)))]
    files = {f"/{name}": Served(name, page / name) for name in names if (page / name).is_file()}
    files |= {f"/vendor/{name}": Served(name, runtime / name) for name in RUNTIME_FILES}
    files["/"] = files["/index.html"]
    files[f"/{MODEL_NAME}"] = Served(MODEL_NAME, model)
    return files


class PageServer(ThreadingHTTPServer):
    """The page, on 127.0.0.1.

    Parameters
    ----------
    files
        As :func:`served` returns them.
    port
        0 takes any that is free.
    """

    daemon_threads = True
    # Another server's port is not taken over.
    allow_reuse_port = False

    def __init__(self, files: Mapping[str, Served], port: int) -> None:
        super().__init__((HOST, port), _Handler)
        self.files = files

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{HOST}:{self.server_address[1]}/"

    @cached_property
    def hosts(self) -> frozenset[str]:
        """Names it answers to: a page elsewhere must not reach it under a name of its own."""
        port = self.server_address[1]
        return frozenset({f"{HOST}:{port}", f"localhost:{port}"})


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60
    server: PageServer

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, *, with_body: bool) -> None:
        if self.headers.get("Host", "") not in self.server.hosts:
            self._send(HTTPStatus.MISDIRECTED_REQUEST, b"", {}, with_body=with_body)
            return
        found = self.server.files.get(unquote(urlsplit(self.path).path))
        if found is None:
            self._send(HTTPStatus.NOT_FOUND, b"", {}, with_body=with_body)
            return
        body = found.read()
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        headers = {"Content-Type": found.media_type, "ETag": tag}
        if self.headers.get("If-None-Match") == tag:
            self._send(HTTPStatus.NOT_MODIFIED, None, headers, with_body=False)
        else:
            self._send(HTTPStatus.OK, body, headers, with_body=with_body)

    def _send(
        self, status: HTTPStatus, body: bytes | None, headers: Mapping[str, str], *, with_body: bool
    ) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, **headers}.items():
            self.send_header(name, value)
        if body is not None:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body and body:
            self.wfile.write(body)

    def version_string(self) -> str:
        return "groove"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base's name
        """Say nothing: every load of the page would fill the terminal."""
