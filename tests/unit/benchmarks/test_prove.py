"""The proof of equal bytes: its plan covers what it says, and who asks sees the imitated processor."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.prove import __main__ as prove
from benchmarks.prove import instructions, processors, runs
from benchmarks.prove.processors import HASWELL, IVY_BRIDGE, PROCESSORS, ROME, Imitations, Processor
from tenshots import portable

TOP = Path(runs.__file__).parents[2]
obstacle = processors.obstacle()
imitating = pytest.mark.skipif(bool(obstacle), reason=f"no processor can be imitated here: {obstacle}")
needs_avx2 = pytest.mark.skipif(not portable.has_avx2(), reason="this processor has no AVX2")
ASK = """
#include <stdint.h>
void ask(uint32_t leaf, uint32_t index, uint32_t *answer) {
    __asm__ volatile("cpuid" : "=a"(answer[0]), "=b"(answer[1]), "=c"(answer[2]), "=d"(answer[3])
                     : "a"(leaf), "c"(index));
}
uint32_t number(void) { return 0x1234A20F; }  /* the same two bytes, within another instruction */
"""
LEAVES = (0, 1, 2, 4, 7, 0xD, 0x80000000, 0x80000001, 0x80000005, 0x80000006, 0x8000001D)


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a library that has one CPUID."""
    folder = tmp_path_factory.mktemp("asking")
    (folder / "ask.c").write_text(ASK)
    command = ["cc", "-O1", "-shared", "-fPIC", "-o", "ask.so", "ask.c"]
    subprocess.run(command, cwd=folder, check=True)
    return folder


@pytest.fixture(scope="module")
def imitations(tmp_path_factory: pytest.TempPathFactory) -> Imitations:
    return Imitations(tmp_path_factory.mktemp("imitations"))


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs code in a Python in whose environment nothing of this one's is pinned."""
    ours = (*portable.ENVIRONMENT, *portable.REMOVED)
    kept = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=TOP,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=True,
    )


def test_the_plan_has_each_value_twice_and_no_two_settings_always_together() -> None:
    planned = runs.plan()
    assert len(planned) == len(set(planned)) == 12
    wanted = (
        PROCESSORS,
        runs.WORKERS,
        *(runs.LOCALES, runs.TIME_ZONES, runs.UMASKS, runs.HASH_SEEDS, runs.ORDERS),
    )
    for values, found in zip(wanted, zip(*planned, strict=True), strict=True):
        assert set(found) == set(values)
        assert min(Counter(found).values()) >= 2
    for two in itertools.combinations(range(2, len(wanted)), 2):
        assert len({(run[two[0]], run[two[1]]) for run in planned}) == 4
    assert all(len({run.workers for run in planned if run.processor == each}) == 2 for each in wanted[0])


def test_where_no_processor_is_imitated_the_other_settings_are_covered_still() -> None:
    for found in list(zip(*runs.plan([None]), strict=True))[1:]:
        assert min(Counter(found).values()) >= 2


@pytest.mark.parametrize(
    ("found", "named"),
    [
        ({"split": {"a": "1", "b": "2"}, "train": {"c": "3"}}, ""),
        ({"split": {"a": "1", "b": "9"}, "train": {"c": "9"}}, "b of stage split (9, not 2)"),
        ({"train": {"c": "9"}, "split": {"b": "2", "a": "1"}}, "c of stage train (9, not 3)"),
        ({"split": {"a": "1"}}, "b of stage split (missing, not 2)"),
        ({"split": {"a": "1", "b": "2"}, "train": {"c": "3"}, "compare": {"d": "4"}}, ""),
    ],
)
def test_the_first_output_that_differs_is_named(found: runs.Outputs, named: str) -> None:
    expected = {"split": {"a": "1", "b": "2"}, "train": {"c": "3"}}
    assert runs.first_difference(expected, found) == named
    # A lock's order is not that of the stages, and says nothing of what came first.
    other = dict(reversed(expected.items()))
    first = {"split": {"a": "9", "b": "2"}, "train": {"c": "9"}}
    assert runs.first_difference(other, first) == "a of stage split (9, not 1)"
    variants = {"train@b": {"c": "1"}, "train@a": {"c": "1"}, "gone": {"d": "1"}}
    assert runs.first_difference(variants, {}) == "c of stage train@a (missing, not 1)"


