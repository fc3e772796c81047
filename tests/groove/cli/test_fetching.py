"""Fetching: resumed, checked, unpacked without leaving the folder; against a local server."""

import hashlib
import importlib.util
import io
import socket
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import typer
import yaml
from typer.testing import CliRunner

from groove.cli import fetching
from groove.cli.archives import ArchiveError, ArchiveLimits, unpack
from groove.cli.downloading import FetchError, Remote, download
from groove.cli.fetch import fetch as fetch_command
from resources.raw import Folder

needs_mirdata = pytest.mark.skipif(
    importlib.util.find_spec("mirdata") is None, reason="needs the extra `datasets`"
)

CONTENT = bytes(range(256)) * 4096


@dataclass
class Site:
    """What the server holds, does and has been asked for."""

    files: dict[str, bytes] = field(default_factory=dict)
    ranges: bool = True
    break_after: int | None = None
    redirects: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    url: str = ""

    def remote(self, name: str, **changes) -> Remote:
        checksum = hashlib.sha256(self.files.get(name, b"")).hexdigest()
        return Remote(
            **{
                "url": f"{self.url}/{name}",
                "name": name,
                "algorithm": "sha256",
                "checksum": checksum,
                **changes,
            }
        )


@pytest.fixture
def site() -> Iterator[Site]:
    state = Site()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.lstrip("/").partition("?")[0]
            wanted = self.headers.get("Range")
            state.asked.append((name, wanted))
            if name in state.redirects:
                self.send_response(302)
                self.send_header("Location", state.redirects[name])
                self.end_headers()
                return
            if name not in state.files:
                self.send_error(404)
                return
            data, start = state.files[name], 0
            if wanted and state.ranges:
                start = int(wanted.removeprefix("bytes=").rstrip("-"))
                if start >= len(data):
                    self.send_response(416)
                    self.send_header("Content-Range", f"bytes */{len(data)}")
                    self.end_headers()
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
            else:
                self.send_response(200)
            body = data[start:]
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if state.break_after is not None:
                body, state.break_after = body[: state.break_after], None
                self.close_connection = True
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "down" / "data.bin"


def quick(remote: Remote, target: Path, **options) -> Path:
    return download(remote, target, **{"timeout_s": 5, "pause_s": 0, **options})


def test_a_file_arrives_whole_and_is_not_fetched_twice(site, target):
    site.files["data.bin"] = CONTENT
    seen = []
    remote = site.remote("data.bin")
    assert quick(remote, target, progress=lambda *p: seen.append(p)).read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    quick(remote, target)
    assert len(site.asked) == 1
    assert [path.name for path in target.parent.iterdir()] == ["data.bin"]


def test_a_broken_connection_is_resumed_where_it_broke(site, target):
    site.files["data.bin"], site.break_after = CONTENT, 300_000
    assert quick(site.remote("data.bin"), target).read_bytes() == CONTENT
    assert site.asked == [("data.bin", None), ("data.bin", "bytes=300000-")]


def test_an_earlier_run_is_resumed(site, target):
    site.files["data.bin"], site.break_after = CONTENT, 1000
    with pytest.raises(FetchError, match="What has arrived is kept"):
        quick(site.remote("data.bin"), target, attempts=1)
    assert not target.exists()
    assert quick(site.remote("data.bin"), target).read_bytes() == CONTENT
    assert site.asked[-1] == ("data.bin", "bytes=1000-")


def test_a_complete_part_only_gets_its_name(site, target):
    site.files["data.bin"] = CONTENT
    target.parent.mkdir()
    target.with_name("data.bin.part").write_bytes(CONTENT)
    assert quick(site.remote("data.bin"), target).read_bytes() == CONTENT


def test_a_part_longer_than_the_file_is_thrown_away(site, target):
    site.files["data.bin"] = CONTENT
    target.parent.mkdir()
    target.with_name("data.bin.part").write_bytes(CONTENT + b"more")
    assert quick(site.remote("data.bin"), target).read_bytes() == CONTENT


