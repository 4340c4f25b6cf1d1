"""Sample values for every page of the gallery: one invented harbour town, the same people and messages throughout."""

from dataclasses import replace

from admin import presenters as adm
from admin.list_rows import ListPage, ListRow, MemberRow
from admin.traffic import Graph, Line
from mailcore.store.identities import Signature
from web.sign_ins import SignInRow
from web.signatures import IdentityRow, SignaturesPage
from webmail import presenters as web
from webmail.settings import values as own

ME = web.Person(name="Sara Lindgren", address="sara@sailmakers.test", is_me=True)
MIRA = web.Person(name="Mira Kessler", address="mira@kessler-fruit.test")
JONAS = web.Person(name="Jonas Okafor", address="jonas@sailmakers.test")

PEOPLE = (
    MIRA, JONAS,
    web.Person(name="Treasury Board", address="minutes@board.test"),
    web.Person(name="The Gardener’s Weekly", address="weekly@gardener.test"),
    web.Person(name="Ravi Shah", address="ravi@harbour.test"),
    web.Person(name="Port Authority", address="berths@port.test"),
    web.Person(name="Elif Marin", address="elif@marin.test"),
    web.Person(name="Ana Cardoso", address="ana@cardoso.test"),
)

BOXES = (
    web.MailboxLink(id="1", name="Inbox", icon="inbox", role="inbox", count=12),
    web.MailboxLink(id="2", name="Sent", icon="send", role="sent"),
    web.MailboxLink(id="3", name="Drafts", icon="draft", role="drafts", count=3),
    web.MailboxLink(id="4", name="Archive", icon="archive", role="archive"),
    web.MailboxLink(id="5", name="Junk", icon="junk", role="junk"),
    web.MailboxLink(id="6", name="Trash", icon="trash", role="trash"),
)
OWN = (
    web.MailboxLink(id="10", name="Suppliers", count=4),
    web.MailboxLink(id="11", name="Lisbon", depth=1),
    web.MailboxLink(id="12", name="Workshop"),
    web.MailboxLink(id="13", name="Receipts 2026"),
)

_ROWS = (
    ("2026-11-23", 0, "Mira Kessler, me", "Autumn order: quantities for Lisbon", "Perfect, then we go with 240 crates and the earlier truck. I attached the packing list", "10:42", 3, "ua"),
    ("2026-11-23", 2, "Treasury Board", "Minutes of 12 November", "Dear all, please find the minutes below. Two points are still open and need a decision", "09:58", 1, "u"),
    ("2026-11-23", 1, "Jonas Okafor", "Re: Lease for the workshop", "Signed. I will drop the keys at the front desk on Thursday around noon.", "09:15", 2, "r"),
    ("2026-11-23", 3, "The Gardener’s Weekly", "Mulch now, thank yourself in April", "Five beds, one wheelbarrow and a free Saturday: here is the order we do it in", "07:30", 1, ""),
    ("2026-11-22", 4, "Ravi Shah", "Photos from the harbour walk", "I put the large ones on the shared drive; the small ones are here for the album", "22 Nov", 5, "sa"),
    ("2026-11-22", 5, "Port Authority", "Your berth request 88-104 was approved", "Berth 14 is yours from 2 December, 06:00. Bring the permit and a copy of the insurance", "22 Nov", 1, "u"),
    ("2026-11-22", 6, "Elif Marin", "Invoice 2026-311", "Thank you for the quick work. The invoice is attached, payable within 14 days.", "22 Nov", 1, "a"),
    ("2026-11-22", 7, "Ana Cardoso", "Dinner on Friday?", "There is a small place behind the market with eight tables. Shall I book for four", "22 Nov", 2, "f"),
    ("2026-11-20", 4, "Ravi Shah", "Old list of moorings", "This is the one from 2019, please do not use it any longer.", "20 Nov", 1, "d"),
    ("2026-11-20", 0, "Mira Kessler", "Spring samples", "Three shades of cream, all washable. Tell me which one you like best.", "20 Nov", 1, "l"),
)
DAYS = {"2026-11-23": "Today", "2026-11-22": "Yesterday", "2026-11-20": "Friday, 20 November"}


def shell(theme: str, **more: object) -> web.Shell:
    """The webmail's frame in *theme*."""
    return web.Shell(me=ME, theme=theme, is_admin=True, away_until="30 Nov", **more)  # type: ignore[arg-type]


