"""Listeners: bytes between sockets and the protocol cores, with back-pressure, limits and time-outs. No mail logic lives here."""
