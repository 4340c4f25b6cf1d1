"""ManageSieve (RFC 5804): commands, responses, and IMAP's literal framing underneath."""
