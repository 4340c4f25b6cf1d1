"""What a stranger's message is given for what it does wrong, and what is done with the sum."""

import pytest

from mailcore.base.errors import MailError, Reason
from mailcore.directory import guard_verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.policy.facts import Level
from mailcore.store import protection, records
from mailcore.wire.smtp.reasons import reply_for
from tests.unit.policy.conftest import HONEST, LETTER, STRANGER, Desk


def test_an_honest_stranger_scores_nothing(desk: Desk) -> None:
    desk.arrive()
    assert desk.mail is not None
    assert (desk.points(), desk.mail.is_junk, desk.mail.is_proved) == (0, False, True)


@pytest.mark.parametrize(
    ("changes", "check", "score"),
    [
        ({("far.test", "TXT"): ["v=spf1 -all"]}, "spf", 3),
        ({("far.test", "TXT"): ["v=spf1 ~all"]}, "spf", 0),
        ({("mx.far.test", "A"): ["192.0.2.77"], ("9.2.0.192.in-addr.arpa", "PTR"): ["other.test."], ("other.test", "A"): [STRANGER]}, "helo", 1),
        ({("9.2.0.192.in-addr.arpa", "PTR"): []}, "ptr", 1),
        ({("9.2.0.192.in-addr.arpa", "PTR"): ["forged.test."]}, "ptr", 1),
        ({("far.test", "MX"): []}, "mx", 2),
        ({("far.test", "MX"): ["0 ."]}, "mx", 2),
        ({("far.test", "MX"): [], ("far.test", "A"): ["192.0.2.1"]}, "mx", 0),
    ],
)
def test_each_wrong_name_scores_what_its_setting_says(desk: Desk, changes: dict[tuple[str, str], list[str]], check: str, score: int) -> None:
    for (name, rdtype), found in changes.items():
        desk.publish(name, rdtype, *found)
    findings = desk.arrive()
    assert sum(f.facts.get("score", 0) for f in findings if f.check == check) == desk.points() == score


def test_silence_of_dns_never_scores_refuses_or_delays(desk: Desk) -> None:
    desk.dns.records.clear()
    desk.dns.silent = {name for name, _ in HONEST} | {"_dmarc.far.test", "_dmarc.test", "mx.far.test"}
    desk.arrive()
    assert desk.mail is not None
    assert (desk.points(), desk.mail.is_junk) == (0, False)


def test_a_setting_of_zero_switches_a_check_off(desk: Desk) -> None:
    desk.publish("far.test", "TXT", "v=spf1 -all")
    desk.set("spam.spf", 0)
    desk.arrive()
    assert desk.points() == 0


def test_the_mark_threshold_puts_it_into_junk_and_says_why(desk: Desk) -> None:
    desk.publish("far.test", "TXT", "v=spf1 -all")
    desk.publish("far.test", "MX")
    desk.arrive()
    assert desk.mail is not None and desk.mail.is_junk
    assert b"X-Spam-Flag: YES\r\n" in desk.mail.lines
    assert b"X-Spam-Status: Yes, score=5 required=5 tests=spf,mx\r\n by=mx.x.test\r\n" in desk.mail.lines
    assert desk.mail.spam_percent == 50


def test_the_refuse_threshold_answers_550_and_leaves_a_trace(desk: Desk) -> None:
    desk.publish("far.test", "TXT", "v=spf1 -all")
    desk.set("spam.refuse", 3)
    with pytest.raises(MailError) as refused:
        desk.arrive()
    assert str(reply_for(refused.value)).startswith("550 5.7.1 This looks like spam: SPF says")
    desk.write(lambda tx: None)
    assert [t.outcome for t in records.find_traces(desk.runtime.store.read(), sender="eve")] == ["refused"]


