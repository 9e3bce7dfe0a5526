"""Nothing that is read can run, and nothing is sent: the code has no loader that executes, and no network."""

from __future__ import annotations

import ast
import configparser
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tenshots.networks import torch_files
from tenshots.tracking import store

TOP = Path(__file__).parents[1]
FOLDERS = ("tenshots", "stages", "backbones", "benchmarks", "demo", "requirements")

# Whole modules, and single functions of others, whose use lets data run, or hands text to a shell; `*` stands
# for any end of a name
MODULES = (
    *(
        "pickle",
        "_pickle",
        "cloudpickle",
        "dill",
        "shelve",
        "marshal",
        "jsonpickle",
        "skops",
        "runpy",
        "code",
    ),
    *("multiprocessing", "concurrent.futures.ProcessPoolExecutor", "concurrent.futures.process"),
    # all of them pickle
    *("joblib.load", "joblib.dump", "joblib.Parallel", "joblib.Memory"),
    *("joblib.externals", "joblib.parallel*"),
    *("torch", "yaml", "logging.config", "ctypes", "cffi", "imp", "zipimport", "pkgutil"),
    *("jinja2.Template", "jinja2.nativetypes"),  # a text that is run
    *("importlib.import_module", "importlib.util.spec_from_file_location", "importlib.machinery"),
    *("os.system", "os.popen", "os.exec*", "os.spawn*", "os.posix_spawn*", "pty", "subprocess.getoutput"),
    *(
        "subprocess.getstatusoutput",
        "commands",
        "builtins",
        "mlflow.pyfunc",
        "mlflow.keras",
        "mlflow.sklearn",
    ),
    *("mlflow.tensorflow", "mlflow.projects", "mlflow.models", "keras.models.load_model", "keras.saving"),
    *(
        "keras.layers.Lambda",
        "keras.layers.TFSMLayer",
        "tensorflow.saved_model",
        "types.FunctionType",
        "types.CodeType",
    ),
    # The next open a port, those after them reach the network
    *("http.server", "socketserver", "xmlrpc", "flask", "uvicorn", "socket.create_server"),
    *(
        "urllib.request",
        "http.client.HTTPConnection",
        "http.client.HTTPSConnection",
        "requests",
        "httpx",
        "urllib3",
        "aiohttp",
        "ftplib",
        "smtplib",
        "webbrowser",
    ),
    *("socket.socket", "socket.create_connection"),
)
NAMES = ("eval", "exec", "compile", "__import__", "input")  # as they stand, or as a method of anything
METHODS = (
    *("load_model", "read_pickle", "to_pickle", "unsafe_load", "full_load", "load_module", "exec_module"),
    *("enable_unsafe_deserialization", "deserialize_keras_object", "model_from_json", "from_config"),
    *("deserialize", "load_op_library", "load_library", "create_subprocess_shell", "subprocess_shell"),
    *(
        "load_artifact",
        "py_function",
        "numpy_function",
        "read_hdf",
        "enable_load_extension",
        "load_extension",
    ),
    *("eval", "query"),  # of pandas: a text that is run
    "from_string",  # of Jinja, likewise
    "get_file",  # of Keras: from a network
    *("extractall", "unpack_archive"),  # which write wherever an archive says
    *("start_server", "start_unix_server", "create_server"),  # which open a port
)
KEYWORDS = {  # of any call, with the one value that is harmless
    "allow_pickle": False,
    "shell": False,
    "safe_mode": True,
    "custom_objects": None,
    "typ": "safe",
}

# Where allow_pickle stands, if it is given without its name
POSITIONS = {"numpy.load": 2, "numpy.save": 2, "numpy.lib.format.read_array": 1}
SHELLS = ("sh", "bash", "dash", "zsh", "ksh", "cmd", "cmd.exe", "powershell", "pwsh")

