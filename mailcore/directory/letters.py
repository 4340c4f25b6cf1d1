"""The server's own messages: their words as they stand, written for one person in that person's language, and the verbs that change them."""

from dataclasses import dataclass

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory import resolve
from mailcore.directory.actor import Actor
from mailcore.mail.address import Address
from mailcore.runtime.runtime import Runtime
from mailcore.settings.letter_texts import ADVICE, WORDS
from mailcore.settings.letters import BY_NAME, LANGUAGES, VARIABLE, Letter, filled
from mailcore.store import Tx, accounts, records
from mailcore.store import letters as rows

SUBJECT_CHARACTERS = 200
TEXT_CHARACTERS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What one message says in one language; *is_own* where an admin wrote it."""

    letter: Letter
    language: str
    subject: str
    text: str
    is_own: bool


def find(name: str, language: str = "en") -> Letter:
    """The message of this name. Raises MailError(NOT_FOUND)."""
    if name not in BY_NAME or language not in LANGUAGES:
        raise MailError(Reason.NOT_FOUND, f"There is no message {name} in {language}. Languages: {', '.join(LANGUAGES)}.")
    return BY_NAME[name]


def words(tx: Tx, name: str, language: str) -> Words:
    """A message's words as they stand. Raises MailError(NOT_FOUND)."""
    letter, own = find(name, language), rows.get(tx, name, language)
    subject, text = own or WORDS[language][name]
    return Words(letter=letter, language=language, subject=subject, text=text, is_own=own is not None)


def language_for(runtime: Runtime, tx: Tx, address: Address | None) -> str:
    """The language a person is written to in: their own here, by whichever of their addresses, else the setting server.language."""
    found = _person(tx, address) if address is not None else None
    own = (found.locale if found is not None else "").replace("_", "-").partition("-")[0].lower()
    return own if own in LANGUAGES else str(runtime.settings.get("server.language"))


def _person(tx: Tx, address: Address) -> accounts.Account | None:
    """The one person here behind *address*."""
    try:
        people = resolve.resolve(tx, address).local
    except MailError:
        return accounts.account_by_address(tx, address.key)
    return accounts.account(tx, people[0].account_id) if len(people) == 1 else None


def sentence(language: str, key: str) -> str:
    """One of the sentences that messages are put together of."""
    return ADVICE[language][key]


def written(runtime: Runtime, tx: Tx, name: str, language: str, **values: str) -> tuple[str, str]:
    """(subject, text) of a message with *values* filled in; the subject is one line."""
    found = words(tx, name, language)
    known = {"Server": runtime.hostname} | values
    return " ".join(filled(found.subject, known).split()), filled(found.text, known)


def example(letter: Letter, subject: str, text: str) -> tuple[str, str]:
    """*subject* and *text* with the examples of their variables, for a look before it is used."""
    values = {name: shown for name, (_what, shown) in letter.variables.items()}
    return " ".join(filled(subject, values).split()), filled(text, values)


def change(tx: Tx, actor: Actor, name: str, language: str, subject: str, text: str, now: Micros) -> None:
    """Keep other words for a message. Raises MailError(NOT_FOUND, SYNTAX, NOT_PERMITTED)."""
    actor.require_server()
    letter, old = find(name, language), words(tx, name, language)
    clean_subject, clean_text = checked(letter, subject, text)
    if (clean_subject, clean_text) == (old.subject, old.text):
        return
    rows.put(tx, name, language, clean_subject, clean_text, now)
    _audit(tx, actor, "message:changed", old, {"subject": clean_subject, "text": clean_text}, now)


def reset(tx: Tx, actor: Actor, name: str, language: str, now: Micros) -> bool:
    """Back to the words that Roost comes with; whether there were others. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    actor.require_server()
    old = words(tx, name, language)
    if rows.remove(tx, name, language):
        subject, text = WORDS[language][name]
        _audit(tx, actor, "message:reset", old, {"subject": subject, "text": text}, now)
    return old.is_own


def checked(letter: Letter, subject: str, text: str) -> tuple[str, str]:
    """Subject and text as they are kept. Raises MailError(SYNTAX) with a sentence."""
    clean_subject, clean_text = " ".join(subject.split()), text.replace("\r\n", "\n").strip("\n")
    clean_text = clean_text + "\n" if clean_text.strip() else ""
    if letter.has_subject and not clean_subject:
        raise MailError(Reason.SYNTAX, "Write a subject.")
    if not clean_text and WORDS["en"][letter.name][1]:
        raise MailError(Reason.SYNTAX, "Write a text.")
    if len(clean_subject) > SUBJECT_CHARACTERS or len(clean_text) > TEXT_CHARACTERS or any(ord(c) < 32 and c not in "\n\t" for c in clean_subject + clean_text):
        raise MailError(Reason.SYNTAX, f"A subject has at most {SUBJECT_CHARACTERS} characters, a text {TEXT_CHARACTERS}.")
    known, used = {n.lower() for n in letter.variables}, VARIABLE.findall(clean_subject + "\n" + clean_text)
    unknown = next((name for name in used if name.lower() not in known), None)
    if unknown is not None:
        raise MailError(Reason.SYNTAX, f"%{unknown}% is not a variable of this message. It knows: {', '.join(f'%{n}%' for n in letter.variables)}.")
    lacking = next((name for name in letter.must if name.lower() not in {n.lower() for n in used}), None)
    if lacking is not None:
        raise MailError(Reason.SYNTAX, f"This message needs %{lacking}% somewhere: {letter.variables[lacking][0]}.")
    return (clean_subject if letter.has_subject else ""), clean_text


def _audit(tx: Tx, actor: Actor, name: str, old: Words, new: dict[str, str], now: Micros) -> None:
    before = {"subject": old.subject, "text": old.text}
    records.audit(tx, name, f"{old.letter.name} {old.language}", actor=actor.name, ip=actor.ip, now=now, old=before, new=new)