def test_hashes_are_read_from_a_lock_in_the_order_of_the_stages(tmp_path: Path) -> None:
    (tmp_path / "dvc.lock").write_text(
        "schema: '2.0'\nstages:\n  split:\n    cmd: x\n    outs:\n    - path: data/b\n      md5: 2.dir\n"
        "    - path: data/a\n      md5: '1'\n  check:\n    cmd: y\n"
    )
    found = runs.outputs(tmp_path / "dvc.lock")
    assert json.dumps(found) == json.dumps({"split": {"data/b": "2.dir", "data/a": "1"}, "check": {}})


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> dict[int, str]:
    """Lets a run only write a dvc.lock with one hash: "1", or that given for the number of the run.

    Every other run writes its stages the other way round, as DVC may.
    """
    hashes: dict[int, str] = {}

    def clone(_: None, folder: Path, *__: str) -> SimpleNamespace:
        folder.mkdir(parents=True)
        return SimpleNamespace(folder=folder)

    def repro(project: SimpleNamespace, *_: object) -> None:
        number = int(project.folder.parent.name.removeprefix("run "))
        outs = f"    outs:\n    - path: data/splits\n      md5: '{hashes.get(number, '1')}'\n"
        first, second = ("split", "compare") if number % 2 else ("compare", "split")
        (project.folder / "dvc.lock").write_text(f"stages:\n  {first}:\n{outs}  {second}:\n{outs}")

    for function in (clone, repro):
        monkeypatch.setattr(runs, function.__name__, function)
    monkeypatch.setattr(runs, "num_cores", lambda _, run: min(run.workers, 2))
    return hashes