@pytest.mark.parametrize("who", ["postmaster@x.test", "abuse@x.test"])
def test_postmaster_and_abuse_are_never_refused_as_spam(desk: Desk, who: str) -> None:
    desk.write(lambda tx: tx.run("UPDATE accounts SET role = 'server-admin'"))
    desk.publish("far.test", "TXT", "v=spf1 -all")
    desk.set("spam.refuse", 3)
    desk.arrive(to=(who,))
    assert desk.mail is not None and desk.mail.is_junk


def test_fetched_mail_is_never_refused(desk: Desk) -> None:
    desk.publish("far.test", "TXT", "v=spf1 -all")
    desk.set("spam.refuse", 3)
    desk.arrive(b"Received: from mx.far.test (x [192.0.2.9]) by pop.test\r\n" + LETTER, ip="198.51.100.1", is_fetched=True)
    assert desk.mail is not None and desk.mail.is_junk


def test_mail_by_a_named_relay_is_judged_by_the_hop_before_it(desk: Desk) -> None:
    desk.set("auth.relays", "198.51.100.0/24")
    desk.arrive(b"Received: from mx.far.test (x [192.0.2.9]) by relay.test\r\n" + LETTER, ip="198.51.100.7", helo="relay.test", is_fetched=True)
    assert desk.mail is not None
    assert [f.facts["result"] for f in desk.mail.findings if f.check == "spf"] == ["pass"]


@pytest.mark.parametrize("ip", ["127.0.0.1", "::1"])
def test_real_loopback_is_not_checked(desk: Desk, ip: str) -> None:
    assert desk.arrive(ip=ip) == [] and desk.dns.asked == []


def test_a_network_of_its_own_asks_no_dns(desk: Desk) -> None:
    desk.set("server.mode", "lan")
    desk.dns.asked.clear()
    desk.arrive()
    assert desk.dns.asked == []


def test_a_sender_that_is_let_past_is_not_scored(desk: Desk) -> None:
    desk.publish("far.test", "TXT", "v=spf1 -all")
    desk.write(lambda tx: guard_verbs.add_sender_rule(tx, COMMAND_LINE, "allow", network="192.0.2.0/24", sender="*@far.test", now=1))
    desk.arrive()
    assert desk.points() == 0


def test_a_denied_sender_is_refused(desk: Desk) -> None:
    desk.write(lambda tx: guard_verbs.add_sender_rule(tx, COMMAND_LINE, "deny", sender="eve@*", now=1))
    with pytest.raises(MailError) as refused:
        desk.arrive()
    assert refused.value.reason is Reason.SENDER_DENIED


def test_a_rule_about_everyone_is_not_taken(desk: Desk) -> None:
    with pytest.raises(MailError):
        desk.write(lambda tx: guard_verbs.add_sender_rule(tx, COMMAND_LINE, "deny", sender="*", now=1))


@pytest.mark.parametrize(("answer", "score"), [("127.0.0.4", 7), ("127.0.0.10", 7), ("127.0.0.9", 0), ("192.0.2.1", 0)])
def test_a_block_list_counts_only_answers_that_are_expected(desk: Desk, answer: str, score: int) -> None:
    desk.publish("2.0.0.127.bl.test", "A", "127.0.0.2")
    desk.publish("9.2.0.192.bl.test", "A", answer)
    desk.set("spam.dnsbl", "bl.test 127.0.0.2-8|127.0.0.10 7")
    desk.arrive()
    assert desk.points() == score


def test_an_ipv6_address_is_asked_by_nibbles(desk: Desk) -> None:
    name = "9.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.bl.test"
    desk.publish("2.0.0.127.bl.test", "A", "127.0.0.2")
    desk.set("spam.dnsbl", "bl.test 127.0.0.2 7")
    desk.arrive(ip="2001:db8::9")
    assert (name, "A") in desk.dns.asked


