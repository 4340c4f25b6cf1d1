"""What a reader should look at twice, each in one calm line: a first mail, a look-alike, answers that go elsewhere, a link that shows another place."""

from flask_babel import gettext as _

from mailcore.mail import lookalike
from mailcore.store import people
from mailcore.store.listing import ListRow
from web.signed_in import account
from web.site import site
from webmail import presenters as p
from webmail.blueprints import setting


def warnings_of(row: ListRow, reply_to: p.Person | None, html: str, *, is_list: bool) -> tuple[str, ...]:
    """The lines for a message of somebody else; none where the person switched them off."""
    mine, tx, sender = account(), site().read(), row.from_addr.lower()
    domain = sender.rpartition("@")[2]
    if not setting("web.warnings") or not domain or sender == mine.address:
        return ()
    lines: list[str] = []
    own = mine.address.rpartition("@")[2]
    known = (own, *people.known_domains(tx, mine.id, lookalike.MAX_KNOWN))
    like = lookalike.resembled(domain, known)
    if like:
        lines.append(_("%(domain)s looks like %(known)s, which you know, but is another domain.", domain=lookalike.unicode_domain(domain), known=lookalike.unicode_domain(like)))
    elif not is_list and domain != own and people.is_new(tx, mine.id, row.from_addr, row.email_id):
        lines.append(_("This seems to be the first mail from %(address)s.", address=row.from_addr))
    if is_list:
        return tuple(lines)
    if reply_to is not None and "@" in reply_to.address and not lookalike.are_related(reply_to.address.rpartition("@")[2], domain):
        lines.append(_("An answer would go to %(address)s, not to the sender's domain.", address=reply_to.address))
    link = lookalike.mismatched_link(html)
    if link is not None:
        lines.append(_("A link shows %(shown)s but leads to %(real)s.", shown=link[0], real=link[1]))
    return tuple(lines)
