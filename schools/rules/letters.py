"""Letters that look alike in two alphabets: people and old systems mix them inside one word."""

import unicodedata

LOOK_ALIKES = str.maketrans("abcehikmoptxy", "авсеһікмортху")
"""Small Latin letters, also of capitals, to the Cyrillic ones they are taken for."""


def has_cyrillic(word: str) -> bool:
    return any("\u0400" <= letter <= "\u052f" for letter in word)


def name_key(name: str) -> str:
    """
    One text for one person however the name is typed; empty when there is no letter in it.

    Case, spaces, signs, accents, the order of the words and letters that look alike do not count.
    Two people with one key may still be two: ask for a fuller name.
    """
    apart = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(
        sign if unicodedata.category(sign)[0] in "LN" else " "
        for sign in apart
        if unicodedata.category(sign) not in {"Mn", "Cf"}
    )
    return " ".join(sorted(letters.translate(LOOK_ALIKES).replace("\u04bb", "\u043d").split()))
