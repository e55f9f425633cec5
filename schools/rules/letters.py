"""Letters that look alike in two alphabets: people and old systems mix them inside one word."""

LOOK_ALIKES = str.maketrans("abcehikmoptxy", "авсеһікмортху")
"""Small Latin letters, also of capitals, to the Cyrillic ones they are taken for."""


def has_cyrillic(word: str) -> bool:
    return any("\u0400" <= letter <= "\u052f" for letter in word)
