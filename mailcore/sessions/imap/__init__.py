"""IMAP's commands, a file a family. A handler is a generator: it yields bytes to send and asks (`steps`) to be carried out.

`session` holds the state and the table of handlers, `view` the one home of sequence numbers.
"""
