"""What an admin of one domain meets in the panel: every page that the menu offers opens."""

import re

from tests.scenario.server import RoostServer
from tests.web.visitor import Browser


def test_every_page_of_a_domain_admins_menu_opens() -> None:
    server = RoostServer(listeners=("http",), people=1, workers=1)
    try:
        server.run("account", "set", "u1@x.test", "--role", "domain-admin")
        browser = Browser(server)
        browser.sign_in("u1@x.test")
        menu = browser.get("/admin").text.partition("<nav")[2].partition("</nav>")[0]
        links = re.findall(r'href="(/admin[^"]*)"', menu)
        assert "/admin/accounts" in links and "/admin/settings" not in links
        domains = browser.get("/admin/domains").text
        assert "x.test" in domains and "/admin/domains/new" not in domains, "no button that leads to a refusal"
        assert {link: browser.get(link).status_code for link in links} == dict.fromkeys(links, 200)
    finally:
        server.remove()
