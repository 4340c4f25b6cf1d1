"""The admin panel and the set-up wizard: a file a noun, thin views over the directory's verbs."""

from admin import (  # noqa: F401 - each adds its routes
    account_files,
    accounts,
    aliases,
    announcing,
    certificates,
    condition,
    domains,
    flow,
    home,
    importing,
    keeping,
    letters,
    lists,
    looking,
    personal,
    protection,
    quarantine,
    route_grants,
    routes,
    rules,
    server,
    setup,
    sharing,
    undoing,
)
from admin.blueprints import admin, setup_blueprint

BLUEPRINTS = (admin, setup_blueprint)
