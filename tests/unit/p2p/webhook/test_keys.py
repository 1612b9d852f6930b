from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from p2p.swarm.signing import private_key, public_keys
from p2p.webhook.keys import CA_LIFE, LIFE, complete, is_due, public_key

NOW = datetime(2030, 1, 1, tzinfo=UTC)
HOSTS = {"webhook": "r-webhook.addons.svc"}


def certificates(pem: bytes) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(pem)


def test_a_certificate_is_due_at_two_thirds_of_its_life() -> None:
    leaf = complete({}, HOSTS, "order", NOW)["webhook.crt"]
    (found,) = certificates(leaf)
    begin = found.not_valid_before_utc
    due = begin + (found.not_valid_after_utc - begin) * 2 / 3
    assert not is_due(leaf, due - timedelta(seconds=1))
    assert is_due(leaf, due)
    assert is_due(None, NOW)


def test_what_is_made_is_signed_for_its_host_and_stays_while_it_is_good() -> None:
    files = complete({}, HOSTS, "order", NOW)
    (leaf,), (ca,) = certificates(files["webhook.crt"]), certificates(files["ca.crt"])
    leaf.verify_directly_issued_by(ca)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["r-webhook.addons.svc"]
    assert complete(files, HOSTS, "order", NOW + LIFE / 2) == files


def test_a_renewal_keeps_authority_and_signing_key() -> None:
    files = complete({}, HOSTS, "order", NOW)
    later = complete(files, HOSTS, "order", NOW + LIFE * 0.7)
    assert {name for name in files if files[name] != later[name]} == {"webhook.crt", "webhook.key"}
    certificates(later["webhook.crt"])[0].verify_directly_issued_by(certificates(files["ca.crt"])[0])


def test_an_authoritys_successor_stands_beside_it() -> None:
    files = complete({}, HOSTS, "order", NOW)
    late = NOW + CA_LIFE * 0.7
    later = complete(files, HOSTS, "order", late)
    new, old = certificates(later["ca.crt"])
    assert old == certificates(files["ca.crt"])[0]
    certificates(later["webhook.crt"])[0].verify_directly_issued_by(new)
    assert complete(later, HOSTS, "order", late) == later


def test_the_public_half_is_what_the_origins_list() -> None:
    pem = complete({}, HOSTS, "order", NOW)["order.key"]
    (public,) = public_keys([public_key(pem)])
    public.verify(private_key(pem).sign(b"x"), b"x")
