"""Bringing in what people have elsewhere: mail in files, a mailbox on another server, a whole hMailServer.

Every source yields Letters; `mailing` puts them into one account, each once, so that an import that was cut off is simply begun again.
"""
