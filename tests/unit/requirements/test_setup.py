"""Set-up makes a bare clone fit for DVC, says what it did, and says in one line what a machine lacks."""

from __future__ import annotations

import shutil

import pytest

from tests.drawn.bare_machine import BACKEND, OLD_PIPS, PYTHON, Machine, refused


@pytest.mark.slow
def test_a_bare_clone_is_set_up_once(machine: Machine) -> None:
    machine.pin(machine.publish("cup", "1.0"))
    first = machine.setup("make", "setup", PYTHON=PYTHON)
    assert first.returncode == 0, first.stderr
    assert "this clone's own configuration now says tenshots" in first.stdout
    assert machine.git("config", "--local", "user.email") == "tenshots@localhost"
    assert machine.git("config", "--local", "user.name") == "tenshots"

    second = machine.setup("make", "setup", PYTHON="/does/not/matter/now")
    assert second.returncode == 0, second.stderr
    assert second.stdout == ""

    # What DVC does: a shell that looks for `python`, below the environment's interpreter.
    code = "import subprocess; subprocess.run('python -c \"import sys; print(sys.prefix)\"', shell=True)"
    answer = machine.setup(".venv/bin/python", "-c", code)
    assert answer.stdout.strip() == str(machine.clone / ".venv")
    code = "import os, sys; print(os.environ['PATH'].count(os.path.join(sys.prefix, 'bin')))"
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])"
    assert machine.setup(".venv/bin/python", "-c", nested).stdout.strip() == "1"

    machine.pin(machine.publish("cup", "1.1"))
    assert "installing requirements.txt" in machine.setup().stdout
    assert machine.installed() == {"cup": "1.1"}


@pytest.mark.slow
def test_an_identity_that_git_has_stays(equipped: Machine) -> None:
    equipped.git("config", "user.name", "Ada")
    equipped.git("config", "user.email", "ada@example.org")
    answer = equipped.setup()
    assert answer.returncode == 0, answer.stderr
    assert "configuration" not in answer.stdout
    assert equipped.git("config", "user.name") == "Ada"


@pytest.mark.slow
@pytest.mark.parametrize("equipped", ["", *OLD_PIPS], indirect=True)
def test_pins_are_taken_as_they_stand_whatever_is_newest(equipped: Machine) -> None:
    helper = equipped.publish("helper", "1.0")
    equipped.publish("helper", "2.0")
    equipped.pin(equipped.publish("asker", "1.0", "helper[more]>=1.0"), helper)

    # The trap is real: a pip that resolves looks at 2.0, for which there is no hash. (Since 24 it does not.)
    resolve = ("-m", "pip", "install", "--quiet", "--require-hashes", "-r", "requirements.txt")
    version = equipped.setup(".venv/bin/python", "-m", "pip", "--version").stdout.split()[1]
    if int(version.split(".")[0]) < 24:
        assert "In --require-hashes mode" in equipped.setup(".venv/bin/python", *resolve).stderr

    answer = equipped.setup()
    assert answer.returncode == 0, answer.stderr
    assert equipped.installed() == {"asker": "1.0", "helper": "1.0"}
    assert not (equipped.clone / ".venv" / "tmp").exists()


@pytest.mark.slow
@pytest.mark.parametrize("equipped", ["", "22.0.2"], indirect=True)
def test_what_is_published_as_source_only_is_built_by_the_pinned_setuptools(equipped: Machine) -> None:
    """A newer setuptools lies in the index, and breaks whoever builds with it."""
    setuptools = equipped.publish_setuptools("1.0", BACKEND)
    equipped.publish_setuptools("2.0", "raise ImportError('too new')")
    equipped.pin(equipped.publish_source("grammar", "4.9"), setuptools)
    answer = equipped.setup()
    assert answer.returncode == 0, answer.stderr
    assert equipped.installed()["grammar"] == "4.9"


@pytest.mark.slow
def test_the_tools_for_tests_stay_and_nothing_is_installed_twice(equipped: Machine) -> None:
    cup, tool = equipped.publish("cup", "1.0"), equipped.publish("tool", "1.0")
    equipped.pin(cup)
    equipped.pin(cup, tool, file="requirements-dev.txt")
    assert "installing requirements-dev.txt" in equipped.setup("make", "setup-dev").stdout
    for target in ("setup", "setup-dev", "setup"):
        assert "installing" not in equipped.setup("make", target).stdout
    assert equipped.installed() == {"cup": "1.0", "tool": "1.0"}

    # Another commit's pins and back: what one file has changed, the other does not take for its own.
    equipped.pin(equipped.publish("cup", "2.0"))
    assert equipped.setup("make", "setup").returncode == 0
    assert equipped.installed() == {"cup": "2.0", "tool": "1.0"}
    equipped.pin(cup)
    assert equipped.setup("make", "setup-dev").returncode == 0
    assert equipped.installed() == {"cup": "1.0", "tool": "1.0"}

    # A pin that was for other Pythons says nothing of this one.
    newer = equipped.publish("cup", "3.0")
    equipped.pin(cup, newer.replace(" ", " ; python_version < '3' ", 1))
    assert equipped.setup("make", "setup").returncode == 0
    equipped.pin(newer)
    assert equipped.setup("make", "setup").returncode == 0
    assert equipped.installed() == {"cup": "3.0", "tool": "1.0"}


@pytest.mark.slow
def test_pins_that_do_not_fit_together_are_one_line_and_no_success(equipped: Machine) -> None:
    equipped.pin(equipped.publish("asker", "1.0", "helper>=2"))
    for _ in range(2):
        line = refused(equipped.setup())
        assert (
            "requirements.txt does not fit together (asker 1.0 requires helper, which is not installed.)"
            in line
        )
        assert "make requirements" in line


