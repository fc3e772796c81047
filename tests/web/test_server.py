"""The page's server gives what is listed, to this machine; the runtime is what the lock says."""

import base64
import hashlib
import http.client
import io
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from typer.testing import CliRunner

from groove.cli.main import app
from groove.cli.page_server import PageServer, served
from groove.cli.phase_runtime import RuntimeFetchError, remote, unpack
from groove.export.onnx import ExportError
from groove.export.web import (
    RUNTIME_FILES,
    Pinned,
    largest_difference,
    page_folder,
    pinned,
    web_parity,
)

Serve = Callable[[bytes | None], Any]


def ask(url: str, path: str, method: str = "GET", **headers: str) -> tuple[int, Any, bytes]:
    place = urlsplit(url).netloc
    connection = http.client.HTTPConnection(place, timeout=20)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    finally:
        connection.close()


def test_files_come_with_their_types_and_under_a_strict_policy(
    serve: Serve, clockwork: bytes
) -> None:
    types = {
        "/": "text/html; charset=utf-8",
        "/style.css": "text/css; charset=utf-8",
        "/js/app.js": "text/javascript; charset=utf-8",
        "/offline.js": "text/javascript; charset=utf-8",
        "/vendor/ort.wasm.min.mjs": "text/javascript; charset=utf-8",
        "/vendor/ort-wasm-simd-threaded.wasm": "application/wasm",
        "/model.onnx": "application/octet-stream",
    }
    with serve(clockwork) as url:
        assert urlsplit(url).hostname == "127.0.0.1"
        for path, media_type in types.items():
            status, headers, body = ask(url, path)
            assert (status, headers["Content-Type"]) == (200, media_type)
            policy = headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'self'; script-src 'self' 'wasm-unsafe-eval';")
            assert "unsafe-inline" not in policy
            assert len(body) == int(headers["Content-Length"])
        assert ask(url, "/model.onnx?again")[2] == clockwork
        assert ask(url, "/model.onnx", "HEAD")[2] == b""
        _, headers, _ = ask(url, "/model.onnx")
        assert ask(url, "/model.onnx", If_None_Match=headers["ETag"])[0] == 304


@pytest.mark.parametrize(
    "path",
    [
        "/../pyproject.toml",
        "/js/../../pyproject.toml",
        "/%2e%2e/pyproject.toml",
        "/js/..%2f..%2fpyproject.toml",
        "//etc/passwd",
        "/js/",
        "/vendor/integrity",
        "/package-lock.json",
        "/parity.mjs",
    ],
)
def test_nothing_else_can_be_had(serve: Serve, clockwork: bytes, path: str) -> None:
    with serve(clockwork) as url:
        assert ask(url, path)[0] == 404
        assert ask(url, path)[2] == b""


def test_it_answers_to_its_own_name_only_and_takes_nothing(serve: Serve, clockwork: bytes) -> None:
    with serve(clockwork) as url:
        assert ask(url, "/", Host="evil.example")[0] == 421
        assert ask(url, "/", Host=urlsplit(url).netloc.replace("127.0.0.1", "localhost"))[0] == 200
        assert ask(url, "/", "POST")[0] == 501


def test_a_taken_port_is_refused(clockwork: bytes, runtime: Path) -> None:
    files = served(page_folder(), runtime, clockwork)
    with PageServer(files, 0) as first, pytest.raises(OSError, match="in use"):
        PageServer(files, first.server_address[1])


def test_the_command_refuses_in_words(
    tmp_path: Path, clockwork: bytes, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*options: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["phase", "page", *options])
        return result.exit_code, result.output

    assert said("--fetch") == (0, f"onnxruntime-web is in {runtime}\n")
    model, broken = tmp_path / "model.onnx", tmp_path / "broken.onnx"
    model.write_bytes(clockwork)
    broken.write_text("no model")
    assert said("--model", str(tmp_path / "none.onnx"))[0] == 2
    code, output = said("--model", str(broken))
    assert code == 2
    assert "broken.onnx is no bar-phase model" in output
    with PageServer({}, 0) as other:
        port = str(other.server_address[1])
        code, output = said("--model", str(model), "--port", port)
    assert code == 2
    assert f"port {port} is taken" in output

    def ended(_: PageServer) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(PageServer, "serve_forever", ended)
    code, output = said("--model", str(model), "--port", "0")
    assert code == 0
    assert "Bar phase: http://127.0.0.1:" in output


