"""The web UI in a real browser: the graph with its groups, and a materialised asset's picture."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("graph"), pytest.mark.timeout(600)]

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next((found for name in BROWSERS if (found := shutil.which(name))), None)
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def server(finished: Any) -> Iterator[str]:
    """The web server on the finished run's history."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "DAGSTER_HOME": str(finished.root / "home")}
    environment |= {
        "GROOVE_DATA": str(finished.data),
        "GROOVE_RAW": str(finished.raw),
    }
    command = [Path(sys.executable).parent / "dagster-webserver", "-p", str(port)]
    command += ["-m", "groove_dagster.definitions"]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(240):
            try:
                with urllib.request.urlopen(f"{base}/server_info", timeout=2):
                    break
            except OSError:
                assert process.poll() is None, "the web server ended"
                time.sleep(0.5)
        else:
            pytest.fail("the web server never answered")
        yield base
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")
def test_a_browser_sees_the_groups_and_a_picture(server: str, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=BROWSER, args=SWITCHES)
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.goto(f"{server}/asset-groups")
        for group in ("sources", "phase", "ngram", "loops", "drums", "sequence", "release"):
            page.get_by_text(group, exact=True).first.wait_for(timeout=60_000)
        graph = tmp_path / "graph.png"
        page.screenshot(path=graph)
        assert graph.stat().st_size > 10_000
        page.goto(f"{server}/assets/song_renders")
        page.get_by_text("song_renders").first.wait_for(timeout=60_000)
        show = page.get_by_text("Show Markdown").first
        show.wait_for(timeout=60_000)
        show.click()
        picture = page.locator("img[src^='data:image/png']").first
        picture.wait_for(timeout=30_000)
        assert picture.evaluate("image => image.naturalWidth") > 300
        browser.close()