def nav(current: str = "") -> web.MailboxNav:
    """The navigation with *current* open."""
    quota = web.Quota(used_text="3.1 GB", limit_text="10 GB", percent=31)
    return web.MailboxNav(special=BOXES, own=OWN, current=current, quota=quota)


def rows(open_id: str = "", prefix: str = "m") -> tuple[web.DayGroup, ...]:
    """Ten rows in three days."""
    groups: dict[str, list[web.ListRow]] = {}
    for number, (day, who, names, subject, preview, time, count, marks) in enumerate(_ROWS, 1):
        row = web.ListRow(
            id=f"{prefix}{number}", mailbox_id="1", person=PEOPLE[who], who=names, subject=subject, preview=preview, time_text=time,
            time_iso=f"{day}T10:42:00Z", time_long=f"{DAYS[day]}, 10:42", count=count, is_unread="u" in marks, has_attachment="a" in marks,
            is_starred="s" in marks, is_answered="r" in marks, is_forwarded="f" in marks, is_deleted="d" in marks, is_open=f"{prefix}{number}" == open_id,
            labels=(web.Label(name="Lisbon", tone="blue"), web.Label(name="Urgent", tone="amber")) if "l" in marks else (),
        )
        groups.setdefault(day, []).append(row)
    return tuple(web.DayGroup(key=day, label=DAYS[day], rows=tuple(found)) for day, found in groups.items())


def list_page(open_id: str = "", state: str = "ready", **more: object) -> web.ListPage:
    """Inbox with ten rows, or in another state."""
    ready = state == "ready"
    page = web.ListPage(
        mailbox_id="1", title="Inbox", role="inbox", groups=rows(open_id) if ready else (), unread=12 if ready else 0, total=1284, state=state,
        older="c2" if ready else None, move_targets=OWN,
        failure=web.Failure(title="The list did not load", text="The store is catching up after a restart. Your mail is safe.", retry_url="/mail/1"),
    )
    return replace(page, **more)  # type: ignore[arg-type]


FILES = (
    web.Attachment(id="a1", name="packing-list.pdf", size_text="182 KB", url="/mail/part/t1/packing-list.pdf", kind="pdf", badge="PDF"),
    web.Attachment(id="a2", name="delivery-note.xlsx", size_text="96 KB", url="/mail/part/t2/delivery-note.xlsx", kind="sheet", badge="XLS"),
    web.Attachment(id="a3", name="harbour at six in the morning, seen from the crane.jpg", size_text="2.4 MB", url="/mail/part/t3/h.jpg", kind="image", badge="JPG"),
)


def reader(message_id: str = "m1") -> web.ReaderPage:
    """A conversation of three, the last one open."""
    common = {"mailbox_id": "1"}
    folded = [
        web.ReaderMessage(id="m31", sender=MIRA, to=(ME,), time_text="Fri, 16:20", time_iso="2026-11-20T16:20:00Z", preview="We can hold the price until the end of the month if you take the whole lot.", is_expanded=False, **common),
        web.ReaderMessage(id="m32", sender=ME, to=(MIRA,), time_text="Yesterday, 11:03", time_iso="2026-11-22T11:03:00Z", preview="Then let us take 240, and the earlier truck if your driver agrees.", is_expanded=False, **common),
    ]
    last = web.ReaderMessage(
        id=message_id, sender=MIRA, to=(ME,), cc=(JONAS,), to_text="to me, cc Jonas Okafor", time_text="10:42", time_iso="2026-11-23T10:42:00Z",
        time_long="Monday, 23 November 2026 at 10:42", body_url="/mail/body/sample", body_lines=12, size_text="312 KB", remote_images=2,
        trust=web.Trust(kind="verified", domain="kessler-fruit.test", text="DKIM and DMARC passed."), attachments=FILES, all_parts_url="/mail/part/all/all.zip", **common,
    )
    return web.ReaderPage(
        mailbox_id="1", mailbox_name="Inbox", subject="Autumn order: quantities for Lisbon", messages=(*folded, last), position=1, total=1284,
        older="m2", newer="m0", labels=(web.Label(name="Lisbon", tone="blue"),), move_targets=OWN,
    )


