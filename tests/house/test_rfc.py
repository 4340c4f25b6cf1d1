"""The list of RFCs says what the code does."""

from tests.house.rfc import HOME, STATES, cited, markdown, table


def test_every_rfc_the_code_cites_stands_in_the_list() -> None:
    known = table()
    assert {number: where for number, where in cited().items() if number not in known} == {}, "add it to docs/rfc.toml, then: python -m tests.house.rfc > docs/rfc.md"


def test_every_rfc_that_is_said_to_be_done_is_cited_where_it_is_done() -> None:
    found = cited()
    assert [number for number, row in table().items() if row["status"] == "yes" and number not in found] == []


def test_no_rfc_that_the_code_follows_is_said_to_be_refused_without_a_word() -> None:
    assert [number for number, row in table().items() if row["status"] not in STATES or (row["status"] == "no" and number in cited() and not row.get("note"))] == []


def test_the_page_of_rfcs_is_the_list() -> None:
    assert (HOME / "docs" / "rfc.md").read_text() == markdown(), "run: python -m tests.house.rfc > docs/rfc.md"
