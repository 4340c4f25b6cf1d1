"""POP3 (RFC 1939) with CAPA, STLS, SASL, UTF8 and response codes: commands, states, responses."""
