"""Every setting there is. A row nobody reads, shows or documents fails a test.

Kinds: bool, int, size (bytes), seconds, text, ips, lines, choice, zone (of the IANA list), secret. Scopes nest: a domain's value stands over the system's, an
account's over the domain's. `applies`: "live" at once in every process, "restart" with the next start.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

KIB, MIB, GIB = 1024, 1024**2, 1024**3
HOUR, DAY = 3600, 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row. *scope* is the innermost place where it may be set; *was* its name in hMailServer, for the search field;
    *choices* are value → words for people."""

    name: str
    kind: str
    default: Any
    label: str
    help: str
    group: str
    scope: str = "system"
    applies: str = "live"
    choices: Mapping[str, str] = field(default_factory=dict)
    low: int = 0
    high: int = 2**53
    rfc: str = ""
    was: str = ""


def _s(name: str, kind: str, default: Any, label: str, help: str, **more: Any) -> Setting:
    return Setting(name=name, kind=kind, default=default, label=label, help=help, group=name.split(".")[0], **more)


CATALOGUE: tuple[Setting, ...] = (
    _s("server.hostname", "text", "", "Name of this server", "The public DNS name, used in the greeting, in Received and in bounces. Empty: the machine's own name.", rfc="5321 §4.1.1.1", was="Local host name"),
    _s("server.mode", "choice", "unset", "Kind of network", "This network only, directly on the Internet, or through another server.", choices={"unset": "Not chosen yet", "lan": "This network only", "internet": "Directly on the Internet", "relay": "Through another server"}),
    _s("server.setup_done", "bool", False, "Set-up is finished", "Off shows the set-up pages and a one-time link at start."),
    _s("server.language", "choice", "en", "Language of the server's own messages", "For people elsewhere, such as who gets a message back; people here are written to in theirs.", choices={"en": "English", "de": "German", "ar": "Arabic"}),
    _s("server.default_domain", "text", "", "Default domain", "Added to a sign-in name that has no @.", was="Default domain"),
    _s("server.address", "ips", "", "Public address of this server", "What other servers see; set-up finds it out. The DNS page shows it where the server's name has none yet. Empty: not known."),
    _s("server.time_zone", "zone", "", "Time zone of people who have chosen none", "Until their browser or they themselves name one. Auto-replies, rules and dates are in it. Empty: UTC.", scope="domain"),
    _s("server.time_peers", "text", "pool.ntp.org", "Clocks to compare with", "Time servers that ./roost doctor asks, with spaces between; host or host:port. Empty: none.", rfc="5905 §14"),
    _s("smtp.message_size", "size", 50 * MIB, "Largest message", "In file bytes after base64. Above it a message is refused with 552 5.3.4.", scope="domain", low=64 * KIB, high=2 * GIB, rfc="1870", was="Max message size"),
    _s("smtp.max_recipients", "int", 1000, "Recipients of one message", "One more is answered 452 4.5.3. Stops one connection from filling the queue.", low=100, high=50_000, rfc="5321 §4.5.3.1.8"),
    _s("smtp.max_connections", "int", 1000, "SMTP connections at once", "One more is answered 421 4.7.0.", low=1, high=100_000, was="Maximum number of simultaneous connections"),
    _s("smtp.max_connections_per_ip", "int", 100, "SMTP connections from one address", "One more is answered 421 4.7.0; loopback is not counted.", low=1, high=100_000),
    _s("smtp.rate", "int", 0, "Recipients from one address in a minute", "More are answered 451 4.7.1, and a good server tries again later. 0 is no limit. IPv6 counts by /64; loopback is not counted.", high=1_000_000),
    _s("submission.rate", "int", 1000, "Recipients of one account in an hour", "From programs and the webmail together; a program that goes beyond is answered 451 4.7.1. Stops a stolen password from sending spam for long. 0 is no limit; loopback is not counted.", scope="domain", high=1_000_000),
    _s("smtp.max_errors", "int", 50, "Wrong commands before closing", "After so many 5xx answers the connection closes with 421 4.7.0.", low=3, high=10_000, was="Maximum number of invalid commands"),
    _s("smtp.timeout", "seconds", 300, "Idle time of an SMTP connection", "After so long without a byte it is closed with 421 4.4.2.", low=10, high=3600, rfc="5321 §4.5.3.2"),
    _s("smtp.judgement", "seconds", 60, "Time for looking at a message", "All checks, scanners and filters share it; then the sender is answered 451 and nothing is stored.", low=6, high=600),
    _s("smtp.max_received", "int", 50, "Hops before a message loops", "A message with more Received lines is refused with 554 5.4.6.", low=10, high=1000, rfc="5321 §6.3"),
    _s("smtp.mirror", "text", "", "Mirror", "An address that gets a copy of every message, in and out; people should know of it. Empty: nobody.", was="Mirror"),
    _s("smtp.greeting", "text", "", "SMTP greeting", "Text after the host name in the greeting. Empty: Roost's own.", was="Welcome message"),
    _s("imap.max_connections", "int", 4000, "IMAP connections at once", "One more is answered BYE.", low=1, high=100_000, was="Maximum number of simultaneous connections"),
    _s("imap.max_connections_per_account", "int", 60, "IMAP connections of one account", "Programs open several; one more sign-in is refused with a clear text.", low=5, high=10_000),
    _s("imap.timeout", "seconds", 30 * 60, "Idle time of an IMAP connection", "RFC 3501 wants at least 30 minutes once signed in.", low=60, high=86_400, rfc="3501 §5.4"),
    _s("imap.delimiter", "choice", "/", "Hierarchy delimiter of IMAP", "What stands between the names of a mailbox and one inside it, for programs that sign in from now on. Rules and the webmail keep the slash; a script that a program puts here may have either.", choices={"/": "A slash, as most servers have it", ".": "A dot, as hMailServer has it"}, was="Hierarchy delimiter"),
    _s("imap.greeting", "text", "", "IMAP greeting", "Text of the greeting. Empty: Roost's own.", was="Welcome message"),
    _s("pop3.max_connections", "int", 1000, "POP3 connections at once", "One more is answered -ERR.", low=1, high=100_000),
    _s("pop3.timeout", "seconds", 600, "Idle time of a POP3 connection", "RFC 1939 wants at least 10 minutes.", low=30, high=86_400, rfc="1939 §3"),
    _s("pop3.delete_action", "choice", "auto", "What deleting by POP3 does", "Delete to Trash, move to Archive, or only hide from POP3.", choices={"auto": "Archive where IMAP or the webmail is used too, else Trash", "delete": "Move to Trash", "archive": "Move to Archive", "hide": "Hide from POP3 only"}, scope="account"),
    _s("pop3.marks_seen", "bool", False, "Fetching by POP3 marks as read", "Off: mail stays unread in the webmail until someone opens it there.", scope="account"),
    _s("sieve.max_script_bytes", "size", 256 * 1024, "Longest Sieve script", "A longer one is refused with QUOTA/MAXSIZE.", scope="domain", low=1024, high=1024 * 1024, rfc="5804 §2.6"),
    _s("sieve.max_scripts", "int", 50, "Sieve scripts of one account", "One more is refused with QUOTA/MAXSCRIPTS.", scope="domain", low=1, high=1000, rfc="5804 §2.5"),
    _s("sieve.max_redirects", "int", 5, "Addresses one message is sent on to", "A script that names more ends as an error, and the mail stays in INBOX.", low=1, high=50, rfc="5228 §2.10.5"),
    _s("sieve.program_seconds", "seconds", 30, "Time of a program that a rule runs", "One that has not ended by then is stopped, and the message's timeline says so. Mail does not wait for it.", low=1, high=50, was="Script timeout"),
    _s("sieve.max_connections", "int", 500, "ManageSieve connections at once", "One more is answered BYE.", low=1, high=100_000),
    _s("sieve.timeout", "seconds", 1800, "Idle time of a ManageSieve connection", "RFC 5804 wants at least 30 minutes once signed in.", low=60, high=86_400),
    _s("queue.lifetime", "seconds", 5 * DAY, "How long to try", "After it the sender gets the message back.", low=HOUR, high=30 * DAY, rfc="5321 §4.5.4.1", was="Number of retries"),
    _s("queue.first_retry", "seconds", 5 * 60, "First retry after", "Later waits grow up to the longest.", low=30, high=DAY, rfc="5321 §4.5.4.1", was="Minutes between every retry"),
    _s("queue.longest_retry", "seconds", 4 * HOUR, "Longest wait between tries", "The wait doubles up to this.", low=60, high=DAY),
    _s("queue.delay_notice", "seconds", 4 * HOUR, "Tell the sender of a delay after", "One notice a message. 0 sends none.", low=0, high=5 * DAY),
    _s("queue.concurrency", "int", 20, "Deliveries at once, a worker", "Outgoing connections of one worker.", low=1, high=500),
    _s("queue.per_domain", "int", 5, "Deliveries at once to one domain", "Keeps a slow destination from taking every place.", low=1, high=100),
    _s("lists.members", "int", 10_000, "Members of one list", "One more is refused. Stops one address from becoming a mailing machine.", scope="domain", low=1, high=10_000),
    _s("lists.pause_bounces", "int", 5, "Pause a member of a list after", "So many messages that came back for good (5xx) within the time below; an admin resumes it.", low=1, high=1000),
    _s("lists.pause_window", "seconds", 14 * DAY, "Time in which they are counted", "What came back longer ago counts no more.", low=DAY, high=365 * DAY),
    _s("relay.host", "text", "", "Relay server", "Outgoing mail goes to this host instead of the recipients' servers. Empty: directly.", was="SMTP Relayer"),
    _s("relay.port", "int", 587, "Relay port", "Usually 587, or 465 with TLS from the first byte.", low=1, high=65535),
    _s("relay.security", "choice", "starttls", "Relay encryption", "none, starttls-optional, starttls (required) or tls (from the first byte).", choices={"none": "No TLS", "starttls-optional": "STARTTLS where it is offered", "starttls": "STARTTLS, always", "tls": "TLS from the first byte"}),
    _s("relay.user", "text", "", "Relay user name", "Empty: no sign-in at the relay."),
    _s("relay.password", "secret", "", "Relay password", "Kept in the database, never shown again."),
    _s("oauth.google_id", "text", "", "Google: client ID", "Of the web client that you register at Google for this server, so that people and the relay sign in there without a password. Empty: not offered.", rfc="6749"),
    _s("oauth.google_secret", "secret", "", "Google: client secret", "Belongs to the client ID."),
    _s("oauth.microsoft_id", "text", "", "Microsoft: application ID", "Of the application that you register at Microsoft for this server. Empty: not offered.", rfc="6749"),
    _s("oauth.microsoft_secret", "secret", "", "Microsoft: client secret", "Belongs to the application ID."),
    _s("oauth.microsoft_tenant", "text", "common", "Microsoft: tenant", "Whose accounts may be used: common for all, or the ID or domain of one organisation."),
    _s("oauth.other_label", "text", "", "Other provider: name", "Any other provider that takes OAuth 2.0, under the name people see. Empty: not offered.", rfc="6749"),
    _s("oauth.other_hosts", "text", "", "Other provider: mail servers", "Host names of its mail servers, with spaces between; *.example.org for all below it."),
    _s("oauth.other_authorize", "text", "", "Other provider: sign-in address", "The https address where people sign in (authorization endpoint)."),
    _s("oauth.other_token", "text", "", "Other provider: token address", "The https address that gives tokens (token endpoint)."),
    _s("oauth.other_scope", "text", "", "Other provider: scope", "What is asked for, as the provider names it."),
    _s("oauth.other_id", "text", "", "Other provider: client ID", "Of the client that you register there."),
    _s("oauth.other_secret", "secret", "", "Other provider: client secret", "Empty for a public client."),
    _s("outgoing.port", "int", 25, "Port of other mail servers", "25 on the Internet; another only in a test network.", low=1, high=65535),
    _s("outgoing.patience", "seconds", 10 * 60, "Wait for the answer to a message", "A server that took the text and says nothing for so long is tried again later; shorter than ten minutes, some will get it twice.", low=1, high=12 * 60, rfc="5321 §4.5.3.2.6"),
    _s("outgoing.bind", "ips", "", "Send from these addresses", "Of this machine, one IPv4 and one IPv6. Empty: the system chooses. Where none is of the kind needed, it chooses too.", was="Bind to local IP address"),
    _s("outgoing.ipv6", "choice", "confirmed", "Send over IPv6", "Many servers refuse mail from an IPv6 address without a name. To servers in one's own network and those named by an admin it is used as needed.", choices={"confirmed": "Once the DNS check has seen its name and SPF", "always": "Always", "never": "Never"}),
    _s("outgoing.prefer_ipv6", "bool", False, "Use IPv6 first", "Where both may be used. Off: IPv4 first.", was="IPv6 preferred"),
    _s("outgoing.mta_sts", "bool", True, "Follow MTA-STS policies", "Where a domain's policy says enforce, mail goes only to its named servers, over TLS with a good certificate, or waits.", rfc="8461"),
    _s("outgoing.https_port", "int", 443, "Port of other domains' policies", "443 on the Internet; another only in a test network.", low=1, high=65535),
    _s("outgoing.private", "bool", False, "Ask servers in private networks", "Fetched accounts and policies may then lead to private addresses. Off, a stranger's DNS cannot make this server knock there."),
    _s("signature.mode", "choice", "off", "Signature of the domain", "Missing: only where the person has none. Replace: in place of the person's. Append: below it.", choices={"off": "Off", "missing": "Only where the person has none", "replace": "In place of the person's", "append": "Below the person's"}, scope="domain", was="Enable signature"),
    _s("signature.text", "lines", "", "Its text", "%User.Name%, %User.FirstName%, %User.LastName% and %User.Address% are filled in.", scope="domain", was="Plain text signature"),
    _s("signature.html", "lines", "", "Its HTML", "Empty: made from the text.", scope="domain", was="HTML signature"),
    _s("signature.replies", "bool", False, "In answers too", "Above what is quoted, and once in a conversation.", scope="domain", was="Add signatures to replies"),
    _s("signature.local", "bool", True, "Inside the domain too", "Off: only on mail that leaves it.", scope="domain", was="Add signatures to local email"),
    _s("quota.default", "size", 0, "Quota of a new account", "0 means none.", scope="domain", high=2**50),
    _s("quota.grace", "seconds", 7 * DAY, "Over quota: try later for", "452 4.2.2 for so long, then 552 5.2.2.", low=0, high=30 * DAY),
    _s("storage.reserve", "size", 256 * MIB, "Disk space kept free", "Below it SMTP answers 452 4.3.1 while people still read and delete.", low=0, high=2**50),
    _s("undelete.warn", "int", 100, "Deletions that their owner is told of", "When a mail program deletes so many messages within ten minutes, the owner gets a note that says how to put them back. 0 for never.", scope="domain", low=0, high=1_000_000),
    _s("undelete.days", "int", 14, "Days deleted mail can come back", "What is kept for this does not count against the quota. 0 keeps nothing.", scope="domain", low=0, high=365),
    _s("trash.days", "int", 30, "Days until Trash and Junk empty", "0 never.", scope="account", low=0, high=3650),
    _s("signin.max_failures", "int", 10, "Wrong passwords before a ban", "Different ones, from one address (IPv6: /64).", low=1, high=1000, was="Max invalid logon attempts"),
    _s("signin.window", "seconds", 30 * 60, "Counted within", "Older failures are forgotten.", low=60, high=DAY, was="Minutes before reset"),
    _s("signin.ban", "seconds", HOUR, "Length of a ban", "It stops sign-ins, never delivery to port 25.", low=60, high=30 * DAY, was="Minutes to auto-ban"),
    _s("signin.session", "seconds", 14 * DAY, "A browser stays signed in", "Counted from its last visit.", low=300, high=365 * DAY),
    _s("submission.keep_sent", "bool", False, "Keep what programs send", "A copy of what is sent by SMTP is filed in Sent. Off, because most programs file their own: there would be two.", scope="account"),
    _s("signin.device", "bool", False, "Sends as any address of its domain", "For a scanner, a printer or a program that writes the sender itself. Off: an account sends as its own addresses only.", scope="account"),
    _s("signin.also_as", "text", "", "Also sends as", "Addresses of the account's own domain beside its own, with spaces between, such as support@example.org. They are offered as senders.", scope="account"),
    _s("web.page_size", "int", 50, "Messages on a page", "Rows of one page of a list.", low=10, high=200, scope="account"),
    _s("web.theme", "choice", "auto", "Theme", "Light, dark, or what the device says.", choices={"auto": "As the device", "light": "Light", "dark": "Dark"}, scope="account"),
    _s("web.density", "choice", "comfortable", "Density", "How tall the rows of the list are.", choices={"comfortable": "Comfortable", "compact": "Compact"}, scope="account"),
    _s("web.conversations", "bool", True, "Conversations", "The list shows each conversation once, with its newest message; off shows every message.", scope="account"),
    _s("web.shortcuts", "bool", True, "Single-key shortcuts", "Switch them off if they get in the way.", scope="account"),
    _s("web.undo_seconds", "int", 10, "Seconds to take a message back", "How long a message waits here after Send, so that Undo can stop it. 0 sends at once.", scope="account", low=0, high=30),
    _s("web.warnings", "bool", True, "Warnings about senders", "A first mail, a look-alike of a domain one knows, answers or links that lead elsewhere.", scope="account"),
    _s("web.receipts", "choice", "ask", "Read receipts", "Ask when a message wants one, or never tell. None is ever sent by itself.", choices={"ask": "Ask each time", "never": "Never tell"}, scope="account", rfc="8098"),
    _s("web.images", "choice", "ask", "Remote images", "Ask each time, or always show.", choices={"ask": "Ask each time", "always": "Always show"}, scope="account"),
    _s("web.images_from", "text", "", "Senders whose images are shown", "Addresses with spaces between. Their remote images load without asking, unless a check says that the mail is forged.", scope="account"),
    _s("links.enabled", "bool", True, "Links for large files", "A file too large for a message is kept here and fetched by a link that expires.", scope="domain"),
    _s("links.file_size", "size", 500 * MIB, "Largest file behind a link", "A larger one is not taken.", scope="domain", low=MIB, high=2**40),
    _s("links.total", "size", 2 * GIB, "Files behind links of one person", "All of them together; they do not count against the quota of the mailbox.", scope="account", low=MIB, high=2**45),
    _s("links.days", "int", 30, "Days a link lives at most", "Then the file is removed. Its owner can end or prolong it.", scope="domain", low=1, high=3650),
    _s("auth.id", "text", "", "Name in our results", "The authserv-id of our Authentication-Results. Set once at set-up, so that it survives a new host name. Empty: the host name.", rfc="8601 §2.5"),
    _s("auth.strict_reject", "bool", False, "Refuse what p=reject forbids", "On: 550 5.7.26. Off: into Junk, and refused only without any DKIM signature, List-Id or known forwarder.", rfc="9989 §5.3"),
    _s("auth.forwarders", "text", "", "Known forwarders", "Addresses or networks that pass mail on for people here, with spaces between. A failed p=reject from them is never refused."),
    _s("auth.relays", "text", "", "Servers in front of this one", "Addresses or networks. Their mail is judged by the hop before them, and never refused or greylisted.", was="Incoming relays"),
    _s("auth.arc_sealers", "text", "", "Believed ARC sealers", "Domains, with spaces between. Where their chain is whole and says that DMARC passed, it passed.", rfc="8617 §7.2"),
    _s("spam.enabled", "bool", True, "Check strangers' mail", "Off: nothing is scored, marked or refused as spam. Signed-in people and real loopback are never checked.", was="Anti-spam"),
    _s("spam.mark", "int", 5, "Junk from this score", "Mail with this score or more goes to Junk.", low=1, high=1000, was="Spam mark threshold"),
    _s("spam.refuse", "int", 20, "Refuse from this score", "Refused with 550 5.7.1 after DATA.", low=1, high=100_000, was="Spam delete threshold"),
    _s("spam.headers", "bool", True, "X-Spam lines", "X-Spam-Flag and X-Spam-Status on what was scored.", was="Add X-HMailServer-Spam"),
    _s("spam.pop3_mark", "text", "[Spam]", "Mark on the subject for who only uses POP3", "Who reads neither by IMAP nor in the webmail for 30 days sees no Junk: such mail stays in the inbox with this before its subject. Empty: Junk for them too.", scope="domain", was="Add to message subject"),
    _s("spam.max_size", "size", MIB, "Largest message to scan for spam", "Larger ones go past SpamAssassin, rspamd, the Bayes filter and the URI lists.", low=KIB, high=GIB, was="Maximum message size to scan"),
    _s("spam.spf", "int", 3, "Score of a failed SPF", "0 is off. Only fail counts, not softfail.", high=1000, rfc="7208 §8.4", was="Use SPF"),
    _s("spam.dkim", "int", 1, "Score of a failed DKIM signature", "0 is off. Counts only when no signature passed.", high=1000, rfc="6376 §6.3", was="Verify DKIM-Signature header"),
    _s("spam.helo", "int", 1, "Score of a HELO that is not its address", "0 is off.", high=1000, rfc="5321 §4.1.4", was="Check host in the HELO command"),
    _s("spam.mx", "int", 2, "Score of a sender's domain that takes no mail", "0 is off. No MX, and no address.", high=1000, rfc="5321 §5.1", was="Check that sender has DNS-MX records"),
    _s("spam.ptr", "int", 1, "Score of an address without a confirmed name", "0 is off. The PTR name must lead back.", high=1000, rfc="8601 §2.7.3", was="Check rDNS/PTR"),
    _s("spam.dnsbl", "text", "zen.spamhaus.org 127.0.0.2-8|127.0.0.10-11 3", "DNS block lists", "Host, expected answers, score; a semicolon between lists. Each is probed hourly and asked only while healthy.", rfc="5782", was="DNS blacklists"),
    _s("spam.uribl", "text", "", "Lists of domains in links", "Host, expected answers, score; a semicolon between lists. At most 15 domains of a message are asked.", was="SURBL servers"),
    _s("spam.greylisting", "bool", False, "Greylisting", "Strangers' first try is answered 451, and taken after the delay.", scope="domain", rfc="6647", was="Greylisting"),
    _s("spam.grey_delay", "seconds", 30 * 60, "Greylisting: come back after", "A try before that is answered 451 again.", low=0, high=DAY, was="Minutes to defer delivery attempts"),
    _s("spam.grey_unused", "seconds", DAY, "Greylisting: forget who never came back after", "Their next try is a first one.", low=HOUR, high=30 * DAY, was="Days before removing unused records"),
    _s("spam.grey_used", "seconds", 36 * DAY, "Greylisting: forget who came back after", "Counted from their last message.", low=DAY, high=365 * DAY, was="Days before removing used records"),
    _s("spam.grey_spf", "bool", True, "Greylisting: SPF pass goes past", "Who passes SPF is not put off.", was="Bypass greylisting on SPF success"),
    _s("spam.spamassassin", "text", "", "SpamAssassin", "host:port of spamd, or the path of its socket. Empty is off.", was="Use SpamAssassin"),
    _s("spam.spamassassin_score", "int", 5, "Score of SpamAssassin's yes", "Added when it calls a message spam.", high=1000, was="SpamAssassin score"),
    _s("spam.spamassassin_merge", "bool", False, "Add SpamAssassin's own score", "On: its whole points are added instead of the score above.", was="Use score from SpamAssassin"),
    _s("spam.rspamd", "text", "", "rspamd", "host:port of its normal worker. Empty is off."),
    _s("spam.rspamd_password", "secret", "", "rspamd password", "Kept in the database, never shown again."),
    _s("spam.bayes", "int", 4, "Score of the Bayes filter", "0 is off. It learns from what people move in and out of Junk.", high=1000),
    _s("virus.scanner", "choice", "off", "Virus scanner", "ClamAV's clamd, or a program of your own.", choices={"off": "Off", "clamd": "ClamAV", "command": "A program of your own"}, was="Use ClamAV"),
    _s("virus.clamd", "text", "127.0.0.1:3310", "clamd", "host:port, or the path of its socket.", was="ClamAV host"),
    _s("virus.command", "text", "", "Scanner program", "Run with %FILE% replaced by the message's file.", was="Scanner executable"),
    _s("virus.command_code", "int", 1, "What the program returns for a virus", "Any other code but 0 means that it failed.", low=1, high=255, was="Return value"),
    _s("virus.max_size", "size", 0, "Largest message to scan for viruses", "0 is no limit.", high=2 * GIB, was="Maximum message size to virus scan"),
    _s("virus.action", "choice", "refuse", "Mail with a virus", "Refuse with 550, drop without a word, take the attachments off, hold in quarantine, or only mark.", choices={"refuse": "Refuse it", "delete": "Drop it without a word", "strip": "Take the attachments off", "quarantine": "Hold it in quarantine", "pass": "Only mark it"}, was="When a virus is found"),
    _s("virus.down", "choice", "later", "When the scanner does not answer", "Later: 451, the sender tries again. Pass: taken unscanned.", choices={"later": "The sender tries again later", "pass": "Take mail unscanned"}),
    _s("virus.blocked", "text", "*.bat *.cmd *.com *.cpl *.csh *.exe *.inf *.lnk *.msi *.msp *.pif *.reg *.scf *.scr", "Blocked attachments", "Patterns of file names, with spaces between; inside zip archives too.", was="Block attachments"),
    _s("virus.blocked_action", "choice", "off", "Mail with a blocked attachment", "Off lets it through.", choices={"off": "Let it through", "refuse": "Refuse it", "delete": "Drop it without a word", "strip": "Take the attachments off", "quarantine": "Hold it in quarantine", "pass": "Only mark it"}, was="Enable blocking of attachments"),
    _s("log.level", "choice", "info", "Log detail", "debug tells every command by its type, never its text.", choices={"error": "Errors", "warning": "Warnings", "info": "What happens", "debug": "Every command"}, was="Logging"),
    _s("log.days", "int", 14, "Days that logs are kept", "One file a day in the data folder.", low=1, high=3650),
    _s("backup.folder", "text", "", "Folder of backups", "On another disk, best on another machine's. Empty: no backups by themselves."),
    _s("backup.every", "seconds", DAY, "A backup every", "0: only when asked for.", low=0, high=30 * DAY),
    _s("backup.keep", "int", 14, "Backups that are kept", "Older ones are removed; bytes that several share are kept once. 0 keeps all.", low=0, high=1000),
    _s("mta_sts.mode", "choice", "none", "MTA-STS policy", "testing and enforce ask other servers to insist on TLS when they deliver here; needs a certificate that they trust.", choices={"none": "None", "testing": "Testing", "enforce": "Enforced"}, scope="domain", rfc="8461 §3.2"),
    _s("mta_sts.max_age", "seconds", 7 * DAY, "MTA-STS policy is believed for", "How long other servers keep the policy.", scope="domain", low=DAY, high=365 * DAY, rfc="8461 §3.2"),
    _s("acme.enabled", "bool", False, "Certificates from an authority", "Gets and renews certificates that all programs trust. The authority must reach port 80 of this server by its name.", rfc="8555"),
    _s("acme.directory", "text", "https://acme-v02.api.letsencrypt.org/directory", "Authority's directory", "The ACME address of the authority. The delivered one is Let's Encrypt.", rfc="8555 §7.1.1"),
    _s("acme.email", "text", "", "Address the authority may write to", "Told of trouble with the certificates. May be empty."),
    _s("acme.ca_file", "text", "", "Roots of the authority itself", "A PEM file, only for an authority inside a network. Empty: the usual roots."),
    _s("ldap.url", "text", "", "LDAP server", "Such as ldaps://dc.example.org. People whose account says so sign in with their password there. Empty: nobody.", scope="domain", rfc="4516", was="Active Directory"),
    _s("ldap.starttls", "bool", False, "STARTTLS to the LDAP server", "For ldap:// addresses: no password goes there unencrypted.", scope="domain", rfc="4513 §3"),
    _s("ldap.ca_file", "text", "", "Roots of the LDAP server", "A PEM file, for a server whose certificate is signed inside the network. Empty: the usual roots.", scope="domain"),
    _s("ldap.user", "text", "%a", "Name to sign in with there", "%u is the part before the @, %d the domain, %a the address: uid=%u,ou=people,dc=example,dc=org, or %u@ad.example.org.", scope="domain", rfc="4513 §5"),
    _s("ldap.base", "text", "", "Where to search", "Only with a search: dc=example,dc=org.", scope="domain", rfc="4511 §4.5"),
    _s("ldap.search", "text", "", "Search for the person", "A filter that finds exactly one: (mail=%a). Empty: the name above is used as it is.", scope="domain", rfc="4515"),
    _s("ldap.bind_name", "text", "", "Name to search with", "Empty: anonymously.", scope="domain"),
    _s("ldap.bind_password", "secret", "", "Password to search with", "Kept in the database, never shown again.", scope="domain"),
    _s("ldap.creates", "bool", False, "Make accounts at the first sign-in", "On: who signs in there and has no account here gets one.", scope="domain"),
    _s("live.max_streams", "int", 2000, "Live browser tabs at once", "Further tabs ask every 30 seconds instead.", low=10, high=100_000),
)
"""Groups are the first part of the name."""

BY_NAME: dict[str, Setting] = {setting.name: setting for setting in CATALOGUE}

GROUPS: dict[str, str] = {
    "server": "Server", "smtp": "Receiving mail", "submission": "Mail from programs", "imap": "IMAP", "pop3": "POP3", "sieve": "Sieve scripts", "queue": "Queue", "lists": "Distribution lists", "relay": "Relay", "oauth": "Sign-in at providers", "outgoing": "Sending",
    "signature": "Domain signature", "quota": "Quotas", "storage": "Storage", "undelete": "Deleted mail", "trash": "Trash and Junk", "signin": "Signing in", "web": "Webmail", "links": "Files behind links",
    "auth": "Sender checks", "spam": "Spam", "virus": "Viruses", "backup": "Backup", "mta_sts": "MTA-STS", "acme": "Certificates", "ldap": "LDAP and Active Directory", "log": "Log", "live": "Live updates",
}  # fmt: skip
"""Headings of the settings page, in its order."""
