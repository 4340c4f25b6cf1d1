"""SASL exchanges, server and client side."""

import pytest

from mailcore.base.secret import Secret
from mailcore.wire import sasl
from mailcore.wire.sasl import Challenge, Credentials, SaslCancelled, SaslError, SecretKind


def password(user, text, authzid=""):
    return Credentials(authcid=user, authzid=authzid, secret=Secret(text))


def token(user, text):
    return Credentials(authcid=user, authzid="", secret=Secret(text), kind=SecretKind.TOKEN)


def test_plain_takes_its_response_at_once_or_after_an_empty_challenge():
    assert sasl.Plain().start(b"\0joe\0p w") == password("joe", "p w")
    server = sasl.Plain()
    assert server.start(None) == Challenge(b"")
    assert server.receive(b"admin\0joe\0pw") == password("joe", "pw", "admin")


def test_login_asks_twice_or_takes_the_name_at_once():
    server = sasl.Login()
    assert server.start(None) == Challenge(b"Username:")
    assert server.receive(b"joe") == Challenge(b"Password:")
    assert server.receive(b"p w") == password("joe", "p w")
    quick = sasl.Login()
    assert quick.start(b"joe") == Challenge(b"Password:")


def test_xoauth2_gives_the_user_and_the_token():
    assert sasl.XOAuth2().start(b"user=joe@x.test\x01auth=Bearer ya29.x\x01\x01") == token("joe@x.test", "ya29.x")


def test_oauthbearer_reads_its_gs2_header():
    response = b"n,a=jo=2Ce@x.test,\x01host=mx.x.test\x01port=143\x01auth=Bearer abc==\x01\x01"
    assert sasl.OAuthBearer().start(response) == token("jo,e@x.test", "abc==")


WRONG = [
    (sasl.Plain, b"joe\0pw"),
    (sasl.Plain, b"\0joe\0"),
    (sasl.Plain, b"\0joe\0p\0w"),
    (sasl.Plain, b"\0j\xff\0pw"),
    (sasl.Plain, b""),
    (sasl.XOAuth2, b"user=joe\x01\x01"),
    (sasl.XOAuth2, b"user=joe\x01auth=Basic x\x01\x01"),
    (sasl.OAuthBearer, b"p=tls,,\x01auth=Bearer x\x01\x01"),
    (sasl.OAuthBearer, b"n,,"),
    (sasl.OAuthBearer, b"n,b=x,\x01auth=Bearer x\x01\x01"),
]


@pytest.mark.parametrize(("mechanism", "response"), WRONG)
def test_a_malformed_response_is_refused(mechanism, response):
    with pytest.raises(SaslError):
        mechanism().start(response)


@pytest.mark.parametrize("line", [b"AGE", b"AGE=AA==", b"AG E=", b"A===", b"AGEAYg==\r", b"=", b"AB==x", b"A" * 20000])
def test_base64_is_strict(line):
    with pytest.raises(SaslError):
        sasl.decode_response(line)


def test_padding_bits_that_say_something_are_refused():
    assert sasl.decode_response(b"QQ==") == b"A"
    with pytest.raises(SaslError):
        sasl.decode_response(b"QR==")


def test_a_star_cancels():
    with pytest.raises(SaslCancelled):
        sasl.decode_response(b"*")


def test_an_equals_sign_is_an_empty_initial_response():
    assert sasl.decode_initial(b"=") == b""
    assert sasl.decode_initial(b"AGEAYg==") == b"\0a\0b"


def test_the_server_reads_what_our_client_writes():
    claim = password("joe", "pä ss", "adm")
    assert sasl.Plain().start(sasl.decode_initial(sasl.plain_response(claim))) == claim
    server = sasl.Login()
    name, word = sasl.login_responses(password("joe", "pä ss"))
    server.receive(sasl.decode_response(name))
    assert server.receive(sasl.decode_response(word)) == password("joe", "pä ss")
    assert sasl.XOAuth2().start(sasl.decode_initial(sasl.xoauth2_response(token("joe", "abc")))) == token("joe", "abc")


def test_a_secret_does_not_print():
    assert "pw" not in repr(sasl.Plain().start(b"\0joe\0pw"))
