#!/bin/sh
# Makes .venv from a file of pinned, hashed packages, and sets up what DVC needs: `sh setup.sh requirements.txt`.
# Called by the Makefile. A second call does nothing until that file's pins change. WHEELS=folder installs from what
# `sh setup.sh --wheels` has put there, without a network.
set -eu
requirements=$1
python=${PYTHON:-python3}
wheels=${WHEELS:-}

fail() {
    echo "error: $*" >&2
    exit 1
}

check_python() {
    command -v "$python" >/dev/null ||
        fail "there is no $python; install Python 3.11, 3.12 or 3.13, or name one: PYTHON=python3.12 make setup"
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])') || fail "$python does not run"
    case $version in
    3.11 | 3.12 | 3.13) ;;
    *) fail "$python is Python $version, but TensorFlow needs 3.11, 3.12 or 3.13; name one: PYTHON=python3.12 make setup" ;;
    esac
    "$python" -c "import ensurepip, venv" 2>/dev/null ||
        fail "$python has no venv module; on Debian or Ubuntu: sudo apt install python3-venv (or python$version-venv)"
}

if [ "$requirements" = --wheels ]; then
    check_python
    exec "$python" requirements/wheels.py fill "${wheels:-wheels}" requirements-dev.txt
fi

command -v git >/dev/null || fail "git is missing, and DVC works only in a git checkout; install git first"
reason=$(git rev-parse --git-dir 2>&1 >/dev/null) ||
    fail "this folder is not a git checkout that git accepts, and DVC needs one; get tenshots with git clone ($reason)"

# The stamp is the file that was installed last. Its pins are compared, not its date, which git changes; a larger set of
# packages (the tools for tests) includes a smaller one.
stamp=.venv/installed-requirements.txt
installed() {
    [ -f "$stamp" ] &&
        awk 'FILENAME == ARGV[1] { has[$0]; next } /^[a-z0-9]/ && !($0 in has) { exit 1 }' "$stamp" "$requirements"
}

# An environment names the folder that it was made in: venv's in pyvenv.cfg, unquoted; other tools' in activate, where
# some characters are quoted.
usable() {
    here=$(pwd -P)/.venv awk 'index($0, ENVIRON["here"]) { found = 1 } END { exit !found }' \
        .venv/pyvenv.cfg .venv/bin/activate &&
        .venv/bin/python -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))" &&
        { installed || .venv/bin/python -m pip --version >/dev/null; }
}

# An environment is rebuilt if its Python is outside the range or gone, if it was moved or copied with its project, or if
# making it was interrupted.
interpreter=.venv/bin/python
if ! usable 2>/dev/null; then
    check_python
    interpreter=$python
    rm -rf .venv
fi

# Checked before an environment is made, so that a wrong folder does not leave one of the wrong Python behind.
if [ -n "$wheels" ] && ! installed; then
    pins=$("$interpreter" requirements/wheels.py check "$wheels" "$requirements") || exit 1
else
    pins=$(cat "$requirements")
fi

if [ ! -d .venv ]; then
    echo "set-up: .venv with Python $version"
    "$python" -m venv .venv || fail "$python cannot create .venv, for the reason above"
fi
packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')

# The files are complete, so pip installs every pin as it is. If it resolved, pip below 24 would ask the index for each
# package that another requires with an extra, find a release newer than the pinned one, and give up.
pip_install() {
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --require-hashes \
        --no-build-isolation --no-compile "$@" && return
    free=$(df -Pk .venv | awk 'NR == 2 { printf "%.1f GB", $4 / 1e6 }')
    fail "pip could not install $requirements, for the reason above; this disk has $free free, and a first" \
        "set-up takes up to 5 GB; fix that, or the network, and run the same again: it continues from there"
}

if ! installed; then
    echo "set-up: installing $requirements (the first time a few minutes; 2.9 GB, and up to 5 GB while it downloads)"
    rm -f "$stamp"
    # pip keeps everything that it downloads until the end, and /tmp is often small.
    rm -rf .venv/tmp
    mkdir .venv/tmp
    TMPDIR=$PWD/.venv/tmp
    export TMPDIR
    # pip takes a half-unpacked package for installed, though INSTALLER, one of the last files, is missing.
    for info in "$packages"/*.dist-info; do
        [ -f "$info/INSTALLER" ] || rm -rf "$info"
    done
    set --
    if [ -n "$wheels" ]; then
        set -- --isolated --no-index --find-links "$wheels"
        PIP_CONFIG_FILE=/dev/null
        export PIP_CONFIG_FILE
    fi
    # One package is published as source only. The pinned setuptools builds it; pip would download the newest.
    PIP_USE_PEP517=1
    export PIP_USE_PEP517
    printf '%s\n' "$pins" >.venv/tmp/pins.txt
    awk '/^[a-z0-9]/ { first = /^setuptools==/ } first' .venv/tmp/pins.txt >.venv/tmp/first.txt
    [ ! -s .venv/tmp/first.txt ] || pip_install "$@" -r .venv/tmp/first.txt
    pip_install "$@" -r .venv/tmp/pins.txt
    # Packages that a person has added to .venv are theirs; only those of the file must fit together.
    if ! said=$(.venv/bin/python -m pip check --disable-pip-version-check 2>/dev/null); then
        unfit=$(echo "$said" | awk 'FILENAME == ARGV[1] { split($1, pin, "=="); ours[pin[1]]; next } $1 in ours' \
            .venv/tmp/pins.txt - | head -n 1)
        [ -n "$said" ] && [ -z "$unfit" ] ||
            fail "$requirements does not fit together (${unfit:-pip check says no more}); take the committed file (git" \
                "restore $requirements), or fix requirements/*.in and recompile it: make requirements"
    fi
    # pip would compile 16,000 files on one core, for half a minute. A run imports a quarter of them, which Python compiles
    # when it imports them first: here, and not in each of several stages, nor again and again where .venv is read-only.
    PYTHONDONTWRITEBYTECODE='' .venv/bin/python - <<'CODE' || :
import subprocess, sys
for process in [subprocess.Popen([sys.executable, "-c", f"import {modules}"], stderr=subprocess.DEVNULL) for modules in (
    "stages.train, stages.visualise, stages.describe, stages.compare",
    "mlflow.tracking, mlflow.store.tracking.sqlalchemy_store, dvc.cli.parser, dvc.commands.repro, "
    "dvc.commands.experiments, dvc.repo.reproduce, dvc.repo.experiments",
)]: process.wait()
CODE
    cp "$requirements" "$stamp"
    rm -rf .venv/tmp
fi

# DVC runs `python -m stages.NAME` through the shell, which without activation would find the system's Python, or none.
# Python executes this line whenever .venv's interpreter starts, as it does for .venv/bin/dvc.
line='import os, sys; _bin = os.path.join(sys.prefix, "bin"); _path = os.environ.get("PATH", os.defpath); _path.split(os.pathsep)[0] == _bin or os.environ.update(PATH=_bin + os.pathsep + _path)'
file=$packages/environment_first_on_path.pth
[ "$(cat "$file" 2>/dev/null)" = "$line" ] || echo "$line" >"$file" # .venv may be read-only by now

# `dvc exp run` commits to hidden branches, and git wants to know who commits.
for key in user.name user.email; do
    if ! git config "$key" >/dev/null; then
        value=tenshots
        [ "$key" = user.name ] || value=tenshots@localhost
        git config "$key" "$value"
        echo "set-up: git has no $key; DVC's experiments need one, so this clone's own configuration now says $value"
    fi
done
