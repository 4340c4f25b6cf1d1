"""The one thing an IMAP parser raises."""

from mailcore.base.errors import MailError, Reason


class ImapSyntaxError(MailError):
    """A command that does not follow the grammar; answer *status* (BAD, or NO with *code*) with *tag*, `*` when it is None."""

    def __init__(self, tag: str | None, text: str, *, status: str = "BAD", code: str = "") -> None:
        super().__init__(Reason.SYNTAX, text)
        self.tag = tag
        self.status = status
        self.code = code