EXCEPTIONS = {
    ("requirements/audit.py", "urllib.request"): "asks OSV about names and versions of packages, in CI",
    (
        "tenshots/networks/settings.py",
        "pkgutil",
    ): "lists the files in the folder of families, and imports none",
    (
        "tenshots/networks/settings.py",
        "importlib.import_module",
    ): "imports a file of the folder of families; the name in params.yaml must be one of those listed",
    (
        "stages/quick.py",
        "importlib.import_module",
    ): "imports stages by their names in dvc.yaml, whose commands DVC would run",
    ("stages/ui.py", "urllib.request"): "asks its own server, on this machine, whether it is there",
    ("stages/ui.py", "socket.socket"): "looks for a free port of this machine",
    ("tenshots/tracking/store.py", "urllib.request"): "asks the user's MLflow server whether it is there",
    ("tenshots/intake/photos/decoders.py", "socket.socket"): "talks to its own processes, which decode",
    ("tenshots/intake/photos/decoding.py", "socket.socket"): "likewise",
    ("demo/render.py", "multiprocessing"): "renders in processes of its own, which read nothing of others",
    ("demo/render.py", "concurrent.futures.ProcessPoolExecutor"): "likewise",
    ("benchmarks/peers/__main__.py", "multiprocessing"): "a recipe in a process, handed our own objects",
    ("benchmarks/peers/__main__.py", "concurrent.futures.ProcessPoolExecutor"): "likewise",
    (
        "tenshots/networks/torch_files.py",
        "pickle",
    ): "reads weights in torch's format; knows four names, none of which runs anything (see below)",
    ("backbones/efficientnet_lite0.py", "torch"): "asks the author's network, by hand, what ours must answer",
    ("tenshots/runtime.py", "ctypes"): "flushes what C code has printed, to read which code oneDNN uses",
    ("tenshots/portable.py", "os.exec*"): "starts the same command again, with other variables",
    ("tenshots/networks/backbones.py", "get_file"): "has Keras fetch `weights: imagenet`, by hash",
    ("benchmarks/once/rooms.py", "urllib.request"): "asks an MLflow server of its own whether it is there",
    ("benchmarks/once/rooms.py", "socket.socket"): "looks for a free port; a server that answers slowly",
    ("benchmarks/once/rooms.py", "socket.create_connection"): "likewise, to the server behind it",
    ("benchmarks/once/rooms.py", "socket.create_server"): "likewise, on this machine alone",
    ("benchmarks/once/rooms.py", "create_server"): "likewise",
    ("benchmarks/prove/runs.py", "a shell"): "runs lines of its own table, as a user would",
    ("tenshots/intake/photos/formats.py", "ctypes"): "silences libtiff, which would print lines of its own",
}


