"""Messages as a tree of answers: the REFERENCES algorithm of RFC 5256 §3 over what is stored of each message.

A parent is what In-Reply-To (or the last of References) names; further ancestors are known by the conversation that the store found at
delivery. Nothing here recurses: chains are as long as their senders want.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

ThreadNode = tuple[int, Sequence[Any]]
"""A message's number and what answers it; 0 stands for a message that is not here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message: its *number* for the answer, when it was *sent*, its ids, its *conversation*, and its base *subject*."""

    number: int
    sent: int
    msgid: str
    parent: str
    conversation: int
    subject: str
    is_reply: bool


@dataclass(eq=False, slots=True)
class _Box:
    """A message or, without one, what stands where a message is missing."""

    letter: Letter | None = None
    parent: "_Box | None" = None
    children: "list[_Box]" = field(default_factory=list)
    order: int = 0

    def adopt(self, child: "_Box") -> None:
        child.parent = self
        self.children.append(child)


def by_references(letters: Sequence[Letter]) -> list[ThreadNode]:
    """The threads of *letters*, oldest first, each a root with its answers."""
    roots = _linked(letters)
    roots = _gathered(roots, _conversation)
    roots = _gathered(roots, _subject)
    return _told(roots)


def _linked(letters: Sequence[Letter]) -> list[_Box]:
    """Steps 1 to 3: every message under the one it answers; missing ones stay only where they hold several together."""
    boxes = [_Box(letter=one) for one in letters]
    by_id: dict[str, _Box] = {}
    for box in boxes:
        if box.letter is not None and box.letter.msgid:
            by_id.setdefault(box.letter.msgid, box)
    parents: dict[int, _Box] = {}
    for box in boxes:
        name = box.letter.parent if box.letter is not None else ""
        if name and (found := by_id.setdefault(name, _Box())) is not box:
            parents[id(box)] = found
    for box in _cycle_ends(boxes, parents):
        del parents[id(box)]
    for box in boxes:
        if (parent := parents.get(id(box))) is not None:
            parent.adopt(box)
    missing = [box for box in by_id.values() if box.letter is None]
    roots = [box for box in boxes if box.parent is None]
    for box in missing:
        if len(box.children) == 1:
            box.children[0].parent = None
            roots.append(box.children[0])
        else:
            roots.append(box)
    return roots


def _cycle_ends(boxes: list[_Box], parents: dict[int, _Box]) -> list[_Box]:
    """Boxes whose link to their parent would close a circle."""
    done: set[int] = set()
    found = []
    for start in boxes:
        path: set[int] = set()
        box: _Box | None = start
        while box is not None and id(box) not in done:
            path.add(id(box))
            above = parents.get(id(box))
            if above is not None and id(above) in path:
                found.append(box)
                break
            box = above
        done |= path
    return found


def _first(box: _Box) -> Letter | None:
    """The message of a root, or of what stands first below a missing one."""
    return box.letter if box.letter is not None else next((child.letter for child in box.children), None)


def _conversation(box: _Box) -> object:
    letter = _first(box)
    return letter.conversation if letter is not None and letter.conversation else None


def _subject(box: _Box) -> object:
    letter = _first(box)
    return letter.subject if letter is not None and letter.subject else None


def _gathered(roots: list[_Box], key: Any) -> list[_Box]:
    """Step 5, for one *key*: roots that share it become one thread, answers below what they answer."""
    groups: dict[object, list[_Box]] = defaultdict(list)
    made: list[_Box] = []
    for box in sorted(roots, key=_when):
        name = key(box)
        if name is None:
            made.append(box)
        else:
            groups[name].append(box)
    return made + [_merged(group) for group in groups.values()]


def _merged(group: list[_Box]) -> _Box:
    """One root of several: a missing one, else the oldest that is no answer, else a missing one made for them."""
    if len(group) == 1:
        return group[0]
    head = next((box for box in group if box.letter is None), None)
    if head is None:
        head = next((box for box in group if box.letter is not None and not box.letter.is_reply), None)
        if head is None or any(box is not head and box.letter is not None and not box.letter.is_reply for box in group):
            head = _Box()
    for box in group:
        if box is head:
            continue
        if box.letter is None:
            for child in box.children:
                head.adopt(child)
        else:
            head.adopt(box)
    return head


def _when(box: _Box) -> tuple[int, int]:
    """When a box was sent; of a missing one, its first answer."""
    letters = [box.letter] if box.letter is not None else [child.letter for child in box.children]
    return min(((one.sent, one.number) for one in letters if one is not None), default=(0, 0))


def _told(roots: Iterable[_Box]) -> list[ThreadNode]:
    """Step 6: siblings by when they were sent; the boxes as the answer's tuples, leaves first so that nothing recurses."""
    order: list[_Box] = []
    todo = list(roots)
    while todo:
        box = todo.pop()
        order.append(box)
        todo.extend(box.children)
    made: dict[int, ThreadNode] = {}
    for box in reversed(order):
        made[id(box)] = (box.letter.number if box.letter is not None else 0, tuple(made[id(child)] for child in sorted(box.children, key=_when)))
    return [made[id(box)] for box in sorted((box for box in order if box.parent is None), key=_when)]
