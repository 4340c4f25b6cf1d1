"""The webmail: a file a noun, thin views, presenters that word what the store gives."""

from webmail import (  # noqa: F401 - each adds its routes
    acts,
    answer_templates,
    bodies,
    bulk,
    compose,
    contacts,
    installed,
    invitations,
    leaving,
    lines,
    links,
    looks,
    mailboxes,
    merging,
    messages,
    pdf,
    receipts,
    search,
    session,
    settings,
    sharing,
)
from webmail.blueprints import compose as compose_blueprint
from webmail.blueprints import contacts as contacts_blueprint
from webmail.blueprints import mail, session_blueprint, settings_blueprint
from webmail.discovery import discovery

BLUEPRINTS = (discovery, mail, compose_blueprint, contacts_blueprint, settings_blueprint, session_blueprint)