@pytest.mark.slow
def test_what_a_person_has_added_need_not_fit(equipped: Machine) -> None:
    equipped.publish("mine", "1.0", "cup<1")
    equipped.setup(".venv/bin/python", "-m", "pip", "install", "--quiet", "--no-deps", "mine")
    equipped.pin(equipped.publish("cup", "1.0"))
    assert equipped.setup().returncode == 0
    assert equipped.installed() == {"cup": "1.0", "mine": "1.0"}


@pytest.mark.slow
def test_after_a_full_disk_the_next_set_up_goes_on(equipped: Machine) -> None:
    equipped.pin(equipped.publish("small", "1.0"), equipped.publish("zebra", "1.0", size=3_000_000))
    # No file may grow past 1 MB: the wheel can be read, for it lies here, but not unpacked.
    answer = equipped.setup("sh", "-c", "ulimit -f 2000; exec sh setup.sh requirements.txt")
    last = answer.stderr.splitlines()[-1]
    assert last.startswith("error: pip could not install requirements.txt, for the reason above; ")
    assert "GB free, and a first set-up takes" in last
    assert "run the same again" in last
    assert not (equipped.clone / ".venv" / "installed-requirements.txt").exists()

    assert equipped.setup().returncode == 0
    assert equipped.installed() == {"small": "1.0", "zebra": "1.0"}
    assert len(equipped.setup(".venv/bin/python", "-c", "import zebra").stderr) == 0


@pytest.mark.slow
def test_what_was_cut_short_while_it_was_unpacked_is_installed_anew(equipped: Machine) -> None:
    equipped.pin(equipped.publish("cup", "1.0"))
    equipped.setup()
    [info] = (equipped.clone / ".venv").glob("lib/*/site-packages/cup-1.0.dist-info")
    for path in (
        info / "INSTALLER",
        info.with_name("cup.py"),
        equipped.clone / ".venv/installed-requirements.txt",
    ):
        path.unlink()
    assert equipped.setup().returncode == 0
    assert info.with_name("cup.py").is_file()


@pytest.mark.slow
def test_the_environment_of_a_project_that_was_moved_or_copied_is_made_anew(equipped: Machine) -> None:
    equipped.pin(equipped.publish("cup", "1.0"))
    assert equipped.setup(PYTHON=PYTHON).returncode == 0
    assert equipped.setup(PYTHON=PYTHON).stdout == ""
    equipped.clone = equipped.clone.rename(equipped.clone.with_name("ada's"))
    answer = equipped.setup(PYTHON=PYTHON)
    assert answer.returncode == 0, answer.stderr
    assert "set-up: .venv with Python" in answer.stdout
    assert equipped.installed() == {"cup": "1.0"}
    assert equipped.setup(PYTHON=PYTHON).stdout == ""


@pytest.mark.slow
def test_an_environment_that_was_stopped_while_it_was_made_is_made_anew(equipped: Machine) -> None:
    [pip] = (equipped.clone / ".venv").glob("lib/*/site-packages/pip")
    shutil.rmtree(pip / "_internal")
    equipped.pin(equipped.publish("cup", "1.0"))
    answer = equipped.setup(PYTHON=PYTHON)
    assert answer.returncode == 0, answer.stderr
    assert "set-up: .venv with Python" in answer.stdout
    assert equipped.installed() == {"cup": "1.0"}


@pytest.mark.slow
def test_a_broken_download_leaves_no_mark_of_success(equipped: Machine) -> None:
    equipped.pin(equipped.publish("cup", "1.0", size=1000))
    [wheel] = equipped.index.rglob("*.whl")
    whole = wheel.read_bytes()
    wheel.write_bytes(whole[:500])
    assert "pip could not install requirements.txt" in equipped.setup().stderr.splitlines()[-1]
    wheel.write_bytes(whole)
    assert equipped.setup().returncode == 0
    assert equipped.installed() == {"cup": "1.0"}


def test_without_git_one_line_says_so(machine: Machine) -> None:
    (machine.bin_dir / "git").unlink()
    assert "git is missing" in refused(machine.setup())


def test_outside_a_checkout_one_line_says_so(machine: Machine) -> None:
    shutil.rmtree(machine.clone / ".git")
    assert "not a git checkout" in refused(machine.setup())


def test_without_python_one_line_says_so(machine: Machine) -> None:
    assert "there is no python3" in refused(machine.setup())


@pytest.mark.parametrize("version", ["2.7", "3.9", "3.10", "3.14"])
def test_another_python_is_refused_with_the_remedy(version: str, machine: Machine) -> None:
    machine.write_python(f"echo {version}")
    line = refused(machine.setup())
    assert f"python3 is Python {version}" in line
    assert "PYTHON=python3.12 make setup" in line


def test_a_python_that_does_not_run_is_refused(machine: Machine) -> None:
    machine.write_python("exit 3")
    assert "python3 does not run" in refused(machine.setup())


def test_without_the_venv_module_one_line_names_the_package(machine: Machine) -> None:
    machine.write_python('case "$2" in *ensurepip*) exit 1 ;; *) echo 3.12 ;; esac')
    line = refused(machine.setup())
    assert "sudo apt install python3-venv" in line
    assert "python3.12-venv" in line


def test_make_lists_its_targets(machine: Machine) -> None:
    answer = machine.setup("make")
    for target in ("setup", "setup-dev", "wheels", "repro", "test", "ui", "requirements", "lint", "help"):
        assert f"make {target} " in answer.stdout
    assert not (machine.clone / ".venv").exists()
