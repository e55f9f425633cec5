"""The order of names: the Kazakh alphabet as a stored key, because a database may lack its collation."""

import unicodedata

from schools.rules.letters import LOOK_ALIKES, has_cyrillic

KAZAKH_ALPHABET = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
"""42 letters; the Russian alphabet lies in it in its own order."""

# One ASCII letter each, in ASCII order: A–Z, then a–p.
_KEY_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnop"
_KEY_OF = dict(zip(KAZAKH_ALPHABET, _KEY_LETTERS, strict=True))
_SILENT = frozenset("'’ʼ`\"«»“”.")


def kazakh_sort_key(text: str) -> str:
    """
    An ASCII text whose plain byte order is the order of the Kazakh alphabet.

    Case, quotes and accents on Latin letters do not count; a space or hyphen comes before
    every letter, digits before letters, Latin letters after the Cyrillic ones, anything
    else last. Latin look-alikes inside a Cyrillic word count as what they look like.
    Store it in a column with the collation "C".
    """
    words = unicodedata.normalize("NFC", text).casefold().replace("-", " ").split()
    return " ".join(filter(None, map(_word_key, words)))


def _word_key(word: str) -> str:
    if has_cyrillic(word):
        word = word.translate(LOOK_ALIKES)
    return "".join(_letter_key(letter) for letter in word if letter not in _SILENT)


def _letter_key(letter: str) -> str:
    if letter in _KEY_OF:
        return _KEY_OF[letter]
    if letter.isascii() and letter.isdigit():
        return letter
    if letter.isascii() and letter.isalpha():
        return f"{{{letter}"
    base = "".join(part for part in unicodedata.normalize("NFKD", letter) if not unicodedata.combining(part))
    if base and base != letter:
        return "".join(_letter_key(part) for part in base)
    return "" if unicodedata.combining(letter) else f"~{ord(letter):06x}"