def uses(code: str) -> Iterator[str]:
    """Yields what a module uses of the above, by the name in the lists."""
    nodes = list(ast.walk(ast.parse(code)))
    known: dict[str, str] = {"keras": "keras"}  # a name in the module -> what it was imported as
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from listed(alias.name)
                first = alias.name.split(".")[0]
                known[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module != "tenshots.runtime":  # which hands keras on
            for alias in node.names:
                yield from listed(f"{node.module}.{alias.name}")
                yield from {alias.name} & set(METHODS)
                known[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    for node in nodes:
        yield from uses_of(node, known)


def uses_of(node: ast.AST, known: dict[str, str]) -> Iterator[str]:
    """Yields what one node uses, names being as `known`."""
    if isinstance(node, ast.Attribute):
        yield from listed(dotted(node, known))
        if node.attr in METHODS:
            yield node.attr
    elif isinstance(node, ast.Name) and node.id in NAMES:
        yield node.id
    elif isinstance(node, ast.Call):
        yield from uses_of_call(node, known)
    elif isinstance(node, ast.List | ast.Tuple) and starts_shell(node.elts):
        yield "a shell"


def uses_of_call(node: ast.Call, known: dict[str, str]) -> Iterator[str]:
    """Yields what the arguments of a call let it do."""
    for keyword in node.keywords:
        if keyword.arg in KEYWORDS and constant(keyword.value) != KEYWORDS[keyword.arg]:
            yield keyword.arg
    if dotted(node.func, known) in POSITIONS and None in [keyword.arg for keyword in node.keywords]:
        yield "allow_pickle"  # as **options may hold it
    for argument in node.args[POSITIONS.get(dotted(node.func, known), len(node.args)) :][:1]:
        if constant(argument) is not False:
            yield "allow_pickle"
    if starts_shell(node.args):
        yield "a shell"


def constant(node: ast.expr) -> object:
    return node.value if isinstance(node, ast.Constant) else ...


def starts_shell(words: list[ast.expr]) -> bool:
    """Whether words, as a program is called by, give a shell a text: `sh -c`, `env bash -ec`, `cmd /c`."""
    texts = [str(constant(word)) for word in words]
    shells = [place for place, text in enumerate(texts) if text.rpartition("/")[2] in SHELLS]
    return bool(shells) and any(
        re.fullmatch("-[a-z]*c|/c|-command", text, re.IGNORECASE) for text in texts[shells[0] :]
    )


def dotted(node: ast.expr, known: dict[str, str]) -> str:
    """The full name of `a.b.c`, by what `a` was imported as; empty where it starts otherwise."""
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.Attribute) and (before := dotted(node.value, known)):
        return f"{before}.{node.attr}"
    return ""


def listed(name: str) -> Iterator[str]:
    for module in MODULES:
        whole = name == module or name.startswith(f"{module}.")
        if whole or (module.endswith("*") and name.startswith(module[:-1])):
            yield module


def found() -> set[tuple[str, str]]:
    paths = [path for folder in FOLDERS for path in sorted((TOP / folder).rglob("*.py"))]
    assert len(paths) > 150
    return {
        (path.relative_to(TOP).as_posix(), use)
        for path in paths
        for use in uses(path.read_text(encoding="utf-8"))
    }


def test_no_code_runs_what_it_reads_or_uses_a_network() -> None:
    assert found() - set(EXCEPTIONS) == set()


def test_each_exception_is_needed() -> None:
    assert set(EXCEPTIONS) - found() == set()


def test_one_module_unpickles_and_its_unpickler_knows_all_that_it_may_name() -> None:
    """What those four names let a file do is tried in tests/unit/networks/test_torch_files.py."""
    assert [path for path, use in found() if "pickle" in use] == ["tenshots/networks/torch_files.py"]
    tree = ast.parse((TOP / "tenshots/networks/torch_files.py").read_text(encoding="utf-8"))
    nodes = list(ast.walk(tree))
    imports = [ast.unparse(node) for node in nodes if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [line for line in imports if "pickle" in line] == ["import pickle", "import pickletools"]
    # Named once, as the base of a class: no function of it is called.
    assert [node.id for node in nodes if isinstance(node, ast.Name)].count("pickle") == 1
    classes = [node for node in nodes if isinstance(node, ast.ClassDef)]
    [base] = [node for node in classes if list(map(ast.unparse, node.bases)) == ["pickle.Unpickler"]]
    assert {"find_class", "persistent_load"} <= {
        node.name for node in base.body if isinstance(node, ast.FunctionDef)
    }
    assert set(torch_files._ALLOWED) == {
        ("collections", "OrderedDict"),
        ("torch._utils", "_rebuild_tensor_v2"),
        ("torch", "FloatStorage"),
        ("torch", "LongStorage"),
    }


def test_dvc_and_mlflow_send_no_usage_data() -> None:
    config = configparser.ConfigParser()
    config.read(TOP / ".dvc" / "config")
    assert dict(config["core"]).items() >= {"analytics": "false", "check_update": "false"}.items()
    assert store.QUIET.items() >= {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}.items()


@pytest.mark.parametrize(
    ("code", "use"),
    [
        ("import pickle\n", "pickle"),
        ("from pickle import loads\n", "pickle"),
        ("import numpy as np\nnp.load(file, allow_pickle=True)", "allow_pickle"),
        ("import numpy as np\nnp.load(file, allow_pickle=wanted)", "allow_pickle"),
        ("def f():\n    import joblib as j\n    j.load(path)", "joblib.load"),
        ("from joblib import Parallel", "joblib.Parallel"),
        ("import pandas as pd\npd.read_pickle(path)", "read_pickle"),
        ("table.query(text)", "query"),
        ("import torch\ntorch.load(path)", "torch"),
        ("import yaml\nyaml.safe_load(text)", "yaml"),  # ours is ruamel.yaml, as YAML 1.2 reads 1e-3
        ("from ruamel.yaml import YAML\nYAML(typ='unsafe')", "typ"),
        ("eval(text)", "eval"),
        ("run = exec", "exec"),
        ("import subprocess\nsubprocess.run(text, shell=True)", "shell"),
        ("import os\nos.system(text)", "os.system"),
        ("from tenshots.runtime import keras\nkeras.saving.load_model(path)", "load_model"),
        ("from tenshots.runtime import keras\nkeras.models.load_model(path, safe_mode=False)", "safe_mode"),
        ("import mlflow.pyfunc", "mlflow.pyfunc"),
        ("import mlflow\nmlflow.sklearn.load_model(uri)", "mlflow.sklearn"),
        ("import importlib\nimportlib.import_module(name)", "importlib.import_module"),
        ("__import__(name)", "__import__"),
        ("import multiprocessing as mp\nmp.Pool()", "multiprocessing"),
        ("from concurrent.futures import ProcessPoolExecutor", "concurrent.futures.ProcessPoolExecutor"),
        ("import http.server", "http.server"),
        ("from urllib.request import urlopen", "urllib.request"),
        ("import os\nos.execv(path, words)", "os.exec*"),
        ("from os import spawnlp", "os.spawn*"),
        ("import os\nos.posix_spawnp(path, words, {})", "os.posix_spawn*"),
        ("import numpy as np\nnp.load(file, None, True)", "allow_pickle"),
        ("from numpy import load\nload(file, None, wanted)", "allow_pickle"),
        ("import numpy as np\nnp.lib.format.read_array(file, True)", "allow_pickle"),
        ("import pandas as pd\npd.read_hdf(path)", "read_hdf"),
        ("from pandas import read_hdf", "read_hdf"),
        ("import asyncio\nasyncio.start_server(f, '0.0.0.0', 1)", "start_server"),
        ("loop.create_server(f, port=1)", "create_server"),
        ("from subprocess import Popen\nPopen(['sh', '-c', text])", "a shell"),
        ("import subprocess\nsubprocess.run(('/bin/bash', '-e', '-uc', text))", "a shell"),
        ("command = ['cmd', '/C', text]", "a shell"),
        ("project.run('sh', '-c', text)", "a shell"),
        ("subprocess.run(['env', 'A=b', 'sh', '-c', text])", "a shell"),
        ("import asyncio\nasyncio.create_subprocess_shell(text)", "create_subprocess_shell"),
        ("import numpy as np\nnp.load(path, **options)", "allow_pickle"),
        ("from joblib.externals import cloudpickle", "joblib.externals"),
        ("from joblib import parallel_backend", "joblib.parallel*"),
        ("from jinja2 import Template", "jinja2.Template"),
        ("environment.from_string(text)", "from_string"),
        ("from tenshots.runtime import keras\nkeras.layers.deserialize(values)", "deserialize"),
        ("from tenshots.runtime import keras\nkeras.utils.get_file('a', url)", "get_file"),
        ("import tensorflow as tf\ntf.load_op_library(path)", "load_op_library"),
        ("import http.client\nhttp.client.HTTPSConnection(host)", "http.client.HTTPSConnection"),
        ("import tensorflow as tf\ntf.numpy_function(f)", "numpy_function"),
        ("import tensorflow as tf\ntf.py_function(f)", "py_function"),
        ("import tarfile\ntarfile.open(path).extractall()", "extractall"),
        ("import zipfile\nzipfile.ZipFile(path).extractall(folder)", "extractall"),
        ("from shutil import unpack_archive", "unpack_archive"),
        ("import urllib3", "urllib3"),
        ("from urllib3.util import Retry", "urllib3"),
        ("connection.enable_load_extension(True)", "enable_load_extension"),
        ("import types\ntypes.FunctionType(code, {})", "types.FunctionType"),
        ("import socket as s\ns.create_connection(address)", "socket.create_connection"),
        ("from tenshots.runtime import keras\nkeras.layers.Lambda(f)", "keras.layers.Lambda"),
    ],
)
def test_a_use_is_found_however_it_is_written(code: str, use: str) -> None:
    assert use in set(uses(code))


@pytest.mark.parametrize(
    "code",
    [
        "# pickle.load(file); eval(text)",
        '"""Nothing is unpickled: no pickle, no joblib.load, no eval()."""',
        "import re\nre.compile('a')",
        "import numpy as np\nnp.load(path, None, False)\nnp.load(path, 'r')",
        "import os\nos.environ\nos.fspath(path)",
        "import subprocess\nsubprocess.run(['sh', 'setup.sh'])\nsubprocess.run(['git', '-c', 'a=b'])",
        "import zipfile\nzipfile.ZipFile(path).namelist()",
        "import numpy as np\nnp.load(path)\nnp.load(path, allow_pickle=False)",
        "import joblib\njoblib.cpu_count()",
        "from concurrent.futures import ThreadPoolExecutor",
        "import socket\nsocket.gethostname()\nsocket.socketpair()",
        "from urllib.parse import quote",
        "from ruamel.yaml import YAML\nYAML(typ='safe').load(path)",
        "from importlib.util import find_spec",
        "import subprocess\nsubprocess.run(['git', 'status'])",
        "model.load_weights(path)",
    ],
)
def test_what_is_harmless_is_not_found(code: str) -> None:
    assert set(uses(code)) == set()
