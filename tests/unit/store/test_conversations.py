"""A mailbox's conversations, on both databases: newest message each, paged without a gap, across mailboxes, pins on top."""

from mailcore.delivery.parcel import new_email
from mailcore.mail.structure import summarise
from mailcore.store import Store, accounts, conversations, listing, mailboxes, messages, threads

DAY = 86_400_000_000
NOW = 20_000 * DAY


def person(store: Store, address: str, *names: str) -> tuple[int, ...]:
    """An account of a domain of its own, and its mailboxes of these *names*."""

    def begin(tx):
        account = accounts.add_account(tx, accounts.add_domain(tx, address.partition("@")[2], NOW), address, NOW)
        mailboxes.create_standard(tx, account, actor="t", now=NOW)
        return account

    account = store.write(begin)
    return account, *(mailboxes.by_name(store.read(), account, name).id for name in names)


def test_conversations_page_without_gap_or_double_and_count_what_was_sent(store: Store) -> None:
    account, inbox, sent = person(store, "u@talk.test", "INBOX", "Sent")

    def put(box: int, number: int, answers: int | None, sender: str, flags: int = messages.SEEN, keywords: str = "") -> None:
        head = f"From: {sender}\r\nSubject: s\r\nMessage-ID: <{number}@talk.test>\r\n" + (f"In-Reply-To: <{answers}@talk.test>\r\n" if answers is not None else "")
        data = f"{head}\r\nx\r\n".encode()
        email = new_email(store.blobs.add(data), summarise(data))
        store.write(lambda tx: messages.append(tx, store.blobs, account, box, email, actor="t", now=NOW + number, flags=flags, keywords=keywords))

    for number in range(20):
        put(inbox, number, number - 10 if number >= 10 else None, "Ann <ann@out.test>", flags=0 if number == 3 else messages.SEEN)
    put(sent, 20, 13, "u@talk.test")
    put(inbox, 21, None, "Bob <bob@out.test>", keywords="$Pinned")
    tx, seen = store.read(), []
    rows = conversations.page(tx, inbox, limit=4)
    while rows:
        seen += [r.internal_date - NOW for r in rows]
        rows = conversations.page(tx, inbox, before=(rows[-1].internal_date, rows[-1].message_id), limit=4)
    assert seen == [21, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10]
    newer = conversations.page(tx, inbox, after=(NOW + 17, 2**62), limit=2)
    assert [r.internal_date - NOW for r in newer] == [19, 18]
    thread = next(r for r in conversations.page(tx, inbox) if r.internal_date == NOW + 13)
    said = conversations.threads(tx, inbox, [thread.thread_id], [])[thread.thread_id]
    assert (said.count, said.is_unread, said.senders[-1]) == (3, True, ("", "u@talk.test"))
    assert conversations.threads(tx, inbox, [thread.thread_id], [sent])[thread.thread_id].count == 2
    assert len(conversations.whole(tx, account, inbox, [thread.message_id])) == 2
    assert [r.internal_date - NOW for r in conversations.pinned(tx, inbox, whole=True)] == [21] == [r.internal_date - NOW for r in conversations.pinned(tx, inbox, whole=False)]
    assert len(listing.thread(tx, account, thread.thread_id)) == 3
    assert conversations.sent_and_back(tx, account, thread.thread_id) == []


def test_what_one_wrote_to_oneself_is_one_and_a_message_id_alone_says_nothing(store: Store) -> None:
    account, inbox, sent = person(store, "u@self.test", "INBOX", "Sent")

    def put(box: int, sender: str, msgid: str = "one") -> messages.Placed:
        data = f"From: {sender}\r\nSubject: s\r\nMessage-ID: <{msgid}@self.test>\r\n\r\n{box} {sender}\r\n".encode()
        email = new_email(store.blobs.add(data), summarise(data))
        return store.write(lambda tx: messages.append(tx, store.blobs, account, box, email, actor="t", now=NOW))

    mine, came = put(sent, "u@self.test"), put(inbox, "u@self.test")
    tx = store.read()
    assert conversations.sent_and_back(tx, account, mine.thread_id) == [(mine.message_id, came.message_id)]
    assert conversations.threads(tx, inbox, [mine.thread_id], [])[mine.thread_id].count == 1
    put(inbox, "eve@out.test")
    tx = store.read()
    assert len(conversations.sent_and_back(tx, account, mine.thread_id)) == 1, "another author's with the same Message-ID is another message"
    assert conversations.threads(tx, inbox, [mine.thread_id], [])[mine.thread_id].count == 2


def test_a_conversation_that_never_ends_goes_on_in_a_new_one(store: Store, monkeypatch) -> None:
    monkeypatch.setattr(threads, "THREAD_MESSAGES", 5)
    account, inbox = person(store, "u@endless.test", "INBOX")
    found = []
    for number in range(12):
        # Every answer names only the first message: the new conversation must take that name over.
        data = f"From: a@out.test\r\nSubject: s\r\nMessage-ID: <{number}@endless.test>\r\nReferences: <0@endless.test>\r\n\r\nx\r\n".encode()
        email = new_email(store.blobs.add(data), summarise(data))
        found.append(store.write(lambda tx, e=email: messages.append(tx, store.blobs, account, inbox, e, actor="t", now=NOW + len(found))).thread_id)
    assert [found.count(t) for t in dict.fromkeys(found)] == [5, 5, 2]
    assert [r.internal_date - NOW for r in listing.thread(store.read(), account, found[0], 3)] == [2, 3, 4]


def test_muting_goes_on_where_a_full_conversation_goes_on_in_a_new_one(store: Store, monkeypatch) -> None:
    monkeypatch.setattr(threads, "THREAD_MESSAGES", 3)
    account, archive = person(store, "u@mute.test", "Archive")

    def come(number: int) -> bool:
        """Whether the next answer is taken as muted; it is filed as delivery files it."""
        head = f"From: a@out.test\r\nSubject: s\r\nMessage-ID: <{number}@mute.test>\r\n" + (f"In-Reply-To: <{number - 1}@mute.test>\r\n" if number else "")
        data = f"{head}\r\nx\r\n".encode()
        email = new_email(store.blobs.add(data), summarise(data))

        def write(tx):
            is_muted = messages.is_muted(tx, account, email)
            messages.append(tx, store.blobs, account, archive, email, actor="t", now=NOW + number, keywords="$Muted" if is_muted or number == 0 else "")
            return is_muted

        return store.write(write)

    assert [come(number) for number in range(9)] == [False] + [True] * 8
