# SPDX-License-Identifier: Apache-2.0
import builtins

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from airflow_xborder.adapters.signers.ed25519 import (
    Ed25519Verifier,
    generate_signer,
    load_signer,
    load_verifier,
    parse_verifier,
    write_key_pair,
)
from airflow_xborder.audit.note import PublicKey
from airflow_xborder.errors import ConfigurationError, MissingDependencyError
from tests.evidence import make_signer


def write(path, data, mode=0o600):
    path.write_bytes(data)
    path.chmod(mode)
    return path


def pem_of(key, encryption=None):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


def public_pem_of(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class TestSigning:
    def test_a_signature_holds_for_its_message_and_key_alone(self):
        signer, other = make_signer(), make_signer(2)
        signature = signer.sign(b"message")
        assert signer.verifier.verify(b"message", signature)
        assert not signer.verifier.verify(b"another", signature)
        assert not signer.verifier.verify(b"message", signature[:-1])
        assert not other.verifier.verify(b"message", signature)

    def test_the_same_message_has_the_same_signature(self):
        assert make_signer().sign(b"message") == make_signer().sign(b"message")

    def test_new_keys_are_new(self):
        assert generate_signer().public_key != generate_signer().public_key

    @pytest.mark.parametrize(
        ("algorithm", "key"), [(2, bytes(32)), (1, bytes(31))], ids=["algorithm", "length"]
    )
    def test_another_kind_of_key_is_refused(self, algorithm, key):
        with pytest.raises(ConfigurationError, match="is no Ed25519 key"):
            Ed25519Verifier(PublicKey(name="key", algorithm=algorithm, key=key))


class TestKeyPairs:
    def test_a_written_pair_reads_back(self, tmp_path):
        signer = generate_signer()
        public = write_key_pair(signer, tmp_path / "eu.key")
        assert public == tmp_path / "eu.key.pub"
        assert load_signer(tmp_path / "eu.key").public_key == signer.public_key
        assert load_verifier(public).verify(b"message", signer.sign(b"message"))
        assert (tmp_path / "eu.key").stat().st_mode & 0o777 == 0o600

    def test_a_key_is_never_overwritten(self, tmp_path):
        write_key_pair(make_signer(), tmp_path / "key")
        with pytest.raises(ConfigurationError, match="is there already"):
            write_key_pair(make_signer(2), tmp_path / "key")
        assert load_signer(tmp_path / "key").public_key == make_signer().public_key

    def test_a_folder_that_is_not_there_is_a_mistake(self, tmp_path):
        with pytest.raises(ConfigurationError, match="cannot be written"):
            write_key_pair(make_signer(), tmp_path / "none" / "key")


class TestPrivateKeys:
    def test_raw_bytes_are_read_too(self, tmp_path):
        path = write(tmp_path / "key", bytes([1]) * 32)
        assert load_signer(path).public_key == make_signer().public_key

    @pytest.mark.parametrize("mode", [0o640, 0o604, 0o666], ids=oct)
    def test_a_key_that_others_can_read_is_refused(self, tmp_path, mode):
        path = write(tmp_path / "key", bytes(32), mode)
        with pytest.raises(ConfigurationError, match="can be read by others") as caught:
            load_signer(path)
        assert caught.value.hint == f"chmod 600 {path}"

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            pytest.param(b"no key", "is no private key", id="text"),
            pytest.param(
                pem_of(ed25519.Ed25519PrivateKey.generate(), BestAvailableEncryption(b"x")),
                "without a password",
                id="encrypted",
            ),
            pytest.param(
                pem_of(ec.generate_private_key(ec.SECP256R1())), "not an Ed25519 one", id="other kind"
            ),
        ],
    )
    def test_another_file_is_refused(self, tmp_path, data, message):
        with pytest.raises(ConfigurationError, match=message):
            load_signer(write(tmp_path / "key", data))

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(
            ConfigurationError, match=r"the signing key `.*none` cannot be read: No such file"
        ):
            load_signer(tmp_path / "none")


class TestPublicKeys:
    def test_pem_is_read_too(self, tmp_path):
        key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)
        verifier = load_verifier(write(tmp_path / "key.pem", public_pem_of(key)))
        assert verifier.key_id == make_signer().verifier.key_id

    @pytest.mark.parametrize(
        ("data", "message"),
        [
            pytest.param(b"no key", "is no public key of a ledger", id="text"),
            pytest.param(b"\xff", "is no public key of a ledger", id="bytes"),
            pytest.param(b"-----BEGIN PUBLIC KEY-----\n", "is no public key", id="torn"),
            pytest.param(
                public_pem_of(ec.generate_private_key(ec.SECP256R1())), "not an Ed25519 one", id="other kind"
            ),
        ],
    )
    def test_another_file_is_refused(self, tmp_path, data, message):
        with pytest.raises(ConfigurationError, match=message):
            load_verifier(write(tmp_path / "key", data))

    def test_a_line_reads_back(self):
        assert parse_verifier(make_signer().public_key).key_id == make_signer().verifier.key_id
        with pytest.raises(ConfigurationError, match="not a public key"):
            parse_verifier("nothing")


def test_without_the_package_a_person_is_told(monkeypatch):
    real = builtins.__import__

    def missing(name, *arguments, **options):
        if name.startswith("cryptography"):
            raise ImportError(name)
        return real(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(MissingDependencyError, match="needs the package `cryptography`"):
        generate_signer()
