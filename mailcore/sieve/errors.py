"""What can be wrong with a script: at compile time a place in the text, at run time a line."""

from mailcore.base.errors import MailError, Reason


class SieveError(MailError):
    """A script that is not Sieve. *line* and *column* count from 1."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(Reason.SYNTAX, f"Line {line}: {message}")
        self.line, self.column, self.message = line, column, message


class RunError(Exception):
    """Something a script did while it ran; the mail is kept. *line* counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line, self.message = line, message


class Stop(Exception):
    """stop: the whole run ends."""


class Return(Exception):
    """return: this script ends."""


class Break(Exception):
    """break: a loop over parts ends; *name* is the loop's, "" the innermost's."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
