"""Threads of hostile chains: long ones, circles, and a thousand roots of one subject end soon and whole."""


from mailcore.mail.threading import Letter, ThreadNode, by_references
from tests.within import within


def letter(number: int, parent: int, *, subject: str = "s", conversation: int = 0) -> Letter:
    return Letter(number=number, sent=number, msgid=str(number), parent=str(parent) if parent else "", conversation=conversation, subject=subject, is_reply=bool(parent))


def numbers(nodes: list[ThreadNode]) -> list[int]:
    todo, found = list(nodes), []
    while todo:
        number, answers = todo.pop()
        found.append(number)
        todo.extend(answers)
    return sorted(n for n in found if n)


def test_every_message_stands_in_one_place() -> None:
    letters = [letter(n, (n * 7919) % 50_000) for n in range(1, 20_001)]
    assert numbers(by_references(letters)) == list(range(1, 20_001))


def test_a_chain_of_fifty_thousand_and_a_circle_of_them_end_soon() -> None:
    with within(20):
        chain = by_references([letter(n, n - 1) for n in range(1, 50_001)])
        circle = by_references([letter(n, n % 50_000 + 1) for n in range(1, 50_001)])
        crowd = by_references([letter(n, 0, subject="same") for n in range(1, 50_001)])
    assert (len(chain), len(circle), len(crowd)) == (1, 1, 1)
    assert all(numbers(one) == list(range(1, 50_001)) for one in (chain, circle, crowd))