def package(path: Path, content: bytes = b"x", leave_out: str = "", link: str = "") -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name in (*RUNTIME_FILES, "../../evil.mjs"):
            if name == leave_out:
                continue
            member = tarfile.TarInfo(f"package/dist/{name}")
            if name == link:
                member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return path


def test_only_the_files_of_the_runtime_are_unpacked(tmp_path: Path) -> None:
    target = tmp_path / "page" / "vendor"
    target.parent.mkdir()
    unpack(package(tmp_path / "one.tgz"), target, Pinned("1.0.0", "sha512-abc"))
    assert {file.name for file in target.iterdir()} == {*RUNTIME_FILES, "integrity"}
    assert (target / "integrity").read_text() == "sha512-abc\n"
    # Another version takes its place as a whole; one that is not whole leaves it alone.
    unpack(package(tmp_path / "two.tgz", b"new"), target, Pinned("2.0.0", "sha512-def"))
    assert (target / RUNTIME_FILES[0]).read_bytes() == b"new"
    for broken in (
        package(tmp_path / "three.tgz", leave_out=RUNTIME_FILES[2]),
        package(tmp_path / "four.tgz", link=RUNTIME_FILES[1]),
    ):
        with pytest.raises(RuntimeFetchError):
            unpack(broken, target, Pinned("3.0.0", "sha512-ghi"))
        assert (target / RUNTIME_FILES[0]).read_bytes() == b"new"
    assert [file.name for file in target.parent.iterdir()] == ["vendor"]


def test_the_lock_pins_the_package_by_its_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("npm_config_registry", raising=False)
    wanted = pinned()
    found = remote(wanted)
    assert found.url == (
        f"https://registry.npmjs.org/onnxruntime-web/-/onnxruntime-web-{wanted.version}.tgz"
    )
    assert found.algorithm == "sha512"
    assert len(found.checksum or "") == 2 * hashlib.sha512().digest_size
    monkeypatch.setenv("npm_config_registry", "https://mirror.example/npm/")
    assert remote(wanted).url.startswith("https://mirror.example/npm/onnxruntime-web/-/")
    weak = base64.b64encode(hashlib.sha1(b"", usedforsecurity=False).digest()).decode()
    with pytest.raises(RuntimeFetchError, match="sha512"):
        remote(Pinned("1.0.0", f"sha1-{weak}"))


@pytest.mark.skipif(shutil.which("node") is None, reason="no Node on this machine")
def test_under_node_it_computes_what_onnxruntime_computes(
    runtime: Path, real_model: bytes, clockwork: bytes
) -> None:
    assert runtime.is_dir()
    draw = np.random.default_rng(1)
    beats = 0.5 * (np.arange(6 * 16_000) % 8000 < 400)
    pcm = (beats * draw.standard_normal(len(beats))).astype(np.float32)
    assert web_parity(real_model, pcm) < 1e-4
    assert web_parity(clockwork, pcm, 0.5) < 1e-4
    with pytest.raises(ExportError, match="ONNX Runtime cannot run it"):
        web_parity(b"no model", pcm)


def test_a_difference_is_seen() -> None:
    one = {"bar": np.array([[0.0, 1.0]], dtype=np.float32)}
    assert largest_difference(one, {"bar": np.array([[0.5, 1.0]], dtype=np.float32)}) == 0.5
    assert largest_difference(one, {"bar": one["bar"] * np.float32(np.nan)}) == np.inf
    tempo = {"tempo": np.array([[100.0]], dtype=np.float32)}
    assert largest_difference(tempo, {"tempo": tempo["tempo"] + 1}) == pytest.approx(0.01)
    with pytest.raises(ExportError, match="outputs differ"):
        largest_difference(one, {})
    with pytest.raises(ExportError, match="shape"):
        largest_difference(one, {"bar": one["bar"][:, :1]})
