"""The mail of the sample: conversations of a family, with answers, a newsletter, tickets, a bill, junk. Hours are before now.

Each thread is a subject and its letters: (hours, sender, text, flags). Senders are PEOPLE's local parts or a name and an address.
Flags: r read, s starred, a file attached, h with HTML, and the name of a label after a colon.
"""

from dataclasses import dataclass

PEOPLE = (
    ("anna", "Anna Lindqvist", "server-admin"), ("ben", "Ben Okafor", "user"), ("clara", "Clara Duarte", "user"), ("david", "David Lindqvist", "user"),
    ("emil", "Emil Okafor", "user"), ("greta", "Greta Lindqvist", "user"), ("office", "Orchard Office", "domain-admin"),
)  # fmt: skip
OUTSIDE = {
    "rail": "Northern Rail <tickets@rail.example>", "library": "Town Library <desk@library.example>", "power": "Riverside Power <bills@power.example>",
    "garden": "The Garden Letter <letter@garden.example>", "school": "Hill School <office@school.example>", "aunt": "Aunt Birgit <birgit@lake.example>",
    "shop": "Paper & Ink <orders@paper.example>", "prize": "Lucky Winner Desk <claim@prize.example>", "doctor": "Dr. Amara Nwosu <practice@clinic.example>",
}  # fmt: skip
CONTACTS = (("aunt", "+46 8 555 0147", "At the lake, always with cake", ("Family",)), ("school", "+46 8 555 0192", "", ("School",)), ("doctor", "+46 8 555 0118", "Tuesdays and Fridays", ()))
"""Whom of OUTSIDE Anna keeps: telephone, note, groups."""
LABELS = (("House", "green"), ("School", "blue"), ("Money", "amber"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One subject. *box* is the mailbox's role for what others sent; Anna's own letters go to Sent."""

    subject: str
    letters: tuple[tuple[float, str, str, str], ...]
    box: str = "inbox"


THREADS = (
    Thread(
        subject="Boat trip on Saturday",
        letters=(
            (30, "ben", "The weather looks good. Shall we meet at the pier at nine?\n\nI bring the bread, you bring the cheese.\n\nBen", "r"),
            (28, "clara", "Nine is fine. I have two life jackets to spare.\n\nClara", "r"),
            (27, "anna", "Then it is settled: nine at the pier. Cheese is in the bag already.\n\nAnna", "r"),
            (3, "ben", "One more thing: the small motor is back from repair, so we can go as far as the island.\n\nBen", "s"),
        ),
    ),
    Thread(
        subject="The roof",
        letters=(
            (120, "david", "The carpenter was here. Two beams on the north side are soft, the rest is good. He wants to begin before the frost.\n\nDavid", "ra:House"),
            (118, "anna", "What does he ask for it? And does the attic have to be empty?\n\nAnna", "r"),
            (96, "david", "4,200 for beams and tiles, a week of work. The attic only on the north side.\n\nDavid", "r:House"),
            (20, "greta", "I can help to carry boxes on Sunday. The old sledge stays!\n\nGreta", ":House"),
        ),
    ),
    Thread(subject="Your tickets for 14 December", letters=((22, "rail", "Two adults, coach 7, seats 41 and 42.\nThe conductor reads the screen as well as paper.\n", "ah"),)),
    Thread(subject="Two books are due on Friday", letters=((50, "library", "The Sea Wolf\nA Field Guide to Mosses\n\nYou can renew them once more.\n", "r"),)),
    Thread(subject="Bill for November", letters=((75, "power", "Your bill for November is attached. 61.40 will be taken on 1 December.\n", "ra:Money"),)),
    Thread(
        subject="Parents' evening on Thursday",
        letters=(
            (52, "school", "Dear parents,\n\nplease choose a time between 17:00 and 19:30. Class 4b meets in the music room.\n\nThe office", "r:School"),
            (49, "anna", "Thursday at 18:15 would suit us.\n\nAnna Lindqvist", "r"),
            (5, "school", "18:15 is yours. Please bring the swimming form.\n\nThe office", ":School"),
        ),
    ),
    Thread(subject="What to prune now, and what to leave", letters=((9, "garden", "Apples and pears may wait until January. Cut the raspberries that bore fruit, tie up the young ones.\n\nNext week: mulch.", "h"),)),
    Thread(subject="Minutes of the garden meeting", letters=((140, "clara", "Everybody agreed on the apple trees. The compost stays where it is.\n\nI wrote the rest in the attached file.\n", "ra"),)),
    Thread(
        subject="Photographs of the attic",
        letters=((44, "ben", "You were right about the beam. Have a look before we call anybody.\n\nBen", "ra:House"), (43, "anna", "Oh dear. I ask David.\n\nAnna", "r")),
    ),
    Thread(
        subject="Christmas at the lake",
        letters=(
            (200, "aunt", "Dear all,\n\nthe house has room for nine, ten with the sofa. Who comes, and from when?\n\nBirgit", "rs"),
            (190, "greta", "Me! From the 22nd.\n\nGreta", "r"),
            (180, "emil", "I have to work until the 23rd, then yes.\n\nEmil", "r"),
            (60, "anna", "David and I come on the 23rd with the late train and stay until the 28th.\n\nAnna", "r"),
            (12, "aunt", "Wonderful. I order the goose for eight then. Emil sleeps on the sofa, he knows why.\n\nBirgit", ""),
        ),
    ),
    Thread(subject="Order 20811 is on its way", letters=((26, "shop", "Two reams of paper and the blue ink. They arrive on Friday between 10 and 12.\n", "rh"),)),
    Thread(subject="Check-up of Greta", letters=((33, "doctor", "All is well. The next one is due in spring; we write to you in time.\n\nA. Nwosu", "r"),)),
    Thread(subject="The printer again", letters=((1.2, "office", "It prints again. It was the cable.\n\nOrchard Office", ""),)),
    Thread(subject="Keys", letters=((0.4, "emil", "I have yours, you have mine. I come by at six.\n\nEmil", "s"),)),
    Thread(subject="YOU HAVE BEEN CHOSEN", box="junk", letters=((70, "prize", "Claim your prize today!!! Only a small fee.\n", ""),)),
    Thread(subject="Last chance to claim", box="junk", letters=((15, "prize", "We still wait for your answer, dear winner.\n", ""),)),
    Thread(subject="Old letter about the fence", box="trash", letters=((300, "clara", "Forget what I said about the fence.\n\nClara", "r"),)),
    Thread(subject="Insurance of the boat", box="archive", letters=((900, "david", "It runs until May. The number is in the attached file.\n\nDavid", "ra:Money"),)),
)
DRAFT = ("greta", "Sunday", "Come at ten, there is breakfast. Bring the gloves, and")
WAITING = (
    ("ben@meadow.test", "pia@orchard.example", "Programme of the choir", 4, "mx.orchard.example [192.0.2.25]", "451 4.7.1 Try again later"),
    ("anna@meadow.test", "birgit@lake.example", "Re: Christmas at the lake", 2, "mx.lake.example [192.0.2.80]", "no answer in time"),
)
"""What waits in the queue: sender, recipient, subject, tries, the last server and what it said."""
HTML = (
    '<div style="font-family:Georgia,serif;max-width:560px;margin:0 auto;padding:24px;border:1px solid #d9e2d5;border-radius:12px">'
    '<h1 style="margin:0 0 4px;color:#2f6b4f;font-size:24px">{title}</h1><p style="color:#6b7a70;margin:0 0 18px">{sender}</p>{body}'
    '<p style="margin-top:22px;color:#6b7a70;font-size:13px">You get this because you asked for it.</p></div>'
)
