"""Examines a whole message: every check that is on, at once, in threads; one sum; one verdict; one set of lines and trace events.

All checks of a message share its time with the filters (`Mail.until`), and all its DNS questions DNS_SECONDS. A check that fails
scores nothing; a scanner that is still at work when the time is over puts the message off. Strangers' mail is scored; what signed-in people and loopback send is only
looked at for viruses.
"""

import re
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from functools import lru_cache

from mailcore.base.errors import MailError, Reason
from mailcore.base.resolver import Answer, DnsTrouble, Resolver
from mailcore.mail.headers import scan_headers
from mailcore.policy import bayes, grey, known, lists, names, outside, ranges, sender, viruses
from mailcore.policy.facts import Finding, Level, Mail
from mailcore.policy.look import Look, is_within
from mailcore.runtime.runtime import Runtime
from mailcore.store import records
from mailcore.store.records import TraceEvent, TraceHead

SECONDS = 60.0
"""For checks of what nobody waits for."""
FILTER_SECONDS = 5.0
"""What the checks leave of a message's time to the filters of its recipients."""
DNS_SECONDS = 10.0
QUESTIONS = 300
"""DNS questions of one message. Stops a message from using us against someone's DNS."""
THREADS = 32
ALWAYS_OPEN = frozenset({"postmaster", "abuse"})
"""Whoever writes to them is neither refused nor put off, whatever a check finds."""
MAX_HOPS = 30
"""Received lines looked at behind a named relay."""

Check = Callable[[Look], list[Finding]]
BY_DNS: dict[str, Check] = {
    "sender": sender.check, "helo": names.check_helo, "ptr": names.check_ptr, "mx": names.check_mx, "dnsbl": lists.check_addresses,
    "uribl": lists.check_links,
}  # fmt: skip
"""Checks that ask DNS about a stranger: off in a network of its own."""
OF_THE_PEER = frozenset({"helo", "ptr", "dnsbl"})
"""Checks of the address it came from: left out where nobody knows it."""
BY_CONTENT: dict[str, Check] = {"spamassassin": outside.check_spamassassin, "rspamd": outside.check_rspamd, "bayes": bayes.check}

_HOP = re.compile(rb"^from\s+(\S{1,255})[^\[]{0,500}\[(?:IPv6:)?([0-9A-Fa-f:.]{2,45})\]", re.IGNORECASE)


class SharedTime:
    """Lets the questions of one message through until its time is over, from several threads."""

    def __init__(self, inner: Resolver, *, seconds: float, questions: int) -> None:
        self._inner, self._end, self._left = inner, time.monotonic() + seconds, questions
        self._lock = threading.Lock()

    def query(self, name: str, rdtype: str) -> Answer:
        """See Resolver.query; DnsTrouble once time or questions are used up."""
        with self._lock:
            self._left -= 1
            is_over = self._left < 0
        if is_over or time.monotonic() > self._end:
            raise DnsTrouble("The time for DNS of this message is used up.")
        return self._inner.query(name, rdtype)


@lru_cache(maxsize=1)
def _pool() -> ThreadPoolExecutor:
    """This process's threads for checks, made when the first stranger's message comes."""
    return ThreadPoolExecutor(THREADS, thread_name_prefix="checks")


def is_scored(runtime: Runtime, mail: Mail) -> bool:
    """Whether the spam checks apply to who sends this."""
    client = mail.client
    if client.account is not None or client.is_near or not runtime.settings.get("spam.enabled"):
        return False
    return ranges.of(runtime, client.ip).checks_spam


def is_scanned(runtime: Runtime, mail: Mail) -> bool:
    """Whether viruses and attachments are looked for."""
    return viruses.is_on(runtime) and ranges.of(runtime, mail.client.ip).checks_virus


def is_examined(runtime: Runtime, mail: Mail) -> bool:
    """Whether `examine` has anything to do: then the message may not be judged on the loop."""
    return is_scored(runtime, mail) or is_scanned(runtime, mail)


