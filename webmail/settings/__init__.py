"""A person's settings: one page a section, a file a noun. `page` shows and saves them; the table there says which there are."""

from webmail.settings import page

__all__ = ["page"]
