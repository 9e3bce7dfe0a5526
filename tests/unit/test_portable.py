"""The numeric libraries compute with the same code on every processor, and whoever does not is named."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import stages
from tenshots import params, portable
from tenshots.errors import SettingsError
from tenshots.tracking import identity

TOP = Path(stages.__file__).parents[1]
# What a user may have set, and what stands there instead; None: nothing.
REPLACED = {
    "NPY_DISABLE_CPU_FEATURES": ("AVX2", None),  # NumPy refuses it beside NPY_ENABLE_CPU_FEATURES
    "NPY_ENABLE_CPU_FEATURES": ("X86_V4", "X86_V3"),
    "OMP_NUM_THREADS": ("8", "1"),
    "ONEDNN_DEFAULT_FPMATH_MODE": ("BF16", "STRICT"),
    "ONEDNN_MAX_CPU_ISA": ("AVX512_CORE", "AVX2"),
    "OPENBLAS_CORETYPE": ("SkylakeX", "Haswell"),
    "OPENBLAS_NUM_THREADS": ("8", "1"),
    "TF_ENABLE_ONEDNN_OPTS": ("0", "1"),
    "TF_XLA_FLAGS": ("--tf_xla_auto_jit=2", None),
    "XLA_FLAGS": ("--xla_cpu_enable_fast_math=true", None),
}
OURS = {name: ours for name, (_, ours) in REPLACED.items() if ours is not None}
OTHERS = (*REPLACED, "GLIBC_TUNABLES", "ONEDNN_VERBOSE")
# Of a name that the C library does not know, and so hide nothing.
UNREAD_TUNABLES = (" glibc.cpu.hwcaps=-AVX2", "xglibc.cpu.y=1", "glibc.malloc.check=glibc.cpu.hwcaps")
HASWELL = {
    "user_api": "blas",
    "internal_api": "openblas",
    "filepath": "/x/libopenblas.so",
    "architecture": "Haswell",
    "num_threads": 1,
}
needs_avx2 = pytest.mark.skipif(
    not portable.has_avx2(), reason="nothing is pinned on a processor without AVX2 and FMA"
)


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment in which nothing is set, on a processor with AVX2, in an empty current folder."""
    for name in OTHERS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(portable, "pinned", False)
    monkeypatch.setattr(portable, "has_avx2", lambda: True)
    monkeypatch.chdir(tmp_path)
    # What pin sets shall end with the test.
    monkeypatch.setattr(os, "environ", os.environ.copy())
    return tmp_path