def test_a_server_without_ranges_starts_over(site, target):
    site.files["data.bin"], site.ranges, site.break_after = CONTENT, False, 1000
    assert quick(site.remote("data.bin"), target).read_bytes() == CONTENT


@pytest.mark.parametrize("algorithm", ["sha256", "sha1", "md5"])
def test_another_file_than_published_is_refused_and_deleted(site, target, algorithm):
    site.files["data.bin"] = CONTENT
    wrong = hashlib.new(algorithm, b"other", usedforsecurity=False).hexdigest()
    with pytest.raises(FetchError, match="is not the file that was published"):
        quick(site.remote("data.bin", algorithm=algorithm, checksum=wrong), target)
    assert list(target.parent.iterdir()) == []


def test_no_network_is_said_with_url_and_remedy(target):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/data.bin"
        with pytest.raises(FetchError) as caught:
            quick(Remote(url, "data.bin"), target, attempts=2)
    for part in (url, "network connection", str(target)):
        assert part in str(caught.value)


def test_a_refusal_is_not_tried_again(site, target):
    with pytest.raises(FetchError, match="404"):
        quick(site.remote("missing"), target)
    assert len(site.asked) == 1


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_only_the_web_is_asked(site, target, url):
    with pytest.raises(FetchError, match="neither http nor https"):
        quick(Remote(url, "x"), target)
    site.redirects["data.bin"] = url
    with pytest.raises(FetchError):
        quick(site.remote("data.bin"), target, attempts=1)
    assert not target.exists()


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def plain(name: str, data: bytes = b"x") -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), data


def link(name: str, to: str, kind: bytes) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info, b""


