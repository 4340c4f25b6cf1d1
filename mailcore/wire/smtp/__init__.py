"""SMTP and LMTP (RFC 5321, 2033): commands, the transaction, message data, replies, and the client's side."""
