"""What protects, seen from outside: signatures on the way out, and what a stranger's mail meets on the way in."""



from mailcore.directory import dkim_keys
from mailcore.directory.actor import COMMAND_LINE
from mailcore.mail.headers import scan_headers
from mailcore.senderauth import dkim
from tests.scenario.sink import EHLO, Behaviour
from tests.scenario.test_queue import Post, post

__all__ = ["post"]


def publish(post: Post) -> list[dkim_keys.Key]:
    """Make x.test's keys and show them in DNS."""
    dkim_keys.make_missing(post.runtime)
    keys = dkim_keys.keys(post.runtime.store.read())
    for key in keys:
        post.dns.table.put(key.name, "TXT", key.value[:200] + '" "' + key.value[200:])
    return keys


def verified(post: Post, data: bytes) -> list[tuple[str, str, str]]:
    found = dkim.verify(post.runtime.resolver, dkim.message_of(data, scan_headers(data)), post.runtime.clock.micros() // 1_000_000)
    return [(one.result, one.domain, one.algorithm) for one in found]


def test_mail_leaves_with_a_signature_of_each_kind_once_dns_shows_the_keys(post: Post) -> None:
    sink = post.remote()
    publish(post)
    post.serve(post.put("bob@far.test"))
    assert verified(post, sink.taken[0].data) == [("pass", "x.test", "rsa-sha256"), ("pass", "x.test", "ed25519-sha256")]
    assert {key.state for key in dkim_keys.keys(post.runtime.store.read())} == {"active"}


def test_mail_leaves_unsigned_while_dns_does_not_show_the_keys(post: Post) -> None:
    sink = post.remote()
    dkim_keys.make_missing(post.runtime)
    post.serve(post.put("bob@far.test"))
    assert verified(post, sink.taken[0].data) == []


def test_what_was_converted_for_a_7_bit_server_is_signed_as_it_left(post: Post) -> None:
    sink = post.remote(Behaviour(ehlo=tuple(line for line in EHLO if "8BITMIME" not in line)))
    publish(post)
    letter = b"From: ann@x.test\r\nTo: bob@far.test\r\nSubject: Hi\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xa9t\xc3\xa9\r\n"
    post.serve(post.put("bob@far.test", data=letter))
    assert b"\xc3" not in sink.taken[0].data
    assert [result for result, _, _ in verified(post, sink.taken[0].data)] == ["pass", "pass"]


def test_a_strangers_message_that_is_passed_on_is_not_signed_in_our_name(post: Post) -> None:
    sink = post.remote()
    publish(post)
    item = post.put("bob@far.test")
    post.runtime.store.write(lambda tx: tx.run("UPDATE queue_items SET kind = 'forward' WHERE id = :i", {"i": item}))
    post.serve(item)
    assert verified(post, sink.taken[0].data) == []


def test_the_old_key_signs_until_dns_shows_the_new_one(post: Post) -> None:
    sink = post.remote()
    (old, *_) = publish(post)
    post.serve(post.put("bob@far.test"))
    dkim_keys.rotate(post.runtime, COMMAND_LINE, old.domain_id)
    post.serve(post.put("bob@far.test"))
    publish(post)
    post.runtime.resolver.forget()  # type: ignore[attr-defined]
    post.serve(post.put("bob@far.test"))
    assert [b"s=" + old.selector.encode() + b";" in taken.data for taken in sink.taken] == [True, True, False]
    assert verified(post, sink.taken[2].data)[0][0] == "pass"
