"""The sample that `up --demo` shows: a family's server with people, conversations and something for the admin to look at."""

import base64
import os
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime

from mailcore.base.clock import MINUTE, Micros
from mailcore.config.environment import Config
from mailcore.delivery.parcel import parcel_of
from mailcore.directory import setup as room
from mailcore.directory import verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.runtime.runtime import Runtime, open_runtime
from mailcore.serve import start
from mailcore.serve.sockets import Bound
from mailcore.store import Tx, accounts, mailboxes, messages

DOMAIN = "meadow.test"
PEOPLE = (("anna", "Anna Lindqvist", "server-admin"), ("ben", "Ben Okafor", "user"), ("clara", "Clara Duarte", "user"))
LETTERS = (
    ("Ben Okafor", "ben", "Boat trip on Saturday", "The weather looks good. Shall we meet at the pier at nine?\n\nI bring the bread, you bring the cheese.\n\nBen"),
    ("Clara Duarte", "clara", "Re: Boat trip on Saturday", "Nine is fine. I have two life jackets to spare.\n\nClara"),
    ("Northern Rail", "tickets", "Your tickets for 14 December", "Two adults, coach 7, seats 41 and 42.\nThe tickets are attached; the conductor reads the screen as well.\n"),
    ("Clara Duarte", "clara", "Minutes of the garden meeting", "Everybody agreed on the apple trees. The compost stays where it is.\n\nI wrote the rest in the attached file.\n"),
    ("Library", "library", "Two books are due on Friday", "The Sea Wolf\nA Field Guide to Mosses\n\nYou can renew them once more.\n"),
    ("Ben Okafor", "ben", "Photographs of the attic", "You were right about the beam. Have a look before we call anybody.\n\nBen"),
)
"""Sender's name, local part, subject and text; later ones are newer."""
TICKET = "Northern Rail\nCoach 7, seats 41 and 42\n"


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
    """Make the people and their mail."""
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
    runtime.store.write(lambda tx: verbs.add_alias(tx, COMMAND_LINE, f"family@{DOMAIN}", [f"{local}@{DOMAIN}" for local, _, _ in PEOPLE], now))
    for number, letter in enumerate(LETTERS):
        _append(runtime, anna, letter, now - (len(LETTERS) - number) * 95 * MINUTE, is_seen=number < len(LETTERS) // 2)


def _append(runtime: Runtime, address: str, letter: tuple[str, str, str, str], at: Micros, *, is_seen: bool) -> None:
    name, local, subject, text = letter
    mail = EmailMessage()
    mail["From"] = Address(name, local, DOMAIN)
    mail["To"] = address
    mail["Subject"] = subject
    mail["Date"] = format_datetime(runtime.clock.now() - timedelta(microseconds=runtime.clock.micros() - at))
    mail["Message-ID"] = f"<{runtime.new_trace_id()}@{DOMAIN}>"
    mail.set_content(text)
    if "attached" in text:
        mail.add_attachment(TICKET, filename="details.txt")
    data = mail.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    staged = runtime.store.blobs.add(data)
    parcel = parcel_of(runtime.new_trace_id(), staged, data)

    def write(tx: Tx) -> None:
        account = accounts.account_by_address(tx, address)
        assert account is not None
        inbox = mailboxes.by_role(tx, account.id, "inbox")
        assert inbox is not None
        messages.append(
            tx, runtime.store.blobs, account.id, inbox.id, parcel.email(b""), actor="demo", now=at, flags=messages.SEEN if is_seen else 0, internal_date=at
        )

    runtime.store.write(write)