def suspicious() -> web.ReaderPage:
    """One message whose sender pretends."""
    liar = web.ReaderMessage(
        id="m2", mailbox_id="1", sender=web.Person(name="Your Bank", address="service@bank-secure.example"), to=(ME,), to_text="to me", time_text="09:58",
        time_iso="2026-11-23T09:58:00Z", time_long="Monday, 23 November 2026 at 09:58", body_url="/mail/body/plain", body_lines=6, size_text="8 KB",
        trust=web.Trust(kind="suspicious", domain="", text="This does not come from your bank: bank-secure.example could not be proved, and the link shows another address than it opens."),
    )
    return web.ReaderPage(mailbox_id="1", mailbox_name="Inbox", subject="Please confirm your account", messages=(liar,), position=2, total=1284, newer="m1", older="m3")


def compose(**more: object) -> web.ComposeForm:
    """A draft with three recipients, one of them wrong."""
    form = web.ComposeForm(
        draft_id="d1", title="New message", identities=(web.Choice(value="sales@sailmakers.test", label="Sara Lindgren <sales@sailmakers.test>"), web.Choice(value="sara@sailmakers.test", label="Sara Lindgren <sara@sailmakers.test>")),
        from_value="sales@sailmakers.test", to='"Mira Kessler" <mira@kessler-fruit.test>, "Jonas Okafor" <jonas@sailmakers.test>, anna@sailmaker', subject="Spring order: sailcloth and thread",
        body_text="Hello Mira,\n\nas promised the list for spring. Could you hold 60 m of the cream until Friday?\n\n-- \nSara Lindgren\nSailmakers, Harbour Street 4",
        body_html='<div>Hello Mira,</div><div><br></div><div>as promised the list for spring. Could you hold <b>60 m</b> of the cream until Friday?</div><div class="signature">Sara Lindgren<br>Sailmakers, Harbour Street 4</div>',
        attachments=(replace(FILES[1], name="spring-order.xlsx", size_text="48 KB"), replace(FILES[0], name="sketch.pdf", size_text="3.4 MB")), saved_text="Draft saved 4 s ago", revision=3, limit_text="50 MB", limit_bytes=52428800,
    )
    return replace(form, **more)  # type: ignore[arg-type]


