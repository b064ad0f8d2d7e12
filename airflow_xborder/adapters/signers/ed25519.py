# SPDX-License-Identifier: Apache-2.0
"""Ed25519 keys in files: the private half as PEM (PKCS #8) or 32 raw bytes, the public half as one line.

The line is C2SP's "verifier key", ``name+id+base64``; a public key as PEM is read too.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_xborder.audit.note import ED25519, PublicKey, parse_public_key
from airflow_xborder.errors import ConfigurationError, MissingDependencyError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_NAME = "xborder-ledger"
"""How our keys are called in signature lines; which of them it is, the key id says."""

_PEM = b"-----BEGIN "


class Ed25519Verifier:
    """The public half of a key (:class:`~airflow_xborder.ports.signer.Verifier`)."""

    def __init__(self, public_key: PublicKey) -> None:
        if public_key.algorithm != ED25519 or len(public_key.key) != 32:
            raise ConfigurationError(f"the key `{public_key.name}` is no Ed25519 key")
        self._public_key = public_key
        self.name = public_key.name
        self.key_id = public_key.key_id

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Say whether ``signature`` is this key's over ``message``."""
        _require_cryptography()
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self._public_key.key).verify(signature, message)
        except InvalidSignature:
            return False
        return True


class Ed25519Signer:
    """A private key in memory (:class:`~airflow_xborder.ports.signer.Signer`)."""

    def __init__(self, private_key: Ed25519PrivateKey, name: str = KEY_NAME) -> None:
        self._private_key = private_key
        public_key = PublicKey(name=name, algorithm=ED25519, key=private_key.public_key().public_bytes_raw())
        self.verifier = Ed25519Verifier(public_key)
        self.public_key = public_key.to_line()

    def sign(self, message: bytes) -> bytes:
        """Return the signature over ``message``; the same message has the same signature."""
        return self._private_key.sign(message)


def generate_signer() -> Ed25519Signer:
    """Return a new key that nobody else has."""
    _require_cryptography()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    return Ed25519Signer(Ed25519PrivateKey.generate())


def load_signer(path: str | Path) -> Ed25519Signer:
    """Read a private key that only its owner can read.

    :raises ConfigurationError: no such file, no Ed25519 key, or others may read it.
    """
    _require_cryptography()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    path = Path(path)
    data = _read(path, "signing key")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise ConfigurationError(
            f"the signing key `{path}` can be read by others (mode {mode:04o})", hint=f"chmod 600 {path}"
        )
    if len(data) == 32:
        return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(data))
    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(f"`{path}` is no private key: expected PEM without a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigurationError(f"`{path}` is a private key, but not an Ed25519 one")
    return Ed25519Signer(key)


def load_verifier(path: str | Path) -> Ed25519Verifier:
    """Read a public key: its line, or PEM.

    :raises ConfigurationError: no such file, or no Ed25519 key.
    """
    data = _read(Path(path), "public key")
    if data.startswith(_PEM):
        return Ed25519Verifier(_from_pem(data, path))
    try:
        return parse_verifier(data.decode("utf-8"))
    except (UnicodeDecodeError, ConfigurationError) as error:
        raise ConfigurationError(
            f"`{path}` is no public key of a ledger",
            hint="give the `.pub` file that `xborder ledger keygen` wrote",
        ) from error


def parse_verifier(line: str) -> Ed25519Verifier:
    """Read a public key from its line.

    :raises ConfigurationError: not the line of an Ed25519 key.
    """
    try:
        return Ed25519Verifier(parse_public_key(line))
    except ValueError as error:
        raise ConfigurationError(f"not a public key: {error}") from error


def write_key_pair(signer: Ed25519Signer, path: str | Path) -> Path:
    """Write the private key to ``path``, for its owner alone, and the public one beside it; return the latter.

    :raises ConfigurationError: a file of that name is there already, or cannot be made.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private, public = Path(path), Path(f"{path}.pub")
    pem = signer._private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    _create(private, pem, 0o600)
    _create(public, f"{signer.public_key}\n".encode(), 0o644)
    return public


def _create(path: Path, data: bytes, mode: int) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    except FileExistsError as error:
        raise ConfigurationError(
            f"`{path}` is there already", hint="a ledger's key is never overwritten: choose another name"
        ) from error
    except OSError as error:
        raise ConfigurationError(f"`{path}` cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(descriptor)


def _from_pem(data: bytes, path: str | Path) -> PublicKey:
    _require_cryptography()
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(data)
    except ValueError as error:
        raise ConfigurationError(f"`{path}` is no public key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigurationError(f"`{path}` is a public key, but not an Ed25519 one")
    return PublicKey(name=KEY_NAME, algorithm=ED25519, key=key.public_bytes_raw())


def _read(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(f"the {what} `{path}` cannot be read: {error.strerror}") from error


def _require_cryptography() -> None:
    try:
        import cryptography.hazmat.primitives.asymmetric.ed25519  # noqa: F401
    except ImportError as error:
        raise MissingDependencyError(
            "signing and checking a ledger needs the package `cryptography`", hint="pip install cryptography"
        ) from error
