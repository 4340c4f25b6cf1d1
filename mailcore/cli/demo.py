"""The sample that `up --demo` shows: a family's server with people, conversations and something for the admin to look at."""

import base64
import os
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from mailcore.base.clock import DAY, HOUR, Micros
from mailcore.cli.demo_letters import CONTACTS, DRAFT, HTML, LABELS, OUTSIDE, PEOPLE, THREADS, WAITING, Thread
from mailcore.config.environment import Config
from mailcore.delivery.parcel import parcel_of
from mailcore.directory import setup as room
from mailcore.directory import verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.mail.vcard import Card
from mailcore.runtime.runtime import Runtime, open_runtime
from mailcore.serve import start
from mailcore.serve.sockets import Bound
from mailcore.store import Tx, accounts, contacts, labels, mailboxes, messages, outbox, records, tallies
from mailcore.store.records import TraceEvent, TraceHead

DOMAIN = "meadow.test"


def prepare_demo(config: Config, bound: Bound) -> dict[str, object]:
    """Everything `start.prepare` does, with set-up done and mail to look at; the facts carry the password to sign in with."""
    password = base64.urlsafe_b64encode(os.urandom(9)).decode().lower()
    start.prepare(config, bound)
    runtime = open_runtime(config, name="demo")
    try:
        fill(runtime, password)
    finally:
        runtime.close()
    (config.data_dir / "setup-token").unlink(missing_ok=True)
    told = start.prepare(config, bound)
    return told | {"demo": f"Sign in as {PEOPLE[0][0]}@{DOMAIN} with the password {password}"}


def fill(runtime: Runtime, password: str) -> None:
    """Make the people, their mail, what waits to leave, and numbers for the graphs."""
    now = runtime.clock.micros()
    hashed = verbs.checked_hash(password)
    anna = f"{PEOPLE[0][0]}@{DOMAIN}"
    answers = room.Answers(mode="lan", hostname=f"mail.{DOMAIN}", admin=anna, admin_hash=hashed, admin_name=PEOPLE[0][1])
    runtime.store.write(lambda tx: room.finish(tx, COMMAND_LINE, answers, now))
    for local, name, role in PEOPLE[1:]:
        runtime.store.write(
            lambda tx, local=local, name=name, role=role: verbs.add_account(  # type: ignore[misc]
                tx, COMMAND_LINE, f"{local}@{DOMAIN}", now, password_hash=hashed, display_name=name, role=role
            )
        )
    runtime.store.write(lambda tx: verbs.add_alias(tx, COMMAND_LINE, f"family@{DOMAIN}", [f"{local}@{DOMAIN}" for local, _, role in PEOPLE if role != "domain-admin"], now))
    for label, tone in LABELS:
        runtime.store.write(lambda tx, n=label, t=tone: _label(tx, anna, n, t))  # type: ignore[misc]
    runtime.store.write(lambda tx: _people(tx, anna))
    letters = [(hours, thread, number) for thread in THREADS for number, (hours, _s, _t, _f) in enumerate(thread.letters)]
    made: dict[tuple[str, int], str] = {}
    for hours, thread, number in sorted(letters, key=lambda one: -one[0]):
        made[thread.subject, number] = _append(runtime, anna, thread, number, now - int(hours * HOUR), made)
    _draft(runtime, anna, now - 3 * HOUR)
    for line in WAITING:
        _wait(runtime, line, now)
    runtime.store.write(lambda tx: _counted(tx, now))


def _label(tx: Tx, address: str, name: str, tone: str) -> None:
    account = accounts.account_by_address(tx, address)
    assert account is not None
    labels.put(tx, account.id, name, tone)


def _people(tx: Tx, address: str) -> None:
    """The contacts: the family, and some of those who write."""
    account = accounts.account_by_address(tx, address)
    assert account is not None
    for local, name, _role in PEOPLE[1:]:
        contacts.put(tx, account.id, Card(name=name, addresses=(f"{local}@{DOMAIN}",), groups=("Family",)))
    for local, phone, note, groups in CONTACTS:
        name, address = parseaddr(_who(local))
        contacts.put(tx, account.id, Card(name=name, addresses=(address,), phones=(phone,), note=note, groups=groups))


def _who(local: str) -> str:
    if local in OUTSIDE:
        return OUTSIDE[local]
    name = next(n for known, n, _ in PEOPLE if known == local)
    return f"{name} <{local}@{DOMAIN}>"


def _append(runtime: Runtime, address: str, thread: Thread, number: int, at: Micros, made: dict[tuple[str, int], str]) -> str:
    """Put one letter where it belongs; its Message-ID."""
    _hours, sender, text, flags = thread.letters[number]
    is_own = sender == PEOPLE[0][0]
    first = thread.letters[0][1]
    mail = EmailMessage()
    mail["From"] = _who(sender)
    mail["To"] = _who(first if first != sender else "ben") if is_own else address
    mail["Subject"] = thread.subject if number == 0 else f"Re: {thread.subject}"
    mail["Date"] = format_datetime(runtime.clock.now() - timedelta(microseconds=runtime.clock.micros() - at))
    mail["Message-ID"] = f"<{runtime.new_trace_id()}@{DOMAIN}>"
    if number:
        mail["In-Reply-To"] = made[thread.subject, number - 1]
        mail["References"] = " ".join(made[thread.subject, n] for n in range(number))
    mail.set_content(text)
    if "h" in flags.partition(":")[0]:
        body = "".join(f"<p>{line}</p>" for line in text.split("\n") if line)
        mail.add_alternative(HTML.format(title=thread.subject, sender=_who(sender).partition(" <")[0], body=body), subtype="html")
    if "a" in flags.partition(":")[0]:
        mail.add_attachment(f"{thread.subject}\n\n{text}\n", filename="details.txt")
    word, _colon, keyword = flags.partition(":")
    bits = (messages.SEEN if "r" in word or is_own else 0) | (messages.FLAGGED if "s" in word else 0)
    role = "sent" if is_own else thread.box
    _store(runtime, address, mail, role, at, bits, keyword, trace="" if is_own or thread.box != "inbox" else sender)
    return str(mail["Message-ID"])


