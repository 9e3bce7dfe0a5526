#!/bin/sh
# Makes .venv from a file of pinned, hashed packages, and mends what DVC needs: `sh setup.sh requirements.txt`.
# Called by the Makefile. A second call does nothing until that file changes.
set -eu
requirements=$1
python=${PYTHON:-python3}

fail() {
    echo "error: $*" >&2
    exit 1
}

command -v git >/dev/null || fail "git is missing, and DVC works in a git checkout only; install git first"
reason=$(git rev-parse --git-dir 2>&1 >/dev/null) ||
    fail "this folder is no git checkout that git accepts, and DVC needs one; get tenshots by git clone ($reason)"

# An environment that a Python outside the range made, or that lost its Python, is made anew.
if ! .venv/bin/python -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))" 2>/dev/null; then
    command -v "$python" >/dev/null ||
        fail "there is no $python; install Python 3.11, 3.12 or 3.13, or name one: PYTHON=python3.12 make setup"
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])') || fail "$python does not run"
    case $version in
    3.11 | 3.12 | 3.13) ;;
    *) fail "$python is Python $version, but TensorFlow needs 3.11, 3.12 or 3.13; name one: PYTHON=python3.12 make setup" ;;
    esac
    "$python" -c "import ensurepip, venv" 2>/dev/null ||
        fail "$python has no venv module; on Debian or Ubuntu: sudo apt install python3-venv (or python$version-venv)"
    echo "set-up: .venv with Python $version"
    "$python" -m venv --clear .venv
fi

# A stamp with the file's content rather than its date: git gives every file a new date.
stamp=.venv/installed-$requirements
if ! cmp -s "$requirements" "$stamp"; then
    echo "set-up: installing $requirements (some minutes the first time)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r "$requirements"
    cp "$requirements" "$stamp"
fi

# DVC runs `python -m stages.NAME` through the shell, so without activation the shell would find the system's
# Python, or none. Python executes this line whenever .venv's interpreter starts, as .venv/bin/dvc does.
packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
cat >"$packages/environment_first_on_path.pth" <<'LINE'
import os, sys; _bin = os.path.join(sys.prefix, "bin"); _path = os.environ.get("PATH", os.defpath); _path.split(os.pathsep)[0] == _bin or os.environ.update(PATH=_bin + os.pathsep + _path)
LINE

# `dvc exp run` commits to hidden branches, for which git asks who commits.
for key in user.name user.email; do
    if ! git config "$key" >/dev/null; then
        value=tenshots
        [ "$key" = user.name ] || value=tenshots@localhost
        git config "$key" "$value"
        echo "set-up: git has no $key; this clone's own configuration now says $value, which DVC's experiments need"
    fi
done
