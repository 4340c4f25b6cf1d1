"""Every setting there is. A row nobody reads, shows or documents fails a test.

Kinds: bool, int, size (bytes), seconds, text, choice, secret. Scopes nest: a domain's value stands over the system's, an
account's over the domain's. `applies`: "live" at once in every process, "restart" with the next start.
"""

from dataclasses import dataclass
from typing import Any

KIB, MIB, GIB = 1024, 1024**2, 1024**3
HOUR, DAY = 3600, 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One row. *scope* is the innermost place where it may be set; *was* its name in hMailServer, for the search field."""

    name: str
    kind: str
    default: Any
    label: str
    help: str
    group: str
    scope: str = "system"
    applies: str = "live"
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = 2**53
    rfc: str = ""
    was: str = ""


def _s(name: str, kind: str, default: Any, label: str, help: str, **more: Any) -> Setting:
    return Setting(name=name, kind=kind, default=default, label=label, help=help, group=name.split(".")[0], **more)


CATALOGUE: tuple[Setting, ...] = (
    _s("server.hostname", "text", "", "Name of this server", "The public DNS name, used in the greeting, in Received and in bounces. Empty: the machine's own name.", rfc="5321 §4.1.1.1", was="Local host name"),
    _s("server.mode", "choice", "unset", "Kind of network", "This network only, directly on the Internet, or through another server.", choices=("unset", "lan", "internet", "relay")),
    _s("server.setup_done", "bool", False, "Set-up is finished", "Off shows the set-up pages and a one-time link at start."),
    _s("server.default_domain", "text", "", "Default domain", "Added to a sign-in name that has no @.", was="Default domain"),
    _s("smtp.message_size", "size", 50 * MIB, "Largest message", "In file bytes after base64. Above it a message is refused with 552 5.3.4.", scope="domain", low=64 * KIB, high=2 * GIB, rfc="1870", was="Max message size"),
    _s("smtp.max_recipients", "int", 1000, "Recipients of one message", "One more is answered 452 4.5.3. Stops one connection from filling the queue.", low=100, high=50_000, rfc="5321 §4.5.3.1.8"),
    _s("smtp.max_connections", "int", 1000, "SMTP connections at once", "One more is answered 421 4.7.0.", low=1, high=100_000, was="Maximum number of simultaneous connections"),
    _s("smtp.max_connections_per_ip", "int", 100, "SMTP connections from one address", "One more is answered 421 4.7.0; loopback is not counted.", low=1, high=100_000),
    _s("smtp.max_errors", "int", 50, "Wrong commands before closing", "After so many 5xx answers the connection closes with 421 4.7.0.", low=3, high=10_000, was="Maximum number of invalid commands"),
    _s("smtp.timeout", "seconds", 300, "Idle time of an SMTP connection", "After so long without a byte it is closed with 421 4.4.2.", low=10, high=3600, rfc="5321 §4.5.3.2"),
    _s("smtp.max_received", "int", 50, "Hops before a message loops", "A message with more Received lines is refused with 554 5.4.6.", low=10, high=1000, rfc="5321 §6.3"),
    _s("smtp.greeting", "text", "", "SMTP greeting", "Text after the host name in the greeting. Empty: Roost's own.", was="Welcome message"),
    _s("imap.max_connections", "int", 4000, "IMAP connections at once", "One more is answered BYE.", low=1, high=100_000, was="Maximum number of simultaneous connections"),
    _s("imap.max_connections_per_account", "int", 60, "IMAP connections of one account", "Programs open several; one more sign-in is refused with a clear text.", low=5, high=10_000),
    _s("imap.timeout", "seconds", 30 * 60, "Idle time of an IMAP connection", "RFC 3501 wants at least 30 minutes once signed in.", low=60, high=86_400, rfc="3501 §5.4"),
    _s("imap.greeting", "text", "", "IMAP greeting", "Text of the greeting. Empty: Roost's own.", was="Welcome message"),
    _s("pop3.max_connections", "int", 1000, "POP3 connections at once", "One more is answered -ERR.", low=1, high=100_000),
    _s("pop3.timeout", "seconds", 600, "Idle time of a POP3 connection", "RFC 1939 wants at least 10 minutes.", low=30, high=86_400, rfc="1939 §3"),
    _s("pop3.delete_action", "choice", "archive", "What deleting by POP3 does", "Delete to Trash, move to Archive, or only hide from POP3.", choices=("delete", "archive", "hide"), scope="account"),
    _s("pop3.marks_seen", "bool", False, "Fetching by POP3 marks as read", "Off: mail stays unread in the webmail until someone opens it there.", scope="account"),
    _s("queue.lifetime", "seconds", 5 * DAY, "How long to try", "After it the sender gets the message back.", low=HOUR, high=30 * DAY, rfc="5321 §4.5.4.1", was="Number of retries"),
    _s("queue.first_retry", "seconds", 5 * 60, "First retry after", "Later waits grow up to the longest.", low=30, high=DAY, rfc="5321 §4.5.4.1", was="Minutes between every retry"),
    _s("queue.longest_retry", "seconds", 4 * HOUR, "Longest wait between tries", "The wait doubles up to this.", low=60, high=DAY),
    _s("queue.delay_notice", "seconds", 4 * HOUR, "Tell the sender of a delay after", "One notice a message. 0 sends none.", low=0, high=5 * DAY),
    _s("queue.concurrency", "int", 20, "Deliveries at once, a worker", "Outgoing connections of one worker.", low=1, high=500),
    _s("queue.per_domain", "int", 5, "Deliveries at once to one domain", "Keeps a slow destination from taking every place.", low=1, high=100),
    _s("relay.host", "text", "", "Relay server", "Outgoing mail goes to this host instead of the recipients' servers. Empty: directly.", was="SMTP Relayer"),
    _s("relay.port", "int", 587, "Relay port", "Usually 587, or 465 with TLS from the first byte.", low=1, high=65535),
    _s("relay.security", "choice", "starttls", "Relay encryption", "none, starttls-optional, starttls (required) or tls (from the first byte).", choices=("none", "starttls-optional", "starttls", "tls")),
    _s("relay.user", "text", "", "Relay user name", "Empty: no sign-in at the relay."),
    _s("relay.password", "secret", "", "Relay password", "Kept in the database, never shown again."),
    _s("outgoing.port", "int", 25, "Port of other mail servers", "25 on the Internet; another only in a test network.", low=1, high=65535),
    _s("outgoing.prefer_ipv6", "bool", False, "Use IPv6 first", "Only after the DNS page has seen a confirmed PTR record for it.", was="IPv6 preferred"),
    _s("quota.default", "size", 0, "Quota of a new account", "0 means none.", scope="domain", high=2**50),
    _s("quota.grace", "seconds", 7 * DAY, "Over quota: try later for", "452 4.2.2 for so long, then 552 5.2.2.", low=0, high=30 * DAY),
    _s("storage.reserve", "size", 256 * MIB, "Disk space kept free", "Below it SMTP answers 452 4.3.1 while people still read and delete.", low=0, high=2**50),
    _s("undelete.days", "int", 14, "Days deleted mail can come back", "What is kept for this does not count against the quota. 0 keeps nothing.", scope="domain", low=0, high=365),
    _s("trash.days", "int", 30, "Days until Trash and Junk empty", "0 never.", scope="account", low=0, high=3650),
    _s("signin.max_failures", "int", 10, "Wrong passwords before a ban", "Different ones, from one address (IPv6: /64).", low=1, high=1000, was="Max invalid logon attempts"),
    _s("signin.window", "seconds", 30 * 60, "Counted within", "Older failures are forgotten.", low=60, high=DAY, was="Minutes before reset"),
    _s("signin.ban", "seconds", HOUR, "Length of a ban", "It stops sign-ins, never delivery to port 25.", low=60, high=30 * DAY, was="Minutes to auto-ban"),
    _s("signin.session", "seconds", 14 * DAY, "A browser stays signed in", "Counted from its last visit.", low=300, high=365 * DAY),
    _s("web.page_size", "int", 50, "Messages on a page", "Rows of one page of a list.", low=10, high=200, scope="account"),
    _s("web.theme", "choice", "auto", "Theme", "Light, dark, or what the device says.", choices=("auto", "light", "dark"), scope="account"),
    _s("web.density", "choice", "comfortable", "Density", "How tall the rows of the list are.", choices=("comfortable", "compact"), scope="account"),
    _s("web.shortcuts", "bool", True, "Single-key shortcuts", "Switch them off if they get in the way.", scope="account"),
    _s("web.images", "choice", "ask", "Remote images", "Ask each time, or always show.", choices=("ask", "always"), scope="account"),
    _s("log.level", "choice", "info", "Log detail", "debug tells every command by its type, never its text.", choices=("error", "warning", "info", "debug"), was="Logging"),
    _s("mta_sts.mode", "choice", "none", "MTA-STS policy", "testing and enforce ask other servers to insist on TLS when they deliver here; needs a certificate that they trust.", choices=("none", "testing", "enforce"), scope="domain", rfc="8461 §3.2"),
    _s("mta_sts.max_age", "seconds", 7 * DAY, "MTA-STS policy is believed for", "How long other servers keep the policy.", scope="domain", low=DAY, high=365 * DAY, rfc="8461 §3.2"),
    _s("live.max_streams", "int", 2000, "Live browser tabs at once", "Further tabs ask every 30 seconds instead.", low=10, high=100_000),
)
"""Groups are the first part of the name."""

BY_NAME: dict[str, Setting] = {setting.name: setting for setting in CATALOGUE}

GROUPS: dict[str, str] = {
    "server": "Server", "smtp": "Receiving mail", "imap": "IMAP", "pop3": "POP3", "queue": "Queue", "relay": "Relay", "outgoing": "Sending",
    "quota": "Quotas", "storage": "Storage", "undelete": "Deleted mail", "trash": "Trash and Junk", "signin": "Signing in", "web": "Webmail",
    "mta_sts": "MTA-STS", "log": "Log", "live": "Live updates",
}  # fmt: skip
"""Headings of the settings page, in its order."""
