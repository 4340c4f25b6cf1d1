"""IMAP4rev1 and its extensions (RFC 3501, 9051): framing, parser, writers, state and code tables."""
