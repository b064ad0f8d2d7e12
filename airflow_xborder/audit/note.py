# SPDX-License-Identifier: Apache-2.0
"""A text with signatures under it, and the one-line form of a public key (C2SP signed-note).

Does no cryptography: keys sign and check through callables. What the text says is for ``checkpoint.py``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from airflow_xborder.errors import LedgerIntegrityError

ED25519 = 1
"""The algorithm byte of Ed25519 signatures."""

_NAME = re.compile(r"[^\s+]+")
_LINE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+=*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature line.

    :param key_id: the first four bytes of a digest over the key, by which a reader finds it.
    """

    name: str
    key_id: bytes
    value: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text, which ends in a newline, and the signatures over its bytes."""

    text: str
    signatures: tuple[Signature, ...]

    def is_signed(self, name: str, key_id: bytes, verify: Callable[[bytes, bytes], bool]) -> bool:
        """Say whether the key ``name`` signed the text.

        :param verify: takes message and signature.
        """
        mine = [line for line in self.signatures if (line.name, line.key_id) == (name, key_id)]
        # Two lines by one key are nothing that we write: refuse, rather than choose one of them.
        return len(mine) == 1 and verify(self.text.encode(), mine[0].value)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A public key with its name, as written in key files.

    :param algorithm: see :data:`ED25519`.
    """

    name: str
    algorithm: int
    key: bytes

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"`{self.name}` cannot name a key: no spaces, no plus")

    @property
    def key_id(self) -> bytes:
        """Return the four bytes that go before each signature."""
        material = self.name.encode() + b"\n" + bytes([self.algorithm]) + self.key
        return hashlib.sha256(material).digest()[:4]

    def to_line(self) -> str:
        """Return the key as one line without newline."""
        return f"{self.name}+{self.key_id.hex()}+{_to_base64(bytes([self.algorithm]) + self.key)}"


def parse_public_key(line: str) -> PublicKey:
    """Read what :meth:`PublicKey.to_line` wrote.

    :raises ValueError: another form, or an id that is not this key's.
    """
    name, _, rest = line.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    data = _from_base64(encoded)
    if not data:
        raise ValueError("a key line has the form `name+id+key`")
    key = PublicKey(name=name, algorithm=data[0], key=data[1:])
    if key.key_id.hex() != key_id:
        raise ValueError(f"the key `{name}` has the id `{key.key_id.hex()}`, and its line says `{key_id}`")
    return key


def sign_note(text: str, name: str, key_id: bytes, sign: Callable[[bytes], bytes]) -> bytes:
    """Return the bytes of a note over ``text`` with one signature.

    :raises ValueError: ``text`` cannot be the text of a note.
    """
    if not _is_text(text):
        raise ValueError("the text of a note ends in a newline and holds no control characters")
    return f"{text}\n— {name} {_to_base64(key_id + sign(text.encode()))}\n".encode()


def parse_note(data: bytes) -> Note:
    """Split a note into its text and its signatures.

    :raises LedgerIntegrityError: not a note.
    """
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise LedgerIntegrityError("not a signed note: not UTF-8") from error
    # SPEC: the signatures stand after the *last* empty line.
    text, found, block = whole.rpartition("\n\n")
    text += "\n"
    if not found or not block.endswith("\n") or not _is_text(text):
        raise LedgerIntegrityError("not a signed note: expected a text, an empty line and signatures")
    return Note(text=text, signatures=tuple(_parse_line(line) for line in block[:-1].split("\n")))


def _parse_line(line: str) -> Signature:
    match = _LINE.fullmatch(line)
    value = _from_base64(match[2]) if match else b""
    if match is None or len(value) < 5:
        raise LedgerIntegrityError("not a signed note: a line under the text is no signature")
    return Signature(name=match[1], key_id=value[:4], value=value[4:])


def _is_text(text: str) -> bool:
    return text.endswith("\n") and all(char >= " " or char == "\n" for char in text)


def _to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _from_base64(text: str) -> bytes:
    """Return the bytes, or none at all when ``text`` is not the one encoding of some."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    # The last character has spare bits: without this a note could change and still verify.
    return data if _to_base64(data) == text else b""
