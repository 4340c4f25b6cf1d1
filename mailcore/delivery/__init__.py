"""Puts mail where it belongs: `accept` for what comes in, `submit` for what people send, `act` for what filters decide."""