def symlink_in_zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("way")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc")
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.zip", zipped({"../out.txt": b"x"})),
        ("a.zip", zipped({"/out.txt": b"x"})),
        ("a.zip", zipped({"a\\..\\..\\out.txt": b"x"})),
        ("a.zip", symlink_in_zip()),
        ("a.tar.gz", tarred([plain("../out.txt")])),
        ("a.tar.gz", tarred([link("way", "/etc", tarfile.SYMTYPE), plain("way/out.txt")])),
        ("a.tar.gz", tarred([plain("a"), link("b", "a", tarfile.LNKTYPE)])),
        ("a.tar.gz", tarred([link("null", "", tarfile.CHRTYPE)])),
        ("a.zip", b"PK no zip at all"),
        ("a.tar.gz", tarred([plain("a", bytes(10_000))])[:60]),
        ("a.zip", zipped({"zeros": bytes(50_000_000)})),
    ],
    # Names by hand: an archive carries the second in which it was packed, and a test's name must not.
    ids=[
        "zip-parent",
        "zip-absolute",
        "zip-backslashes",
        "zip-symlink",
        "tar-parent",
        "tar-through-a-symlink",
        "tar-hard-link",
        "tar-device",
        "no-zip-at-all",
        "tar-cut-short",
        "zip-bomb",
    ],
)
def test_an_archive_that_does_harm_is_refused(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    limits = ArchiveLimits(max_ratio=100, min_allowance=1_000_000)
    with pytest.raises(ArchiveError):
        unpack(tmp_path / name, tmp_path / "in" / "side", limits)
    assert not list(tmp_path.glob("**/out.txt"))


def test_archives_give_their_files(tmp_path):
    for name, data in (
        ("a.zip", zipped({"x/one.mid": b"1", "two.mid": b"2"})),
        ("b.tar.gz", tarred([plain("x/one.mid", b"1"), plain("./two.mid", b"2")])),
    ):
        (tmp_path / name).write_bytes(data)
        assert unpack(tmp_path / name, tmp_path / "out" / name) == 2
        assert (tmp_path / "out" / name / "x" / "one.mid").read_bytes() == b"1"


def dataset(site: Site, **changes) -> fetching.Dataset:
    data = site.files["set.zip"]
    row = {
        "name": "tunes",
        "title": "Some tunes",
        "home": "http://example.invalid",
        "license": "CC0-1.0",
        "terms": "None.",
        "files": [{"url": f"{site.url}/set.zip?x=1", "sha256": hashlib.sha256(data).hexdigest()}],
        "folders": [{"kind": "loops", "path": "x"}],
    }
    return fetching.Dataset.model_validate({**row, **changes})


def test_a_data_set_comes_ready_to_use_and_only_once(site, tmp_path):
    site.files["set.zip"] = zipped({"x/one.mid": b"1"})
    sources = fetching.fetch(dataset(site), tmp_path, accept_license=True, pause_s=0)
    rows = yaml.safe_load(sources.read_text())
    assert rows == [{"source": "tunes", "license": "CC0-1.0", "kind": "loops", "path": "x"}]
    assert (sources.parent / "x" / "one.mid").read_bytes() == b"1"
    assert [path.name for path in tmp_path.iterdir()] == ["tunes"]
    fetching.fetch(dataset(site), tmp_path, accept_license=True, pause_s=0)
    assert len(site.asked) == 1


def test_nothing_is_fetched_before_the_licence_is_accepted(site, tmp_path):
    site.files["set.zip"] = zipped({})
    with pytest.raises(FetchError, match=r"not accepted: CC0-1\.0"):
        fetching.fetch(dataset(site), tmp_path, accept_license=False)
    assert site.asked == []


def test_a_harmful_archive_leaves_the_old_data_set(site, tmp_path):
    site.files["set.zip"] = zipped({"x/one.mid": b"1"})
    fetching.fetch(dataset(site), tmp_path, accept_license=True, pause_s=0)
    site.files["set.zip"] = zipped({"../out.txt": b"x"})
    with pytest.raises(FetchError, match="outside its folder"):
        fetching.fetch(dataset(site), tmp_path, accept_license=True, pause_s=0)
    assert (tmp_path / "tunes" / "x" / "one.mid").exists()


@needs_mirdata
def test_the_catalogue_is_complete_and_names_checksums():
    known = fetching.catalogue()
    assert {"groove-midi", "e-gmd-midi", "lakh", "slakh", "fma-small", "musdb18", "gtzan"} <= set(
        known
    )
    for entry in known.values():
        assert entry.license
        assert entry.terms
        assert entry.home.startswith("http")
        for remote in fetching.remotes(entry):
            assert remote.checksum, remote.url
            size = {"sha256": 64, "sha1": 40, "md5": 32}[remote.algorithm]
            assert len(remote.checksum) == size
            assert int(remote.checksum, 16) >= 0


def test_catalogue_folders_are_valid_declarations():
    for entry in fetching.catalogue().values():
        for folder in entry.folders:
            Folder.model_validate(folder)


@needs_mirdata
def test_mirdata_is_asked_for_what_we_do_not_list():
    found = fetching.find("mirdata:candombe")
    assert found.terms.startswith("Creative Commons")
    assert all(remote.algorithm == "md5" for remote in fetching.remotes(found))
    with pytest.raises(FetchError, match="mirdata knows no 'nonsense'"):
        fetching.find("mirdata:nonsense")


def test_an_unknown_name_gets_a_hint():
    with pytest.raises(FetchError, match="did you mean groove-midi"):
        fetching.find("groove_midi")


@pytest.fixture
def command():
    app = typer.Typer()
    app.command()(fetch_command)
    return lambda *words: CliRunner().invoke(app, list(words))


def test_the_command_lists_shows_terms_and_needs_a_yes(command, tmp_path):
    listed = command()
    assert listed.exit_code == 0
    assert "groove-midi" in listed.stdout
    asked = command("lakh", "--into", str(tmp_path))
    assert asked.exit_code == 2
    assert "CC-BY-4.0" in asked.stdout
    assert "--accept-license" in asked.stderr
    assert command("no-such-set").exit_code == 1


def test_the_command_fetches(command, site, tmp_path, monkeypatch):
    site.files["set.zip"] = zipped({"x/one.mid": b"1"})
    monkeypatch.setattr(fetching, "find", lambda _: dataset(site))
    done = command("tunes", "--into", str(tmp_path), "--accept-license")
    assert done.exit_code == 0
    assert f"GROOVE_RAW={tmp_path / 'tunes' / 'sources.yaml'}" in done.stdout.replace("\n", "")