def _draft(runtime: Runtime, address: str, at: Micros) -> None:
    to, subject, text = DRAFT
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = _who(PEOPLE[0][0]), _who(to), subject
    mail["Date"], mail["Message-ID"] = format_datetime(runtime.clock.now()), f"<{runtime.new_trace_id()}@{DOMAIN}>"
    mail.set_content(text)
    _store(runtime, address, mail, "drafts", at, messages.SEEN | messages.DRAFT, "")


def _store(runtime: Runtime, address: str, mail: EmailMessage, role: str, at: Micros, flags: int, keywords: str, trace: str = "") -> None:
    data = mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    parcel = parcel_of(runtime.new_trace_id(), runtime.store.blobs.add(data), data)

    def write(tx: Tx) -> None:
        account = accounts.account_by_address(tx, address)
        assert account is not None
        box = mailboxes.by_role(tx, account.id, role)
        assert box is not None
        messages.append(tx, runtime.store.blobs, account.id, box.id, parcel.email(b""), actor="webmail" if role in ("sent", "drafts") else "delivery", now=at, flags=flags, keywords=keywords, internal_date=at)
        if trace:
            sender = _who(trace).partition("<")[2].rstrip(">")
            head = TraceHead(
                trace_id=parcel.trace_id, at=at, direction="in", sender=sender, recipients=address, subject=parcel.summary.subject, msgid=parcel.summary.msgid,
                ip="192.0.2.10", size=parcel.summary.size, account_id=None, outcome="delivered",
            )  # fmt: skip
            told = {"ip": "192.0.2.10", "helo": "mx." + sender.partition("@")[2], "protocol": "ESMTPS", "tls": "TLSv1.3", "size": parcel.summary.size, "by": "", "recipients": 1}
            records.trace(tx, head, [TraceEvent(at=at, kind="accepted", address="", data=told), TraceEvent(at=at, kind="delivered", address=address, data={"mailbox": "INBOX", "for": address})])

    runtime.store.write(write)


def _wait(runtime: Runtime, line: tuple[str, str, str, int, str, str], now: Micros) -> None:
    """A message that waits in the queue, on hold, so that the sample never sends anything."""
    sender, recipient, subject, tries, host, said = line
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = sender, recipient, subject, f"<{runtime.new_trace_id()}@{DOMAIN}>"
    mail.set_content("The text of it.\n")
    data, at = mail.as_bytes().replace(b"\n", b"\r\n"), now - tries * HOUR
    trace_id = runtime.new_trace_id()
    item = outbox.NewItem(
        trace_id=trace_id, sender=sender, staged=runtime.store.blobs.add(data), prefix=b"", subject=subject, state="held", expires_at=now + 100 * HOUR,
        recipients=[outbox.NewRecipient(address=recipient, domain=recipient.partition("@")[2], orcpt=f"rfc822;{recipient}")],
    )  # fmt: skip

    def write(tx: Tx) -> None:
        number = outbox.put(tx, runtime.store.blobs, item, at)
        for one in outbox.recipients(tx, number):
            code, _space, words = said.partition(" ") if said[:1].isdigit() else ("0", "", said)
            outbox.record(tx, one.id, state="waiting", next_at=now + HOUR, code=int(code), enhanced="4.7.1", detail=words, remote=host, now=at)
        head = TraceHead(
            trace_id=trace_id, at=at, direction="out", sender=sender, recipients=recipient, subject=subject, msgid=str(mail["Message-ID"]), ip="", size=len(data),
            account_id=None, outcome="queued",
        )  # fmt: skip
        facts = {"host": host.partition(" ")[0], "address": host.partition("[")[2].rstrip("]"), "tls": "", "code": 0, "status": "4.7.1", "text": said, "stage": "before mail", "next": now + HOUR}
        records.trace(tx, head, [TraceEvent(at=at + n * HOUR, kind="deferred", address=recipient, data=facts) for n in range(tries)])

    runtime.store.write(write)


def _counted(tx: Tx, now: Micros) -> None:
    """Mail of the last day and year for the graphs: quiet at night and on Sundays, a few refused, growing."""
    served = accounts.domains(tx)[0].id
    for days in range(365, 0, -1):
        busy, at = (40, 320, 340, 310, 330, 290, 60)[days % 7] + (365 - days) // 4, now - days * DAY
        mail = {"received": busy, "sent": busy // 3, "refused": busy // 5, "spam": busy // 7, "virus": busy // 300}
        of_domain = {tallies.of_domain(name, served): amount for name, amount in mail.items()}
        tallies.count_up(tx, {**mail, **of_domain, "sign_ins": busy // 4, "sessions": busy}, at)
        tallies.measure(tx, "storage", dict.fromkeys((tallies.SERVER, served), 6000 + (365 - days) * 30), at)
    for hours in range(24):
        at, busy = now - hours * HOUR, (3, 2, 1, 1, 2, 5, 9, 14, 22, 27, 24, 21, 18, 20, 23, 25, 21, 17, 15, 13, 11, 9, 7, 5)[(now // HOUR - hours) % 24]
        tallies.count_up(tx, {"received": busy, "sent": busy // 3, "refused": busy // 5, "spam": busy // 7, "sign_ins": busy // 4, "sessions": busy}, at)
