"""Sign-in against a real slapd: by pattern and by search, over every protocol, with newcomers, and with the directory away."""

import imaplib
import poplib
import shutil
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenario.server import PASSWORD, RoostServer, free_ports
from tests.web.visitor import Browser

SUFFIX = "dc=x,dc=test"
CONF = """include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {folder}/pid
database mdb
suffix "{suffix}"
rootdn "cn=admin,{suffix}"
rootpw searching1
directory {folder}/db
access to attrs=userPassword by anonymous auth by * none
access to * by * read
"""
PEOPLE = f"""dn: {SUFFIX}
objectClass: dcObject
objectClass: organization
dc: x
o: X

""" + "".join(
    f"""dn: uid={uid},{SUFFIX}
objectClass: inetOrgPerson
uid: {uid}
cn: {name}
sn: {name}
mail: {uid}@x.test
userPassword: directory {uid}

"""
    for uid, name in (("u1", "Una One"), ("new", "Nora New"), ("odd,one", "Odd One"))
)


class Slapd:
    """Debian's slapd in a folder of its own."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="roost-ldap-"))
        (self.folder / "db").mkdir()
        (self.folder / "slapd.conf").write_text(CONF.format(folder=self.folder, suffix=SUFFIX))
        (self.folder / "people.ldif").write_text(PEOPLE.replace("uid=odd,one", "uid=odd\\,one"))
        self.program = shutil.which("slapd", path="/usr/sbin:/usr/bin") or ""
        subprocess.run([self.program, "-Tadd", "-f", str(self.folder / "slapd.conf"), "-l", str(self.folder / "people.ldif")], check=True, capture_output=True)
        (self.port,) = free_ports(1)
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([self.program, "-f", str(self.folder / "slapd.conf"), "-h", self.url, "-d", "0"], stderr=subprocess.DEVNULL)
        import socket

        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("slapd did not start")

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


@pytest.fixture(scope="module")
def slapd() -> Iterator[Slapd]:
    if shutil.which("slapd", path="/usr/sbin:/usr/bin") is None:
        pytest.skip("slapd is not installed (Debian: slapd)")
    one = Slapd()
    yield one
    one.stop()
    shutil.rmtree(one.folder, ignore_errors=True)


@pytest.fixture(scope="module")
def server(slapd: Slapd) -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "submission", "imap", "pop3", "http"), people=2, settings={"ldap.url": slapd.url, "ldap.user": f"uid=%u,{SUFFIX}"})
    one.run("account", "set", "u1@x.test", "--ldap")
    yield one
    one.remove()


def imap(server: RoostServer, user: str, password: str) -> str:
    client = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
    try:
        client.login(user, password)
        return "in"
    except imaplib.IMAP4.error as error:
        return str(error)
    finally:
        client.shutdown()


def test_the_directory_decides_over_every_protocol_and_the_old_password_is_gone(server: RoostServer) -> None:
    assert imap(server, "u1@x.test", "directory u1") == "in"
    assert imap(server, "u1@x.test", PASSWORD) != "in"
    pop = poplib.POP3("127.0.0.1", server.ports["pop3"])
    pop.user("u1@x.test")
    assert pop.pass_("directory u1").startswith(b"+OK")
    pop.quit()
    with smtplib.SMTP("127.0.0.1", server.ports["submission"]) as smtp:
        assert smtp.login("u1@x.test", "directory u1")[0] == 235
    browser = Browser(server)
    assert browser.sign_in("u1@x.test", "directory u1").url.endswith("/mail/1") or browser.get("/settings/profile").status_code == 200


def test_who_has_a_password_here_is_not_asked_there(server: RoostServer) -> None:
    assert imap(server, "u2@x.test", PASSWORD) == "in"


@pytest.mark.parametrize("password", ["", "wrong one", "directory u1\0", "*"])
def test_a_wrong_or_an_empty_password_never_opens(server: RoostServer, password: str) -> None:
    browser = Browser(server)
    browser.sign_in("u1@x.test", password)
    assert "/sign-in" in browser.get("/settings/profile").url


def test_a_newcomer_gets_an_account_only_where_the_setting_says_so(server: RoostServer) -> None:
    assert imap(server, "new@x.test", "directory new") != "in"
    server.run("settings", "set", "ldap.creates", "on")
    assert imap(server, "new@x.test", "wrong one") != "in" and "new@x.test" not in server.run("account", "list")
    assert imap(server, "new@x.test", "directory new") == "in"
    assert "new@x.test" in server.run("account", "list")
    server.run("settings", "set", "ldap.creates", "off")


def test_a_search_finds_the_person_and_no_star_or_bracket_widens_it(server: RoostServer) -> None:
    for name, value in (("ldap.base", SUFFIX), ("ldap.search", "(mail=%a)"), ("ldap.bind_name", f"cn=admin,{SUFFIX}"), ("ldap.bind_password", "searching1"), ("ldap.creates", "on")):
        server.run("settings", "set", name, value)
    assert imap(server, "u1@x.test", "directory u1") == "in"
    for name in ("*", "u*", "*)(uid=u1", "u1)(|(uid=*"):
        assert imap(server, f"{name}@x.test", "directory u1") != "in"
    server.run("settings", "set", "ldap.bind_password", "not that")
    assert "The directory refuses" in imap(server, "new@x.test", "directory unasked")
    for name in ("ldap.base", "ldap.search", "ldap.bind_name", "ldap.bind_password", "ldap.creates"):
        server.run("settings", "set", name)


def test_a_person_of_the_directory_changes_the_password_there(server: RoostServer) -> None:
    browser = Browser(server)
    browser.sign_in("u1@x.test", "directory u1")
    browser.get("/settings/sign-in")
    answer = browser.post("/settings/sign-in", {"op": "password", "old_password": "directory u1", "new_password": "a new password 1", "new_password_again": "a new password 1"})
    assert answer.status_code == 422 and "Change it there" in answer.text
    assert imap(server, "u1@x.test", "directory u1") == "in"


def test_a_directory_that_is_away_is_said_and_counts_as_no_wrong_password(server: RoostServer, slapd: Slapd) -> None:
    slapd.stop()
    assert "The directory does not answer" in imap(server, "u1@x.test", "directory u1 again")
    assert imap(server, "u2@x.test", PASSWORD) == "in"
    slapd.start()
    assert imap(server, "u1@x.test", "directory u1") == "in"


def test_an_admin_sees_who_signs_in_by_the_directory_and_can_change_it(server: RoostServer) -> None:
    admin = Browser(server)
    admin.sign_in("admin@x.test")
    assert "Signs in with the directory" in admin.get("/admin/accounts/u1@x.test").text
    admin.get("/admin/accounts/u2@x.test")
    assert "Signs in with the directory" in admin.post("/admin/accounts/u2@x.test", {"op": "ldap"}).text
    assert imap(server, "u2@x.test", PASSWORD) != "in"
