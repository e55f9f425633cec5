"""The families of the story: made-up people, and what each of them will ask for."""

import random
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from operator import mul

from tests.opening_morning.rule import Announced

_FEMALE = [
    "Аружан",
    "Томирис",
    "Айша",
    "Медина",
    "Дария",
    "Сафия",
    "Асылым",
    "Көзайым",
    "Інжу",
    "Айзере",
    "София",
    "Ева",
]
_MALE = [
    "Алихан",
    "Айсұлтан",
    "Нұрислам",
    "Әмір",
    "Ерасыл",
    "Мирас",
    "Санжар",
    "Темірлан",
    "Артём",
    "Марк",
    "Данияр",
    "Қайсар",
]
_FAMILY = [
    "Ахметов",
    "Сейітов",
    "Әбенов",
    "Қасымов",
    "Нұрланов",
    "Оспанов",
    "Жұмабаев",
    "Төлеуов",
    "Ермеков",
    "Сұлтанов",
    "Байжанов",
    "Ким",
    "Пак",
    "Иванов",
    "Морозов",
    "Шевченко",
    "Үмбетов",
    "Ысқақов",
    "Ғалымов",
    "Һәкімов",
]
_ROUND_1 = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
_ROUND_2 = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)


@dataclass(frozen=True)
class Person:
    """Somebody with an IIN that nobody has."""

    iin: str
    family_name: str
    given_name: str
    birth_date: date


@dataclass(frozen=True)
class Address:
    """Where a child is registered."""

    district: str
    street: str
    house: int
    flat: int


@dataclass(frozen=True)
class Wish:
    """One person's request for one child, as that person will type it."""

    key: str
    """Names the request in the story."""
    child: Person
    applicant: Person
    relation: str
    choice: str
    address: Address
    phone: str
    language: str
    email: str = ""
    seen: str = ""
    """Number of the birth certificate that the clerk sees; only at a counter."""
    loopback: str = "127.0.0.1"

    @property
    def is_proven(self) -> bool:
        return bool(self.seen) and self.relation in ("mother", "father")


@dataclass
class Town:
    """
    Everybody who will come, drawn from one seed.

    :param busy: intakes that have fewer places than children want
    """

    announced: Announced
    busy: list[str]
    chance: random.Random
    _serial: int = 0
    _bodies: set[str] = field(default_factory=set)

    def wish(self, key: str, *, choice: str = "", lane: str = "", relation: str = "mother") -> Wish:
        """A family of its own. `lane`: `own` or `outside`; where it is not said chance decides, two to one."""
        self._serial += 1
        choice = choice or self.chance.choice(self.busy)
        lane = lane or self.chance.choice(["own", "own", "outside"])
        family = self.chance.choice(_FAMILY)
        is_girl = self.chance.random() < 0.5
        child = self._person(
            f"{family}{'а' if is_girl and family.endswith('в') else ''}",
            self.chance.choice(_FEMALE if is_girl else _MALE),
            date(2021, 1, 1) + timedelta(days=self.chance.randrange(240)),
            is_girl=is_girl,
        )
        return Wish(
            key=key,
            child=child,
            applicant=self.adult(family, is_woman=relation != "father"),
            relation=relation,
            choice=choice,
            address=self._address(choice.partition("/")[0], lane),
            phone=f"+7700{self._serial:07d}",
            language=self.chance.choice(["kk", "kk", "ru", "en"]),
            email=f"family{self._serial}@families.example",
            loopback=f"127.{1 + self._serial // 250}.7.{1 + self._serial % 250}",
        )

    def also(self, wish: Wish, key: str, *, relation: str, choice: str = "", seen: bool = False) -> Wish:
        """Another person's request for the same child."""
        self._serial += 1
        return replace(
            wish,
            key=key,
            applicant=self.adult(wish.child.family_name, is_woman=relation != "father"),
            relation=relation,
            choice=choice or wish.choice,
            phone=f"+7700{self._serial:07d}",
            email=f"family{self._serial}@families.example",
            seen=self.certificate() if seen else "",
        )

    def proven(self, wish: Wish) -> Wish:
        """The same request with the birth certificate on the desk."""
        return replace(wish, seen=self.certificate())

    def mended(self, wish: Wish, key: str, *, choice: str = "") -> Wish:
        """The same person's request, put right."""
        address = replace(wish.address, flat=wish.address.flat + 1)
        return replace(wish, key=key, choice=choice or wish.choice, address=address)

    def again(self, wish: Wish, key: str) -> Wish:
        """The same person's request, handed in once more as another one."""
        return replace(wish, key=key, choice=self.other(wish.choice))

    def other(self, choice: str) -> str:
        """Another busy intake."""
        return self.chance.choice([intake for intake in self.busy if intake != choice])

    def certificate(self) -> str:
        return f"{self.chance.randrange(10**6, 10**7)}"

    def adult(self, family: str, *, is_woman: bool) -> Person:
        given = self.chance.choice(["Айгүл", "Мария", "Бота"] if is_woman else ["Болат", "Сергей", "Нұрлан"])
        born = date(1970, 1, 1) + timedelta(days=self.chance.randrange(9000))
        return self._person(family, given, born, is_girl=is_woman)

    def _person(self, family: str, given: str, born: date, *, is_girl: bool) -> Person:
        century = 3 if born.year < 2000 else 5
        head = f"{born:%y%m%d}{century + is_girl}"
        while True:
            body = f"{head}{self.chance.randrange(10_000):04d}"
            digit = check_digit(body)
            if digit is not None and body not in self._bodies:
                self._bodies.add(body)
                return Person(f"{body}{digit}", family, given, born)

    def _address(self, school: str, lane: str) -> Address:
        streets = [s for s in self.announced.streets if (s[0] == school) == (lane == "own")]
        _school, district, names, first, last, parity = self.chance.choice(sorted(streets, key=repr))
        houses = [
            h
            for h in range(first, min(last, first + 60) + 1)
            if parity == "all" or (h % 2 == 1) == (parity == "odd")
        ]
        return Address(
            district,
            self.chance.choice(sorted(names)),
            self.chance.choice(houses),
            self.chance.randrange(1, 90),
        )


def check_digit(body: str) -> int | None:
    """The twelfth digit of an IIN with these first eleven; None where none is ever issued."""
    for weights in (_ROUND_1, _ROUND_2):
        rest: int = sum(map(mul, weights, map(int, body))) % 11
        if rest < 10:
            return rest
    return None
