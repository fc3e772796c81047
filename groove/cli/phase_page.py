"""`groove phase page`: the bar phase in a browser, on this machine.

What belongs here: options and output. What does not: HTTP (:mod:`groove.cli.page_server`), the
page itself (``web/``), getting its runtime (:mod:`groove.cli.phase_runtime`).
"""

from __future__ import annotations

import errno
import sys
from pathlib import Path
from typing import Annotated

import typer

from groove.cli.page_server import PageServer, served
from groove.cli.refusal import refusals

_EXAMPLES = """
Examples:

  groove phase page --open

  groove phase page --model mine.onnx --port 9000
"""


class PageError(ValueError):
    """The page cannot be served. The message says why."""


def page(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes any that is free")] = 8123,
    model: Annotated[
        Path | None, typer.Option(help="ONNX file of a model; the released one without it")
    ] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open it in the browser")] = False,
    fetch: Annotated[
        bool, typer.Option("--fetch", help="Only get what the page needs from the network")
    ] = False,
) -> None:
    """Show where in the bar the music is, in a browser: microphone or file.

    The first time it fetches onnxruntime-web (33 MB, from npm's registry, checked against
    package-lock.json). After that neither the command nor the page needs a network, and no sound
    leaves the machine.
    """
    from groove.cli.downloading import FetchError
    from groove.cli.phase_runtime import ensure_runtime
    from groove.export.web import RuntimeMissingError, page_folder
    from groove.phase.play.stepfile import StepFile, model_bytes

    with refusals():
        data = b""
        if not fetch:
            _, data = model_bytes(model)
            # Refused here, in words, rather than in the browser.
            StepFile(model)
        try:
            folder, runtime = page_folder(), ensure_runtime(_progress)
        except (FetchError, RuntimeMissingError) as error:
            raise PageError(str(error)) from error
        if fetch:
            typer.echo(f"onnxruntime-web is in {runtime}")
            return
        server = _bound(port, folder, runtime, data)
    with server:
        typer.echo(f"Bar phase: {server.url}  (Ctrl-C ends it)")
        if open_browser:
            import webbrowser

            webbrowser.open(server.url)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("")


page.__doc__ = (page.__doc__ or "") + _EXAMPLES


def _bound(port: int, folder: Path, runtime: Path, model: bytes) -> PageServer:
    try:
        return PageServer(served(folder, runtime, model), port)
    except OSError as error:
        if error.errno in {errno.EADDRINUSE, errno.EACCES}:
            raise PageError(
                f"port {port} is taken or not allowed: choose another with --port"
            ) from error
        raise


def _progress(have: int, total: int | None) -> None:
    """Show how much has come, on a terminal."""
    if not sys.stderr.isatty():
        return
    share = f" of {total / 1e6:.0f}" if total else ""
    end = "\n" if total and have >= total else ""
    print(f"\ronnxruntime-web: {have / 1e6:.0f}{share} MB", end=end, file=sys.stderr, flush=True)
