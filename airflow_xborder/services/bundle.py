# SPDX-License-Identifier: Apache-2.0
"""An OPA bundle of a policy set: the graph as data, generic Rego that evaluates it, and perhaps a company's own Rego.

Pure: takes texts and gives the files of the bundle by their names, the same bytes for the same policies. Who reads
and writes them is ``cli/policy/bundle.py``; what the Rego says is in ``policies/rego/xborder``.
"""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
from collections.abc import Iterable, Mapping

import airflow_xborder
from airflow_xborder.core.compilation import Policies
from airflow_xborder.core.rego_model import rego_model
from airflow_xborder.errors import PolicySyntaxError, PolicyValidationError

ROOT = "xborder"
DATA = f"{ROOT}/model/data.json"
MANIFEST = ".manifest"
_PACKAGE = re.compile(r"^package\s+([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)\s*(?:#.*)?$", re.MULTILINE)

Texts = Mapping[str, str]


def make_bundle(policies: Policies, generic: Texts, own: Texts | None = None) -> dict[str, bytes]:
    """Return the files of the bundle, by their paths in it.

    :param generic: the Rego files that evaluate the graph, by name; tests among them are left out.
    :param own: a company's Rego files, by their paths in the bundle; their packages become roots of the bundle.
    :raises PolicyValidationError: for a package that would change what the graph says, or a condition that cannot
        be exported.
    :raises PolicySyntaxError: for a file without a package.
    """
    model = rego_model(policies)
    files = {DATA: _json(model)}
    files |= {
        f"{ROOT}/{name}": text.encode() for name, text in generic.items() if not name.endswith("_test.rego")
    }
    files |= {name: text.encode() for name, text in (own or {}).items()}
    roots = _roots({name: package_of(name, text) for name, text in (own or {}).items()})
    manifest = {
        "revision": policies.digest,
        "roots": roots,
        "rego_version": 1,
        "metadata": {
            "made_by": f"airflow_xborder {airflow_xborder.__version__}",
            "packs": list(policies.ids),
            "notice": "Facts for engineers, not legal advice.",
        },
    }
    files[MANIFEST] = _json(manifest)
    return dict(sorted(files.items()))


def package_of(name: str, text: str) -> str:
    """Return the package that a Rego file declares.

    :raises PolicySyntaxError: if it declares none in the plain form ``package a.b``.
    """
    found = _PACKAGE.search(text)
    if found is None:
        raise PolicySyntaxError("no package", file=name, hint="begin the file with `package acme.rules`")
    return found[1]


def _roots(packages: Mapping[str, str]) -> list[str]:
    """Return the parts of the data tree that the bundle owns; none may lie inside another."""
    for name, package in packages.items():
        if package.split(".")[0] == ROOT:
            raise PolicyValidationError(
                f"`{name}`: the package `{package}` is the bundle's own",
                hint="name it after your company, and import data.xborder",
            )
    return [ROOT, *sorted({package.split(".")[0] for package in packages.values()})]


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode() + b"\n"


def archive(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return files as the tarball that OPA loads; equal files give equal bytes."""
    packed = io.BytesIO()
    # The time in the header of gzip would make each archive another one.
    with (
        gzip.GzipFile(fileobj=packed, mode="wb", mtime=0) as stream,
        tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT) as tar,
    ):
        for name, data in files:
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(data), 0o644
            tar.addfile(entry, io.BytesIO(data))
    return packed.getvalue()