def mailbox_rows() -> tuple[web.MailboxRow, ...]:
    """Ten mailboxes, six of them fixed."""
    fixed = [web.MailboxRow(id=box.id, name=box.name, path=box.name, total=1284 // int(box.id), unread=box.count, size_text=f"{900 // int(box.id)} MB", icon=box.icon, is_locked=True) for box in BOXES]
    own = [web.MailboxRow(id=box.id, name=box.name, path=box.name, total=86, unread=box.count, size_text="41 MB", depth=box.depth, is_subscribed=box.id != "13", has_children=box.id == "10") for box in OWN]
    return (*fixed, *own)


def settings(section: str) -> dict[str, object]:
    """The person's settings; the password page with one mistake."""
    words = "Sara Lindgren\nSailmakers, Harbour Street 4"
    signature = Signature(id=1, name="Work", text=words)
    forms: dict[str, object] = {
        "profile": web.ProfileForm(
            display_name="Sara Lindgren", address="sara@sailmakers.test",
            languages=(web.Choice(value="en", label="English"), web.Choice(value="pt", label="Português"), web.Choice(value="ar", label="العربية")),
            zone="Europe/Lisbon", zones=(web.Choice(value="Europe/Lisbon", label="Lisbon, 10:42 now"), web.Choice(value="UTC", label="UTC, 10:42 now")),
        ),
        "display": web.DisplayForm(),
        "sign-in": own.SafetyPage(
            changed_text="Last changed on 4 October 2026.",
            apps=(own.AppPasswordRow(id=1, name="Thunderbird on the laptop", scopes=("imap", "smtp"), used_text="used 09:12 from 10.0.0.7"),),
            browsers=(own.BrowserRow(id=1, name="Firefox, Linux", ip="10.0.0.7", seen_text="10:41", is_this=True), own.BrowserRow(id=2, name="Safari, iPhone", ip="198.51.100.7", seen_text="22 Nov", is_this=False)),
            tries=(SignInRow(time_text="10:41", time_iso="2026-11-23T10:41:00Z", protocol="Webmail", ip="10.0.0.7", agent="Firefox, Linux", is_good=True, is_tls=True), SignInRow(time_text="03:12", time_iso="2026-11-23T03:12:00Z", protocol="IMAP", ip="203.0.113.9", agent="", is_good=False, is_tls=False)),
        ),
        "signatures": SignaturesPage(
            signatures=(signature,), draft=Signature(id=0, name="", text=""), choices=(web.Choice(value="0", label="None"), web.Choice(value="1", label="Work")),
            identities=tuple(
                IdentityRow(address=f"{name}@sailmakers.test", name="Sara Lindgren", reply_to="", new_signature="1", reply_signature="1", is_own=name == "sara")
                for name in ("sara", "sales")
            ),
        ),
    }
    return {"form": forms[section], "errors": {"old_password": "This is not the password you use now."} if section == "sign-in" else {}}


RAW = "Received: from mx.kessler-fruit.test (203.0.113.9) by mx.sailmakers.test\n with ESMTPS id 4bX1; Mon, 23 Nov 2026 10:42:07 +0000\nFrom: Mira Kessler <mira@kessler-fruit.test>\nTo: sara@sailmakers.test\nSubject: Autumn order: quantities for Lisbon\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\nHello,\n\nPerfect, then we go with 240 crates and the earlier truck.\n"


def source(view: str) -> web.SourcePage:
    """The first message as it came."""
    headers = tuple(tuple(line.split(": ", 1)) for line in RAW.replace("\n with", " with").split("\n\n")[0].split("\n"))
    return web.SourcePage(mailbox_id="1", message_id="m1", subject="Autumn order: quantities for Lisbon", view=view, headers=headers, text=RAW, size_text="312 KB", is_cut=True)  # type: ignore[arg-type]


# ---- Admin ----

def admin_shell(theme: str, **more: object) -> adm.AdminShell:
    """The admin's frame in *theme*."""
    return adm.AdminShell(name="Ada Demir", initials="AD", theme=theme, health_text="All listeners up", domains=3, accounts=214, queued=17, **more)  # type: ignore[arg-type]


TODO = (
    adm.NeedsDoing(level="bad", title="harbour.test has no DMARC record", text="Others can send mail in your name. Add one TXT record; we show which.", action_label="Show record", action_url="/admin/domains/harbour.test/dns"),
    adm.NeedsDoing(level="warn", title="17 messages wait for orchard.test", text="Its server answers “421 try later” since 07:12. Next try in 9 minutes.", action_label="Open queue", action_url="/admin/queue"),
    adm.NeedsDoing(level="info", title="Last backup is 26 hours old", text="The nightly run was skipped because the disk was 94 % full. It is at 71 % now.", action_label="Back up now", action_url="/admin/undo", is_post=True),
)
def _line(name: str, tone: str, total: str, *values: int) -> Line:
    return Line(name=name, label=name, tone=tone, values=values, total_text=total, texts=tuple(str(v) for v in values))


GRAPH = Graph(
    title="Mail in the last 24 hours", chosen="24h", ranges=tuple(adm.Choice(value=f"?range={key}", label=key) for key in ("24h", "7d", "30d", "1y")),
    lines=(
        _line("received", "accent", "1,482", 40, 32, 24, 19, 18, 22, 44, 80, 106, 130, 124, 108, 90, 102, 128, 134, 116, 98, 74, 62, 58, 54, 50, 44),
        _line("sent", "blue", "366", 9, 8, 6, 4, 4, 5, 11, 20, 26, 32, 31, 27, 22, 25, 32, 33, 29, 24, 18, 15, 14, 13, 12, 11),
        _line("refused", "red", "912", 18, 19, 19, 18, 15, 14, 20, 24, 28, 30, 32, 30, 27, 26, 30, 36, 34, 30, 29, 28, 26, 25, 24, 24),
    ),
    others=(_line("spam", "amber", "212", *range(24)), _line("viruses", "red", "3", *([0] * 20), 1, 0, 2, 0), _line("space used", "accent", "303 GB", *range(280, 304))),
    labels=("10:00", "16:00", "22:00", "04:00", "09:00"), points=tuple(f"{(hour + 10) % 24:02d}:00" for hour in range(24)),
)  # fmt: skip
EVENTS = (
    adm.TimelineEvent(time_text="09:58:12", time_iso="2026-11-23T09:58:12Z", title="Arrived from mx.board.test", text="203.0.113.9, TLS 1.3, 2 recipients, 41 KB"),
    adm.TimelineEvent(time_text="09:58:12", time_iso="2026-11-23T09:58:12Z", title="Checks passed, score 0.4 of 5", text="SPF pass · DKIM pass · DMARC pass · no list", tone="green"),
    adm.TimelineEvent(time_text="09:58:12", time_iso="2026-11-23T09:58:12Z", title="Rule “Board” of sara@ moved it to Board"),
    adm.TimelineEvent(time_text="09:58:13", time_iso="2026-11-23T09:58:13Z", title="Forwarded copy delivered", code="250 2.0.0 queued as 4bX1", tone="green"),
)
TRACE = adm.TracePage(id="01JD4BX1", sender="minutes@board.test", recipients=("sara@sailmakers.test", "ravi@harbour.test"), subject="Minutes of 12 November", state="delivered", state_text="delivered", size_text="41 KB", message_id="<20261123095811.7f@board.test>", events=EVENTS)
DOMAINS = (
    adm.DomainRow(name="sailmakers.test", dns_tone="green", dns_text="all 9 records right", certificate_text="renews in 41 days", accounts=148, storage_text="212 GB", received=38210, sent=9844),
    adm.DomainRow(name="harbour.test", dns_tone="red", dns_text="DMARC missing", certificate_text="renews in 12 days", accounts=61, storage_text="88 GB", received=12077, sent=3120),
    adm.DomainRow(name="lindgren.test", dns_tone="amber", dns_text="not checked yet", certificate_text="renews in 77 days", accounts=5, storage_text="3.4 GB", received=410, sent=96, is_disabled=True),
)
RECORDS = (
    adm.DnsRecord(kind="MX", name="harbour.test", type="MX", value="10 mx.sailmakers.test", status="right", text="Mail for this domain comes here."),
    adm.DnsRecord(kind="SPF", name="harbour.test", type="TXT", value="v=spf1 mx -all", status="right", text="Names this server as the sender."),
    adm.DnsRecord(kind="DKIM", name="s2026._domainkey.harbour.test", type="TXT", value="v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAz", status="wrong", found="v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4", text="Another key is published. Replace it; until then mail leaves unsigned."),
    adm.DnsRecord(kind="DMARC", name="_dmarc.harbour.test", type="TXT", value="v=DMARC1; p=quarantine; rua=mailto:dmarc@harbour.test", status="missing", text="Nothing is published, so anyone can send in your name. Add this record at your DNS provider; we look again in 5 minutes."),
    adm.DnsRecord(kind="MTA-STS", name="_mta-sts.harbour.test", type="TXT", value="v=STSv1; id=20261104", status="right", text="Others must use TLS to reach you. Policy served by this server."),
    adm.DnsRecord(kind="SRV", name="_imaps._tcp.harbour.test", type="SRV", value="0 1 993 mx.sailmakers.test", status="unchecked", text="Mail programs set themselves up."),
)


def domain(tab: str) -> adm.DomainPage:
    """harbour.test, which has two records to mend."""
    return adm.DomainPage(name="harbour.test", summary="7 of 9 DNS records are right. 61 accounts, 88 GB, renews in 12 days.", tab=tab, records=RECORDS, checked_text="looked 2 minutes ago", graph=GRAPH if tab == "traffic" else None, limits=adm.DomainLimits(storage="500 GB", account_quota="10 GB", message_size="50 MB", aliases="200", account_size="50 GB"), names=("harbour.example", "port.test"), catch_all="office@harbour.test", plus="+", errors={"accounts": "There are 61 accounts already. Give 61 or more."} if tab == "limits" else {})


ACCOUNTS = tuple(
    adm.AccountRow(address=address, name=name, initials=web.initials_of(name or address), tint=web.tint_of(address), role=role, used_text=used, quota_text=quota, percent=percent, seen_text=seen, is_disabled=off)
    for address, name, role, used, quota, percent, seen, off in (
        ("sara@sailmakers.test", "Sara Lindgren", "server-admin", "3.1 GB", "10 GB", 31, "2 minutes ago", False),
        ("jonas@sailmakers.test", "Jonas Okafor", "domain-admin", "8.4 GB", "10 GB", 84, "today, 08:12", False),
        ("ravi@harbour.test", "Ravi Shah", "user", "9.7 GB", "10 GB", 97, "yesterday", False),
        ("scanner@harbour.test", "", "user", "12 MB", "", None, "never", False),
        ("old.crew@harbour.test", "Old crew", "user", "1.2 GB", "5 GB", 24, "4 March", True),
    )
)
ALIASES = (
    adm.AliasRow(address="sales@sailmakers.test", kind="alias", targets=("sara@sailmakers.test",), changed_text="4 October"),
    adm.AliasRow(address="crew@harbour.test", kind="list", targets=("ravi@harbour.test", "jonas@sailmakers.test", "ana@cardoso.test", "elif@marin.test", "mira@kessler-fruit.test"), changed_text="yesterday"),
    adm.AliasRow(address="*@lindgren.test", kind="catch-all", targets=("sara@sailmakers.test",), changed_text="2 May", is_disabled=True),
)
LISTS = (
    ListRow(address="choir@harbour.test", name="Harbour choir", who_text="members", members_text="42", paused=1),
    ListRow(address="everyone@harbour.test", name="", who_text="people of harbour.test, signed in", members_text="the whole domain"),
    ListRow(address="news@sailmakers.test", name="News from the loft", who_text="sara@sailmakers.test", members_text="1,204", is_disabled=True),
)
LIST = ListPage(
    address="choir@harbour.test", name="Harbour choir", mode="members", summary="42 members. Who may write: members.",
    members=(
        MemberRow(address="ana@cardoso.test", joined_text="4 March"), MemberRow(address="old-box@orchard.test", joined_text="4 March", paused_text="2 May", bounces_text="5 messages came back"),
        MemberRow(address="ravi@harbour.test", joined_text="yesterday"), MemberRow(address="tenors@harbour.test", joined_text="yesterday", bounces_text="one message came back"),
    ),
)  # fmt: skip
QUEUE = tuple(
    adm.QueueRow(id=f"q{n}", sender=sender, recipient=recipient, subject=subject, state=state, next_text=when, age_text=age, size_text=size, attempts=tries, reply=reply)
    for n, (sender, recipient, subject, state, when, age, size, tries, reply) in enumerate((
        ("sara@sailmakers.test", "harvest@orchard.test", "Spring order", "waiting", "in 9 minutes", "3 h", "48 KB", 5, "421 4.3.2 try later"),
        ("jonas@sailmakers.test", "office@orchard.test", "Keys", "trying", "now", "1 h", "4 KB", 2, ""),
        ("", "nobody@gone.test", "Your message could not be delivered", "held", "when released", "2 days", "9 KB", 0, ""),
        ("ravi@harbour.test", "ana@closed.test", "Photos", "failed", "never", "5 days", "12 MB", 14, "550 5.1.1 no such user"),
    ), 1)
)
QUEUE_ITEM = adm.QueueItemPage(
    row=QUEUE[0], trace_id="01JD4BX1", route_text="By MX to orchard.test.", expires_text="28 November, 07:12", message_id="<20261123071200.2a@sailmakers.test>",
    attempts=(
        adm.Attempt(time_text="10:33:02", time_iso="2026-11-23T10:33:02Z", host="mx1.orchard.test (198.51.100.7)", outcome="later", text="It asked us to try later", reply="421 4.3.2 try later", tls="TLS 1.3"),
        adm.Attempt(time_text="08:12:40", time_iso="2026-11-23T08:12:40Z", host="mx2.orchard.test (198.51.100.8)", outcome="failed", text="No answer within 30 seconds"),
    ),
)
TRACES = tuple(
    adm.TraceRow(id=f"01JD{n}", time_text=when, time_iso="2026-11-23T09:58:12Z", sender=sender, recipient=recipient, subject=subject, state=state, state_text=text)
    for n, (when, sender, recipient, subject, state, text) in enumerate((
        ("09:58:12", "minutes@board.test", "sara@sailmakers.test", "Minutes of 12 November", "delivered", "delivered"),
        ("09:41:07", "win@prize.example", "ravi@harbour.test", "You won", "refused", "refused as spam"),
        ("09:12:55", "sara@sailmakers.test", "harvest@orchard.test", "Spring order", "waiting", "waits: try later"),
        ("08:50:20", "shop@letter.test", "ana@harbour.test", "Sale ends tonight", "filed", "filed in Junk"),
        ("08:01:31", "", "jonas@sailmakers.test", "Delivery failed", "failed", "could not be delivered"),
    ), 1)
)
SETTING_GROUPS = (
    adm.SettingGroup(key="smtp", label="Receiving", help="How mail from other servers is taken.", rows=(
        adm.SettingRow(name="smtp.message_size", label="Largest message", help="Refused with 552 5.3.4 above this.", control="size", value="50 MB", default_text="50 MB"),
        adm.SettingRow(name="smtp.recipients", label="Recipients of one message", help="Stops one connection from filling the queue.", control="number", value="500", default_text="100", is_default=False, minimum=1, maximum=10000),
        adm.SettingRow(name="smtp.greeting", label="Greeting", help="The first line a server sees. Empty: the host name alone.", control="text", value="", default_text="empty", applies="listener"),
        adm.SettingRow(name="smtp.require_tls", label="Only with TLS", help="Servers without TLS cannot deliver then.", control="switch", value="", default_text="off"),
    )),
    adm.SettingGroup(key="spam", label="Spam", help="What is marked, filed and refused.", rows=(
        adm.SettingRow(name="spam.action", label="From the mark on", help="What happens to mail over the threshold.", control="select", value="junk", default_text="file in Junk", choices=(adm.Choice(value="junk", label="file in Junk"), adm.Choice(value="refuse", label="refuse"))),
        adm.SettingRow(name="spam.greylist", label="Greylisting", help="Asks unknown servers to come back once. Delays first mail by some minutes.", control="switch", value="1", default_text="off", is_default=False),
        adm.SettingRow(name="spam.delay", label="Come back after", help="Shorter lets impatient spammers in.", control="seconds", value="9", default_text="300", is_default=False, unit="seconds", error="Give 60 or more."),
        adm.SettingRow(name="spam.trusted", label="Trusted networks", help="One a line. Nothing from there is scored.", control="lines", value="10.0.0.0/8\n192.168.0.0/16", default_text="none", is_default=False),
        adm.SettingRow(name="spam.scanner_key", label="Key of the scanner", help="Never shown again.", control="secret", value="", default_text="none", applies="restart"),
    )),
    adm.SettingGroup(key="web", label="Pages", help="The webmail and this panel."),
)
AUDIT = (
    adm.AuditRow(time_text="today, 10:12", time_iso="2026-11-23T10:12:00Z", actor="Ada Demir", action="Changed a setting", name="setting:changed", target="smtp.recipients", address="10.0.0.7", before="100", after="500"),
    adm.AuditRow(time_text="today, 09:40", time_iso="2026-11-23T09:40:00Z", actor="Jonas Okafor", action="Set a new password", name="account:password_changed", target="ravi@harbour.test", address="10.0.0.9"),
    adm.AuditRow(time_text="yesterday", time_iso="2026-11-22T17:00:00Z", actor="roost account add", action="Added an account", name="account:created", target="scanner@harbour.test", address="this machine", after="user, no limit"),
)
SESSIONS = (
    adm.SessionRow(id="s1", account="sara@sailmakers.test", kind="web", program="Firefox on Linux", address="10.0.0.7", since_text="today, 08:02", seen_text="now", tls="TLS 1.3", is_this=True),
    adm.SessionRow(id="s2", account="jonas@sailmakers.test", kind="imap", program="Thunderbird 140", address="10.0.0.9", since_text="3 days ago", seen_text="1 minute ago", tls="TLS 1.3"),
    adm.SessionRow(id="s3", account="ravi@harbour.test", kind="pop3", program="unknown", address="2001:db8::7", since_text="10:40", seen_text="10:41"),
)
PAGING = adm.Paging(shown=5, total=214, older="?cursor=2")
DOMAIN_CHOICES = (adm.Choice(value="", label="All domains"), adm.Choice(value="sailmakers.test", label="sailmakers.test"), adm.Choice(value="harbour.test", label="harbour.test"))
STATE_CHOICES = (adm.Choice(value="", label="Any state"), adm.Choice(value="on", label="Switched on"), adm.Choice(value="off", label="Switched off"))
SETUP_DONE = adm.SetupDone(
    domain="harbour.test", reach="internet", records=RECORDS[1:4], webmail_url="/mail/1",
    programs=(adm.ProgramSetting(label="Reading (IMAP)", host="mail.harbour.test", port=993, security="TLS", user="ada@harbour.test"), adm.ProgramSetting(label="Sending (SMTP)", host="mail.harbour.test", port=465, security="TLS", user="ada@harbour.test")),
    qr_svg='<svg viewBox="0 0 7 7" role="img" aria-label="QR code"><path d="M0 0h3v3H0zM4 0h3v3H4zM0 4h3v3H0zM4 5h1v1H4zM6 4h1v2H6zM5 6h1v1H5z"/></svg>',
)