def examine(runtime: Runtime, mail: Mail, data: bytes, trace_id: str) -> bytes:
    """Judge a message: *mail* gets its findings and lines; the bytes to store. Raises MailError to refuse or put it off.

    Asks the network: only in a network thread.
    """
    look = look_at(runtime, mail, data)
    checks: dict[str, Check] = {"virus": viruses.check} if is_scanned(runtime, mail) else {}
    if is_scored(runtime, mail):
        found = known.check(look)
        mail.findings += found
        if not found:
            checks |= BY_CONTENT | {name: check for name, check in BY_DNS.items() if runtime.settings.get("server.mode") != "lan" and (look.ip or name not in OF_THE_PEER)}
    mail.findings += run(look, checks)
    if "sender" in checks and not any(f.level >= Level.DEFER for f in mail.findings):
        has_spf = any(f.check == "spf" and f.facts.get("result") == "pass" for f in mail.findings)
        mail.findings += grey.check(look, has_spf_pass=has_spf)
    decide(look, mail)
    mail.lines = bytes(look.facts.get("results", b"")) + spam_lines(look, mail)
    mail.is_held, mail.is_dropped = look.facts.get("action") == "quarantine", look.facts.get("action") == "delete"
    try:
        refuse(look, mail)
    except MailError as error:
        _write_refusal(look, mail, trace_id, error)
        raise
    return bytes(look.facts.get("data", data))


def look_at(runtime: Runtime, mail: Mail, data: bytes) -> Look:
    """What the checks look at: of fetched mail and a named relay's the first hop before them, which may be unknown."""
    headers = scan_headers(data)
    ip, helo = mail.client.ip, mail.client.helo
    relays = str(runtime.settings.get("auth.relays"))
    if mail.is_fetched:
        helo, ip = "", ""
        for line in headers.all(b"received")[:MAX_HOPS]:
            hop = _HOP.match(line)
            if hop is not None and not is_within(hop.group(2).decode(), relays + " 127.0.0.0/8 ::1"):
                helo, ip = hop.group(1).decode("latin-1"), hop.group(2).decode()
                break
    account_ids = {target.account_id for one in mail.recipients if one.recipient is not None for target in one.recipient.local}
    return Look(
        runtime=runtime, mail=mail, data=data, headers=headers, ip=ip, helo=helo, account_ids=tuple(sorted(account_ids)),
        resolver=SharedTime(runtime.resolver, seconds=DNS_SECONDS, questions=QUESTIONS),
    )  # fmt: skip


def run(look: Look, checks: dict[str, Check]) -> list[Finding]:
    """Every check at once; findings in the order of *checks*."""
    running = {name: _pool().submit(check, look) for name, check in checks.items()}
    until, now = look.mail.until, look.runtime.clock.monotonic()
    wait(running.values(), timeout=max(1.0, until - now - FILTER_SECONDS) if until else SECONDS)
    return [finding for name, future in running.items() for finding in _outcome(look, name, future)]


def _outcome(look: Look, name: str, future: "Future[list[Finding]]") -> list[Finding]:
    try:
        return future.result(timeout=0)
    except TimeoutError:
        future.cancel()
        # A resolver's silence delays nothing; a scanner that is still at work does, unless the admin or the way it came says otherwise.
        if not look.is_fetched and (name in BY_CONTENT or (name == "virus" and look.get("virus.down") == "later")):
            return [Finding(check=name, level=Level.DEFER, error=too_late())]
        return [Finding(check=name, level=Level.ACCEPT, facts={"failed": "It took too long."})]
    except Exception as error:  # noqa: BLE001 - a fault in one check must not cost the message
        look.runtime.log.error("check failed", check=name, error=f"{type(error).__name__}: {error}")
        return [Finding(check=name, level=Level.ACCEPT, facts={"failed": type(error).__name__})]


