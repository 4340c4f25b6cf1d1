"""The bus: a hint says that an account, a mailbox, the queue or the settings have something new to read. It carries no data.

`bus` moves hints between the processes of one machine by datagram sockets, and between machines by PostgreSQL's NOTIFY.
"""