def run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Runs code in a Python of its own, in which nothing is set but `environment`."""
    kept = {name: value for name, value in os.environ.items() if name not in OTHERS}
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=TOP,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.usefixtures("bare")
def test_it_is_set_without_a_word_where_nothing_else_was(capsys: pytest.CaptureFixture[str]) -> None:
    before = dict(os.environ)
    portable.pin()
    assert portable.pinned
    assert dict(os.environ) == {**before, **OURS}
    portable.pin()  # as in a stage that another one started
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("bare")
def test_what_the_user_had_set_is_replaced_and_named_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    before = dict(os.environ)
    os.environ.update({name: theirs for name, (theirs, _) in REPLACED.items()})
    portable.pin()
    assert dict(os.environ) == {**before, **OURS}
    named = ", ".join(f"{name}={theirs}" for name, (theirs, _) in REPLACED.items())
    assert capsys.readouterr().err == (
        f"note: portable: true replaces {named}; "
        "set portable: false in params.yaml to let each library choose its own code\n"
    )


@pytest.mark.parametrize(
    "text", ["portable: true\n", "seed: 1\n", "portable: maybe\n", "portable: [\n", None]
)
@pytest.mark.usefixtures("bare")
def test_it_is_the_default_also_where_settings_cannot_be_read(text: str | None) -> None:
    if text is not None:
        params.PATH.write_text(text)
    portable.pin()
    assert portable.pinned


@pytest.mark.usefixtures("bare")
def test_false_leaves_everything_as_the_user_has_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    params.PATH.write_text("portable: false\n")
    os.environ["OPENBLAS_CORETYPE"] = "SkylakeX"
    before = dict(os.environ)
    portable.pin()
    assert dict(os.environ) == before
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(portable, "numpy_features", lambda: ["X86_V4"])
    portable.verify(onednn="")  # nothing was promised


@pytest.mark.parametrize(
    ("system", "machine", "flags", "found"),
    [
        ("linux", "x86_64", "fpu fma avx avx2 avx512f", True),
        ("linux", "x86_64", "fpu avx avx2", False),
        ("linux", "x86_64", "fpu fma avx", False),
        ("linux", "x86_64", None, False),
        ("linux", "aarch64", "fma avx2", False),
        ("darwin", "x86_64", "fma avx2", False),
    ],
)
def test_without_avx2_or_on_arm_nothing_is_set_and_a_line_says_so(
    bare: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    system: str,
    machine: str,
    flags: str | None,
    found: bool,
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(portable, "pinned", False)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    monkeypatch.setattr(portable, "CPUINFO", bare / "cpuinfo")
    if flags is not None:
        (bare / "cpuinfo").write_text(f"processor\t: 0\nflags\t\t: {flags}\nbugs\t\t: none\n")
    assert portable.has_avx2() is found
    if not found:
        before = dict(os.environ)
        portable.pin(wanted=True)
        assert not portable.pinned
        assert dict(os.environ) == before
        assert capsys.readouterr().err == (
            "note: portable: true has no effect here, because this is not Linux on an x86-64 processor with "
            "AVX2 and FMA: expect different bytes\n"
        )


def test_each_library_that_computes_with_other_code_is_named() -> None:
    fine = {"numpy": ["X86_V3"], "pools": [HASWELL], "onednn": "Intel AVX2"}
    assert portable.mismatches(**fine) == []
    assert portable.mismatches(numpy=None, pools=[], onednn=None) == []
    assert portable.mismatches(**{**fine, "numpy": ["X86_V3", "X86_V4"]}) == [
        "NumPy computes with X86_V3, X86_V4, not with X86_V3 alone"
    ]
    assert portable.mismatches(**{**fine, "numpy": []}) == [  # as where NumPy does not know the name
        "NumPy computes with its baseline, not with X86_V3 alone"
    ]
    assert portable.mismatches(**{**fine, "pools": [HASWELL, {**HASWELL, "architecture": "Zen"}]}) == [
        "openblas (libopenblas.so) computes for Zen, not for Haswell"
    ]
    mkl = {"user_api": "blas", "internal_api": "mkl", "filepath": "/x/mkl_rt.so", "num_threads": 1}
    assert portable.mismatches(**{**fine, "pools": [mkl]}) == [
        "mkl (mkl_rt.so) computes for an unknown core, not for Haswell"
    ]
    openmp = {"user_api": "openmp", "internal_api": "openmp", "filepath": "/x/libgomp.so", "num_threads": 8}
    assert portable.mismatches(**{**fine, "pools": [openmp]}) == [
        "openmp (libgomp.so) computes with 8 threads, not with 1"
    ]
    assert portable.mismatches(**{**fine, "onednn": "Intel AVX-512"}) == [
        "TensorFlow computes with oneDNN for Intel AVX-512, not for Intel AVX2"
    ]
    assert portable.mismatches(**{**fine, "onednn": ""}) == ["TensorFlow computes without oneDNN"]


def test_the_c_library_is_named_where_it_was_told_to_hide_instructions() -> None:
    hidden = "glibc.malloc.check=3:glibc.cpu.hwcaps=-FMA"
    assert portable.mismatches(numpy=None, pools=[], onednn=None, tunables=hidden) == [
        f"the C library chose its functions by GLIBC_TUNABLES={hidden} (unset it)"
    ]
    for other in ("glibc.malloc.check=3", *UNREAD_TUNABLES):
        assert not portable.mismatches(numpy=None, pools=[], onednn=None, tunables=other)


@pytest.mark.usefixtures("bare")
def test_the_command_starts_again_once_without_what_hides_instructions(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Replaced(Exception):  # noqa: N818 (what execv does)
        pass

    def execv(*command: object) -> None:
        raise Replaced(*command)

    monkeypatch.setattr(os, "execv", execv)
    monkeypatch.setattr(sys, "orig_argv", ["python", "-X", "utf8", "-m", "stages.train", "a b"])
    os.environ["GLIBC_TUNABLES"] = "glibc.cpu.hwcaps=-FMA:glibc.malloc.check=3"
    portable.pin()  # not of its own accord: who imports a stage is no stage
    assert capsys.readouterr() == ("", "")
    with pytest.raises(Replaced) as caught:
        portable.pin(restart=True)
    assert caught.value.args == (sys.executable, [sys.executable, "-X", "utf8", "-m", "stages.train", "a b"])
    assert (
        "replaces GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA:glibc.malloc.check=3; set" in capsys.readouterr().err
    )
    assert os.environ["GLIBC_TUNABLES"] == "glibc.malloc.check=3"
    portable.pin(restart=True)
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("bare")
@pytest.mark.parametrize("tunables", UNREAD_TUNABLES)
def test_the_command_does_not_start_again_for_what_it_would_not_take_away(
    tunables: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Else it would for ever."""
    monkeypatch.setattr(os, "execv", lambda *_: pytest.fail("it starts again"))
    os.environ["GLIBC_TUNABLES"] = tunables
    portable.pin(restart=True)
    assert portable.pinned
    assert os.environ["GLIBC_TUNABLES"] == tunables
    assert capsys.readouterr() == ("", "")


