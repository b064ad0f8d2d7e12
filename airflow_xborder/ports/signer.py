# SPDX-License-Identifier: Apache-2.0
"""Who vouches for the ledger: signing and checking, without saying where the key is."""

from __future__ import annotations

from typing import Protocol


class Verifier(Protocol):
    """A public key that checks signatures of checkpoints."""

    @property
    def name(self) -> str:
        """The key's name in signature lines; no spaces, no plus."""

    @property
    def key_id(self) -> bytes:
        """Four bytes that tell keys of one name apart (C2SP signed-note, "key ID")."""

    def verify(self, message: bytes, signature: bytes) -> bool:
        """Say whether ``signature`` is this key's over ``message``."""


class Signer(Protocol):
    """A private key, or a service that signs with one (KMS), and never shows it."""

    @property
    def verifier(self) -> Verifier:
        """The public half."""

    @property
    def public_key(self) -> str:
        """The public half as one line (C2SP signed-note, "verifier key")."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature over ``message``."""