def too_late() -> MailError:
    """Scripts and scanners had their time, and are not done."""
    return MailError(Reason.POLICY, "Looking at the message takes too long; try again later.", temporary=True)


def total(mail: Mail) -> int:
    """The sum of all scores."""
    return sum(int(f.facts.get("score", 0)) for f in mail.findings)


def decide(look: Look, mail: Mail) -> None:
    """Add the sum's own finding: Junk at the mark threshold, refused at the other."""
    if not any(f.check in (*BY_CONTENT, "spf", "list") for f in mail.findings):
        return
    points, mark, limit = total(mail), look.get("spam.mark"), look.get("spam.refuse")
    level = Level.REFUSE if points >= limit else Level.JUNK if points >= mark else Level.ACCEPT
    above = 50 + 50 * (points - mark) // max(1, limit - mark) if points >= mark else 50 * points // mark
    error = None
    if level is Level.REFUSE:
        error = MailError(Reason.SPAM, f"This looks like spam: {_reasons(mail)}")
    if level is not Level.ACCEPT:
        look.runtime.counts.add("spam", domains=mail.domain_ids)
    mail.findings.append(Finding(check="score", level=level, error=error, facts={"points": points, "percent": max(0, min(100, above))}))


def _reasons(mail: Mail) -> str:
    return " ".join(str(f.facts["text"]) for f in mail.findings if f.facts.get("score"))[:300]


def spam_lines(look: Look, mail: Mail) -> bytes:
    """X-Spam-Flag and X-Spam-Status of what was scored."""
    found = [f for f in mail.findings if f.check == "score"]
    if not found or not look.get("spam.headers"):
        return b""
    points, mark = found[0].facts["points"], look.get("spam.mark")
    tests = ",".join(dict.fromkeys(f.check for f in mail.findings if f.facts.get("score"))) or "none"
    word = "Yes" if points >= mark else "No"
    flag = b"X-Spam-Flag: YES\r\n" if points >= mark else b""
    return flag + f"X-Spam-Status: {word}, score={points} required={mark} tests={tests}\r\n by={sender.authserv_id(look)}\r\n".encode("ascii", "replace")


def refuse(look: Look, mail: Mail) -> None:
    """Raise the error of the worst finding. Mail for postmaster and abuse, fetched mail and mail by a named relay comes in all the same."""
    is_open = look.is_fetched or any(one.address.local.lower() in ALWAYS_OPEN for one in mail.recipients)
    for level in (Level.REFUSE, Level.DEFER):
        for number, finding in enumerate(mail.findings):
            if finding.level is not level or finding.error is None:
                continue
            if not is_open or finding.check == "virus":
                raise finding.error
            mail.findings[number] = Finding(check=finding.check, level=Level.JUNK if level is Level.REFUSE else Level.ACCEPT, facts=finding.facts)


def events_of(mail: Mail, now: int) -> list[TraceEvent]:
    """Every finding as a trace event."""
    return [TraceEvent(at=now, kind="check", address="", data={"check": f.check, "level": f.level.name.lower(), **f.facts}) for f in mail.findings]


def _write_refusal(look: Look, mail: Mail, trace_id: str, error: MailError) -> None:
    """A message that is not taken leaves a trace too: an admin must be able to say why."""
    now = look.runtime.clock.micros()
    head = TraceHead(
        trace_id=trace_id, at=now, direction="in", sender=look.sender, recipients=", ".join(r.path for r in mail.recipients[:50]),
        subject=look.headers.text(b"subject")[:500], msgid=look.headers.text(b"message-id")[:500], ip=mail.client.ip, size=len(look.data),
        account_id=mail.client.account.id if mail.client.account else None, outcome="deferred" if error.temporary else "refused",
    )  # fmt: skip
    ended = TraceEvent(at=now, kind="refused", address="", data={"reason": error.reason.value, "detail": error.detail})
    look.runtime.store.submit(lambda tx: records.trace(tx, head, [*events_of(mail, now), ended]))