def test_a_run_that_differs_is_named_with_its_settings_and_where(
    faked: dict[int, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faked[4] = "7"  # which has its stages the other way round
    variables = SimpleNamespace(variables=lambda _: {})
    assert not prove.do_runs(None, tmp_path, variables)
    run = runs.plan()[3]
    settings = ", ".join([run.processor.name, *map(str, run[1:])])
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"run 4 ({settings}) differs first in data/splits of stage split (7, not 1)"


@pytest.mark.usefixtures("faked")
def test_equal_runs_are_one_lock(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prove.do_runs(None, tmp_path, None)
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "12 runs, one dvc.lock"
    assert said.count("NOTE: A LIMIT OF THIS CONTAINER LEAVES 2 WORKERS OF 3") == 4


@pytest.mark.usefixtures("faked")
def test_an_update_keeps_the_hashes_but_of_outputs_that_show_the_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prove, "EXPECTED", tmp_path / "hashes.json")
    prove.update(None, tmp_path)
    assert json.loads(prove.EXPECTED.read_text()) == {"split": {"data/splits": "1"}}
    prove.EXPECTED.write_text('{"split": {"data/splits": "2"}}')
    shutil.rmtree(tmp_path / "run 0")
    prove.update(None, tmp_path)
    assert capsys.readouterr().out.splitlines()[-1] == "hashes.json: data/splits of stage split (1, not 2)"


@pytest.mark.parametrize(("num_kinds", "seeing"), [(1, False), (2, True)])
def test_an_imitation_that_moves_no_byte_without_portable_is_blind(
    num_kinds: int,
    seeing: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    written: list[dict[str, bool]] = []
    numbers = itertools.count()

    def python(*_: str) -> str:
        seen = {"NumPy": [], "OpenBLAS": [], "oneDNN": "", "bytes": str(next(numbers) % num_kinds)}
        return "note: a line\n" + json.dumps(seen)

    copy = SimpleNamespace(params=lambda: {"portable": True}, write_params=written.append, python=python)
    monkeypatch.setattr(runs, "clone", lambda *_: copy)
    variables = SimpleNamespace(variables=lambda _: {})
    assert prove.probe(None, tmp_path, variables) == seeing
    assert written == [{"portable": False}]
    assert ("error: the imitation is blind" in capsys.readouterr().out) != seeing


def test_it_is_said_loudly_where_no_processor_can_be_imitated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(processors, "obstacle", lambda: "there is no objdump")
    monkeypatch.setattr(prove, "do_runs", lambda *given: given[-1] is None)
    assert prove.prove(None, tmp_path)
    assert "NOTE: NO OTHER PROCESSOR IS IMITATED, as there is no objdump" in capsys.readouterr().out


@imitating
def test_cpuid_is_told_from_the_same_bytes_within_other_instructions(asking: Path) -> None:
    library = asking / "ask.so"
    (address,) = instructions.of_library(library)
    assert library.read_bytes().count(instructions.CPUID) > 1
    symbols = subprocess.run(["nm", str(library)], capture_output=True, text=True, check=True).stdout
    (start,) = (int(line.split()[0], 16) for line in symbols.splitlines() if line.endswith(" ask"))
    assert start <= address < start + 32
    (asking / "empty.so").write_bytes(b"")
    (asking / "text.so").write_text("INPUT(libask.so)" * 10)
    assert list(instructions.of_folder(asking)) == [library]


@imitating
@pytest.mark.parametrize("processor", [*PROCESSORS, IVY_BRIDGE], ids=lambda each: each.name)
def test_what_is_hidden_is_hidden_in_each_leaf_and_nothing_is_added(
    processor: Processor, asking: Path, tmp_path: Path
) -> None:
    code = f"""if True:
        import ctypes, json
        ask, said = ctypes.CDLL({str(asking / "ask.so")!r}).ask, {{}}
        for leaf in {LEAVES}:
            for index in range(4):
                answer = (ctypes.c_uint32 * 4)()
                ask(ctypes.c_uint32(leaf), index, answer)
                said[f"{{leaf:x}} {{index}}"] = list(answer)
        print(json.dumps(said))
    """
    imitations = Imitations(tmp_path, asking)
    real = json.loads(python(code).stdout)
    seen = json.loads(python(code, **imitations.variables(processor)).stdout)

    def text(*registers: int) -> str:
        return b"".join(each.to_bytes(4, "little") for each in registers).decode()

    _, b, c, d = seen["0 0"]
    assert text(b, d, c) == processors.VENDORS[processor.vendor]
    signature = seen["1 0"][0]
    family = (signature >> 8 & 15) + (signature >> 20 & 255)
    assert (family, (signature >> 4 & 15) + (signature >> 12 & 0xF0)) == (processor.family, processor.model)
    told = {}
    for index in range(4):
        a, b, c, _ = seen[f"{'8000001d' if processor.vendor == 'amd' else '4'} {index}"]
        told[a >> 5 & 7, a & 31] = ((b >> 22) + 1) * ((b & 4095) + 1) * (c + 1) // 1024
    assert (told[1, 1], told[2, 3], told[3, 3]) == processor.caches
    assert seen["80000006 0"][2] >> 16 == processor.caches[1]
    if processor.vendor == "amd":
        assert seen["80000005 0"][2] >> 24 == processor.caches[0]
        assert (seen["80000006 0"][3] >> 18) * 512 == processor.caches[2]
        assert seen["80000001 0"][2] >> 22 & 1  # says that 8000001D is there
    for leaf, register, bit in (
        ("7 0", 1, 16),  # AVX512F
        ("7 0", 1, 31),  # AVX512VL
        ("d 0", 0, 6),  # the upper halves of its registers
    ):
        assert seen[leaf][register] >> bit & 1 == (
            processor.features == "avx512" and real[leaf][register] >> bit & 1
        )
    assert not seen["7 0"][3] >> 22 & 1  # AMX
    assert not seen["7 1"][0] >> 5 & 1  # AVX512_BF16
    assert seen["7 0"][1] >> 5 & 1 == (processor != IVY_BRIDGE and real["7 0"][1] >> 5 & 1)  # AVX2
    assert seen["1 0"][2] >> 12 & 1 == (processor != IVY_BRIDGE and real["1 0"][2] >> 12 & 1)  # FMA
    for leaf in ("7 0", "7 1"):
        added = [new & ~old for new, old in zip(seen[leaf][1:], real[leaf][1:], strict=True)]
        assert not any(added)


@imitating
def test_a_library_that_changed_since_it_was_searched_ends_the_process_with_its_name(
    asking: Path, tmp_path: Path
) -> None:
    (tmp_path / "packages").mkdir()
    library = tmp_path / "packages" / "ask.so"
    shutil.copy(asking / "ask.so", library)
    variables = Imitations(tmp_path, library.parent).variables(HASWELL)
    with library.open("r+b") as file:
        file.seek(instructions.of_library(library)[0])
        file.write(b"\x90\x90")
    with pytest.raises(subprocess.CalledProcessError) as said:
        python(f"import ctypes; ctypes.CDLL({str(library)!r})", **variables)
    assert f"is another file than the one that was searched: {library}" in said.value.stderr


@imitating
@needs_avx2
@pytest.mark.slow
@pytest.mark.parametrize("processor", PROCESSORS, ids=lambda each: each.name)
def test_libraries_choose_by_the_imitated_processor_and_portable_overrules_it(
    processor: Processor, imitations: Imitations
) -> None:
    code = """if True:
        import sys
        from tenshots import portable
        portable.pin(wanted=sys.argv[1:] == ["portable"])
        import numpy, scipy.linalg
        portable.verify()
        cpuinfo = open("/proc/cpuinfo").read()
        print(portable.numpy_features(), [pool["architecture"] for pool in portable.pools()], cpuinfo)
    """
    said = python(code, **imitations.variables(processor)).stdout
    assert ("X86_V4" in said) <= (processor.features == "avx512")
    assert processors.VENDORS[processor.vendor] in said
    assert ("avx512" in said) <= (processor.features == "avx512")
    if processor.features != "avx512":
        assert "'Haswell', 'Haswell'" in said
    pinned = python(code.replace("sys.argv[1:]", "['portable']"), **imitations.variables(processor))
    assert pinned.stderr == ""
    assert pinned.stdout.startswith("['X86_V3'] ['Haswell', 'Haswell']")


@imitating
@needs_avx2
@pytest.mark.slow
def test_a_processor_without_avx2_gets_its_line(imitations: Imitations) -> None:
    code = "from tenshots import portable; portable.pin(wanted=True); import numpy; print(portable.pinned)"
    said = python(code, **imitations.variables(IVY_BRIDGE))
    assert said.stdout == "False\n"
    assert "no effect here, because this is not Linux on an x86-64 processor" in said.stderr


def test_proc_cpuinfo_names_the_maker_and_lacks_the_flags() -> None:
    real = (
        "processor\t: 0\nvendor_id\t: GenuineIntel\nflags\t\t: fpu avx avx2 avx512f amx_tile fma\n\n"
        "processor\t: 1\nflags\t\t: fpu avx2 avx512vl\n"
    )
    assert processors.as_cpuinfo(ROME, real) == (
        "processor\t: 0\nvendor_id\t: AuthenticAMD\nflags\t\t: fpu avx avx2 fma\n\n"
        "processor\t: 1\nflags\t\t: fpu avx2\n"
    )


@pytest.mark.parametrize(
    ("missing", "said"), [("cc gcc clang", "no C compiler"), ("objdump", "there is no objdump")]
)
def test_what_is_missing_is_named(missing: str, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if "no Linux" in processors.obstacle():
        pytest.skip(processors.obstacle())
    monkeypatch.setattr(shutil, "which", lambda name: None if not name or name in missing.split() else name)
    assert said in processors.obstacle()


@imitating
def test_a_compiler_that_cannot_compile_it_is_named_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "imitate.c").write_text("#include <no_such_header.h>\n")
    monkeypatch.setattr(processors, "SOURCE", tmp_path / "imitate.c")
    assert "cannot compile imitate.c" in processors.obstacle()
    assert "no_such_header.h" in processors.obstacle()