@needs_avx2
def test_a_stage_computes_without_what_hides_instructions(tmp_path: Path) -> None:
    """The real command, its arguments and its status included."""
    command = [sys.executable, "-m", "stages.split", "--help"]
    environment = {**os.environ, "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2", "PYTHONPATH": str(TOP)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stdout.startswith("usage:")
    assert done.stderr.count("replaces GLIBC_TUNABLES=glibc.cpu.hwcaps=-FMA,-AVX2") == 1


@pytest.mark.usefixtures("bare")
def test_a_stage_does_not_begin_where_a_library_computes_with_other_code(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    portable.pin()
    monkeypatch.setattr(portable, "numpy_features", lambda: ["X86_V4"])
    monkeypatch.setattr(portable, "pools", list)
    with pytest.raises(SystemExit) as caught:
        stages.run(lambda: pytest.fail("it began"))
    assert caught.value.code == (
        "error: portable: true is not met, because NumPy computes with X86_V4, not with X86_V3 alone; "
        "set portable: false in params.yaml to let each library choose its own code"
    )


def test_the_setting_is_true_or_false() -> None:
    with pytest.raises(SettingsError, match=r"portable must be true or false, got 'maybe'"):
        params.top_level({"portable": "maybe"}, portable.PortableSettings)


def test_it_tells_experiments_apart(tmp_path: Path) -> None:
    keys = {
        identity.experiment_key({"portable": value}, splits_path=tmp_path / "none", code_dir=tmp_path)
        for value in (True, False)
    }
    assert len(keys) == 2


@needs_avx2
def test_no_numeric_package_is_loaded_before_a_stage_has_pinned_it() -> None:
    done = run(
        """
        import sys
        from tenshots import portable
        heavy = {"numpy", "scipy", "sklearn", "pandas", "tensorflow", "keras", "pyarrow", "threadpoolctl"}
        portable.pin = lambda **_: print(sorted(heavy & set(sys.modules)))
        import stages
        import stages.split
        assert "numpy" in sys.modules
        """
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")


@needs_avx2
def test_libraries_compute_with_avx2_in_one_thread_whatever_the_user_had_set() -> None:
    done = run(
        """
        import stages
        from tenshots import portable
        import scipy.linalg, sklearn.linear_model
        portable.verify()
        pools = portable.pools()
        print(portable.numpy_features())
        print({pool["architecture"] for pool in pools if pool["user_api"] == "blas"})
        print({pool["num_threads"] for pool in pools}, len(pools) > 2)
        """,
        OPENBLAS_CORETYPE="Nehalem",
        OPENBLAS_NUM_THREADS="2",
        OMP_NUM_THREADS="2",
        NPY_DISABLE_CPU_FEATURES="X86_V3",
    )
    assert done.stdout == "['X86_V3']\n{'Haswell'}\n{1} True\n", done.stderr
    assert "OMP_NUM_THREADS=2, OPENBLAS_CORETYPE=Nehalem, OPENBLAS_NUM_THREADS=2; set" in done.stderr


@needs_avx2
def test_numpy_that_was_loaded_before_is_an_error() -> None:
    done = run(
        """
        import numpy
        import stages
        stages.run(lambda: print("began"))
        """,
        NPY_DISABLE_CPU_FEATURES="X86_V3",
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: portable: true is not met, because NumPy computes with" in done.stderr


# A process that is forked before TensorFlow has computed anything, and so reads again what oneDNN is told:
# set only after the pin, as by a package that thinks it knows better.
TENSORFLOW = """
import os
import stages
from tenshots import runtime
child = os.fork()
if child == 0:
    os.dup2(1, 2)
    os.environ["ONEDNN_MAX_CPU_ISA"] = "AVX"
    runtime.configure(threads=1)
    print("configured", flush=True)
    os._exit(0)
os.waitpid(child, 0)
print("forked", flush=True)
runtime.configure(threads=1)
print(runtime._onednn_isa())
runtime.keras.ops.conv(runtime.keras.ops.ones((1, 8, 8, 3)), runtime.keras.ops.ones((3, 3, 3, 4)))
"""
NORMALISATION = """
import numpy as np
import tensorflow as tf
values = np.linspace(0.001, 9, 5003, dtype=np.float32)
wanted = (1 / np.sqrt(values.astype(np.float64))).astype(np.float32)
found = tf.math.rsqrt(values), tf.function(lambda given: runtime.keras.ops.rsqrt(given))(values)
print([bool((np.asarray(each) == wanted).all()) for each in found])
layer = runtime.keras.layers.BatchNormalization(epsilon=0.0)
layer.build((None, 5003))
layer.moving_variance.assign(values)
for predict in (layer, tf.function(layer)):
    print(bool((np.asarray(predict(np.ones((1, 5003), np.float32)))[0] == wanted).all()))
"""


@pytest.fixture(scope="module")
def tensorflow() -> subprocess.CompletedProcess[str]:
    """A process that computes with TensorFlow, after it has forked another one."""
    return run(TENSORFLOW + NORMALISATION, KERAS_BACKEND="tensorflow")


@pytest.mark.slow
@needs_avx2
def test_tensorflow_computes_with_onednn_for_avx2_and_says_nothing(
    tensorflow: subprocess.CompletedProcess[str],
) -> None:
    forked, _, said = tensorflow.stdout.partition("forked\n")
    assert (said.splitlines()[:1], tensorflow.stderr) == (["Intel AVX2"], "")
    assert "TensorFlow computes with oneDNN for Intel AVX, not for Intel AVX2;" in forked
    assert "configured" not in forked
    code = "import stages, os; os.environ['TF_ENABLE_ONEDNN_OPTS'] = '0'; from tenshots import runtime"
    done = run(f"{code}; runtime.configure(threads=1)", KERAS_BACKEND="tensorflow")
    assert done.returncode == 1
    assert "TensorFlow computes without oneDNN;" in done.stderr


@pytest.mark.slow
@needs_avx2
def test_normalisation_rounds_alike_on_every_processor(
    tensorflow: subprocess.CompletedProcess[str],
) -> None:
    """Eigen's float32 reciprocal root is a bit off, and by the maker; one rounded correctly cannot be."""
    assert tensorflow.stdout.splitlines()[-3:] == ["[True, True]", "True", "True"], tensorflow.stderr
