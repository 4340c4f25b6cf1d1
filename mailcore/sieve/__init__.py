"""Sieve, whole: `compile` a script, `run` it over a message, get actions back. RFC 5228 and the extensions in `grammar.EXTENSIONS`.

The lexer and parser know only the shape, `grammar` is the one table of commands and tests, `check` sorts their arguments once, the
interpreter collects actions and performs nothing. An error is an implicit keep. What people click becomes Sieve in `rules`.
"""

from mailcore.sieve.errors import SieveError
from mailcore.sieve.grammar import OWN_EXTENSIONS
from mailcore.sieve.script import Script, compile

__all__ = ["OWN_EXTENSIONS", "Script", "SieveError", "compile"]