@pytest.mark.parametrize(
    "answers",
    [{}, {"2.0.0.127": "127.0.0.2", "1.0.0.127": "127.0.0.2"}, {"2.0.0.127": "127.255.255.254", "1.0.0.127": "127.255.255.254"}],
    ids=["dead", "lists everything", "refuses us"],
)
def test_a_list_that_is_not_well_is_not_asked(desk: Desk, answers: dict[str, str]) -> None:
    for name, answer in answers.items():
        desk.publish(f"{name}.bl.test", "A", answer)
    desk.publish("9.2.0.192.bl.test", "A", "127.0.0.2")
    desk.set("spam.dnsbl", "bl.test 127.0.0.2 7")
    desk.arrive()
    assert desk.points() == 0
    assert protection.block_list_states(desk.runtime.store.read())["bl.test"].state == "suspended"


def test_a_list_that_answers_with_an_error_is_suspended_at_once(desk: Desk) -> None:
    desk.publish("2.0.0.127.bl.test", "A", "127.0.0.2")
    desk.publish("9.2.0.192.bl.test", "A", "127.255.255.254")
    desk.set("spam.dnsbl", "bl.test 127.0.0.2 7")
    desk.arrive()
    desk.write(lambda tx: None)
    assert desk.points() == 0
    assert protection.block_list_states(desk.runtime.store.read())["bl.test"].state == "suspended"


def test_a_listed_link_scores_by_its_registered_domain(desk: Desk) -> None:
    desk.publish("test.uri.test", "A", "127.0.0.2")
    desk.publish("bad.test.uri.test", "A", "127.0.0.2")
    desk.set("spam.uribl", "uri.test 127.0.0.2 6")
    desk.arrive()
    assert desk.points() == 6


def test_a_message_of_links_asks_about_fifteen(desk: Desk) -> None:
    desk.publish("test.uri.test", "A", "127.0.0.2")
    desk.set("spam.uribl", "uri.test 127.0.0.2 6")
    desk.arrive(LETTER + b"".join(b"http://d%d.test/ " % n for n in range(1000)))
    assert len([name for name, _ in desk.dns.asked if name.endswith(".uri.test") and name != "test.uri.test"]) <= 16


@pytest.mark.parametrize("result", ["quarantine", "reject"])
def test_a_failed_dmarc_goes_to_junk(desk: Desk, result: str) -> None:
    desk.publish("_dmarc.far.test", "TXT", f"v=DMARC1; p={result}")
    desk.publish("far.test", "TXT", "v=spf1 ?all")
    desk.arrive(b"List-Id: <l.list.test>\r\n" + LETTER)
    assert desk.mail is not None and desk.mail.is_junk and desk.mail.is_forged


def test_a_failed_p_reject_without_any_hint_of_a_forwarder_is_refused(desk: Desk) -> None:
    desk.publish("_dmarc.far.test", "TXT", "v=DMARC1; p=reject")
    desk.publish("far.test", "TXT", "v=spf1 ?all")
    with pytest.raises(MailError) as refused:
        desk.arrive()
    assert str(reply_for(refused.value)).startswith("550 5.7.26 ")


def test_an_admin_can_have_every_failed_p_reject_refused(desk: Desk) -> None:
    desk.publish("_dmarc.far.test", "TXT", "v=DMARC1; p=reject")
    desk.publish("far.test", "TXT", "v=spf1 ?all")
    desk.set("auth.strict_reject", True)
    with pytest.raises(MailError):
        desk.arrive(b"List-Id: <l.list.test>\r\n" + LETTER)


def test_a_known_forwarder_may_break_what_it_passes_on(desk: Desk) -> None:
    desk.publish("_dmarc.far.test", "TXT", "v=DMARC1; p=reject")
    desk.publish("far.test", "TXT", "v=spf1 ?all")
    desk.set("auth.forwarders", "192.0.2.0/28")
    desk.arrive()
    assert desk.mail is not None and desk.mail.is_junk


def test_failed_p_none_stays_in_the_inbox(desk: Desk) -> None:
    desk.publish("_dmarc.far.test", "TXT", "v=DMARC1; p=none")
    desk.publish("far.test", "TXT", "v=spf1 ?all")
    findings = desk.arrive()
    assert max(f.level for f in findings) is Level.ACCEPT
