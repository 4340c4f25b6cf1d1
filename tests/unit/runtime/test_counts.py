"""Counting by many threads loses nothing and counts nothing twice."""

import threading

from mailcore.runtime.counts import Counts


def test_what_threads_add_while_another_takes_is_all_there_once() -> None:
    counts, taken, is_over = Counts(), [], threading.Event()

    def add() -> None:
        for _ in range(20_000):
            counts.add("refused", domains=(7, 7, None))

    def take() -> None:
        while not is_over.is_set():
            taken.append(counts.take())

    adders, taker = [threading.Thread(target=add) for _ in range(3)], threading.Thread(target=take)
    for one in (*adders, taker):
        one.start()
    for one in adders:
        one.join()
    is_over.set()
    taker.join()
    taken.append(counts.take())
    assert sum(each.get("refused", 0) for each in taken) == sum(each.get("refused:7", 0) for each in taken) == 60_000
