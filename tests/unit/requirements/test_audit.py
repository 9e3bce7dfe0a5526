"""A pin with a known vulnerability that is fixed elsewhere fails; nothing else does."""

from __future__ import annotations

import datetime
import importlib.util
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.drawn.pins import FILES, pins, version

TOP = Path(__file__).parents[3]
HASH = " \\\n    --hash=sha256:" + "0" * 64 + "\n"
CUP = {"package": {"ecosystem": "PyPI", "name": "a-cup"}, "version": "1.0"}


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", TOP / "requirements" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements-dev.txt").write_text(f"# by uv\na-cup==1.0{HASH}    # via -r\nbook==2.1{HASH}")
    (tmp_path / "requirements-gpu.txt").write_text(f"a-cup==1.0 ; sys_platform == 'linux'{HASH}")
    (tmp_path / "requirements/wheels.txt").write_text("")
    (tmp_path / "requirements/audit-ignored.txt").write_text("# none\n")
    return tmp_path


class Service:
    """Stands for OSV: what it knows of pins (by name, one list per page), and of vulnerabilities."""

    def __init__(self) -> None:
        self.pages: dict[str, list[list[str]]] = {}
        self.known: dict[str, dict[str, Any]] = {}
        self.asked: list[Any] = []
        self.status = 200
        self.address = ""

    def answer(self, path: str, question: Any) -> Any:  # noqa: ANN401 (JSON)
        """Answers a question, or a request for a vulnerability's details."""
        self.asked.append(question or path)
        if question is None:
            return self.known[path.rpartition("/")[2]]
        results = []
        for query in question["queries"]:
            pages = self.pages.get(query["package"]["name"], [[]])
            number = int(query.get("page_token", 0))
            more = {"next_page_token": str(number + 1)} if number + 1 < len(pages) else {}
            results.append(
                {"vulns": [{"id": name} for name in pages[number]], **more} if pages[number] else more
            )
        return {"results": results}

    def knows(self, name: str, *fixed: str, pin: str = "a-cup", **more: Any) -> None:  # noqa: ANN401 (JSON)
        """Lets a pin have a vulnerability, which some versions mend."""
        self.pages.setdefault(pin, [[]])[0].append(name)
        events = [{"introduced": "0"}, *({"fixed": each} for each in fixed)]
        ranges = [{"type": "ECOSYSTEM", "events": events}, {"type": "GIT", "events": [{"fixed": "c0ffee"}]}]
        affected = [{"package": {"name": pin, "ecosystem": "PyPI"}, "ranges": ranges}]
        self.known[name] = {"id": name, "summary": "It spills", "affected": affected, **more}


@pytest.fixture
def service() -> Iterator[Service]:
    osv = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply(None)

        def do_POST(self) -> None:
            self.reply(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def reply(self, question: object) -> None:
            body = json.dumps(osv.answer(self.path, question)).encode() if osv.status == 200 else b"no"
            self.send_response(osv.status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Is silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        osv.address = f"http://127.0.0.1:{server.server_address[1]}/v1"
        yield osv
        server.shutdown()


@pytest.fixture
def run(
    audit: ModuleType, project: Path, service: Service, capsys: pytest.CaptureFixture[str]
) -> Callable[[], tuple[int, str]]:
    def run() -> tuple[int, str]:
        status = audit.main(project, service.address)
        return status, capsys.readouterr().out

    return run


def test_pins_of_which_nothing_is_known_pass(run: Callable, service: Service) -> None:
    assert run() == (0, "audit: 2 pins, 0 faults to be mended, 0 others\n")
    assert service.asked == [
        {"queries": [CUP, {**CUP, "package": {**CUP["package"], "name": "book"}, "version": "2.1"}]}
    ]


def test_what_is_fixed_elsewhere_fails_and_names_pin_vulnerability_and_remedy(
    run: Callable, service: Service
) -> None:
    service.knows("GHSA-1", "1.2", "2.0.1", aliases=["CVE-2026-1"])
    status, said = run()
    assert status == 1
    assert "to be replaced: a-cup==1.0, CVE-2026-1, GHSA-1: It spills; fixed in 1.2, 2.0.1\n" in said
    assert "make requirements" in said


def test_what_is_fixed_nowhere_is_told_and_passes(run: Callable, service: Service) -> None:
    service.knows("GHSA-1")
    status, said = run()
    assert status == 0
    assert "known: a-cup==1.0, GHSA-1: It spills; not fixed yet\n" in said


def test_two_names_of_one_vulnerability_are_told_once_and_a_withdrawn_one_not(
    run: Callable, service: Service
) -> None:
    service.knows("GHSA-1", aliases=["CVE-2026-1", "PYSEC-1"])
    service.knows("PYSEC-1", aliases=["CVE-2026-1"])
    service.knows("GHSA-2", "1.1", withdrawn="2026-01-01T00:00:00Z")
    status, said = run()
    assert status == 0
    assert said.count("known: ") == 1
    assert "GHSA-2" not in said


def test_further_pages_are_asked_for(run: Callable, service: Service) -> None:
    service.knows("GHSA-1")
    service.knows("GHSA-2", "9.9")
    service.pages["a-cup"] = [[], ["GHSA-1"], ["GHSA-2"]]
    status, said = run()
    assert status == 1
    assert "GHSA-1" in said
    assert "GHSA-2" in said


@pytest.mark.parametrize(("days", "status"), [(0, 0), (1, 0), (-1, 1)])
@pytest.mark.parametrize("name", ["GHSA-1", "CVE-2026-1"])
def test_an_excuse_holds_to_its_last_day(
    name: str, days: int, status: int, run: Callable, service: Service, project: Path
) -> None:
    service.knows("GHSA-1", "1.2", aliases=["CVE-2026-1"])
    until = datetime.date.today() + datetime.timedelta(days=days)
    (project / "requirements/audit-ignored.txt").write_text(f"# why\n\n{name} {until} nobody spills here\n")
    assert run()[0] == status


@pytest.mark.parametrize("line", ["GHSA-1", "GHSA-1 soon we hope", "GHSA-1 2027-01-01"])
def test_an_excuse_without_a_day_or_a_reason_is_an_error(line: str, run: Callable, project: Path) -> None:
    (project / "requirements/audit-ignored.txt").write_text(f"{line}\n")
    status, said = run()
    assert status == 1
    assert said.startswith(
        "error: requirements/audit-ignored.txt, line 1, must be a vulnerability, the last day"
    )
    assert said.endswith(f"got {line!r}\n")


def test_no_answer_is_a_skip_with_its_reason(
    run: Callable, service: Service, audit: ModuleType, project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit.main(project, "http://127.0.0.1:9/v1") == 0
    assert capsys.readouterr().out.startswith(
        "audit: skipped, known vulnerabilities of the pins were not looked up: http://127.0.0.1:9/v1/querybatch"
    )
    service.status = 503
    status, said = run()
    assert status == 0
    assert "skipped" in said
    assert "503" in said


def test_every_pin_is_asked_about_and_the_list_of_excuses_can_be_read(audit: ModuleType) -> None:
    for file in FILES:
        found = audit.pinned((TOP / file).read_text(encoding="utf-8"))
        assert [(pin.name, pin.version) for pin in found] == [
            (pin.name, version(pin)) for pin, _ in pins(file)
        ]
        asked = [set(audit.pinned((TOP / name).read_text(encoding="utf-8"))) for name in audit.FILES]
        assert set(found) <= set.union(*asked)
    audit.ignored((TOP / audit.IGNORED).read_text(encoding="utf-8"), today=datetime.date(2026, 1, 1))
