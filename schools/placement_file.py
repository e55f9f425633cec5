"""
The placement's file format, for trying a case without any database.

`{"policy": {"hold_territory": true}, "intakes": […], "children": […]}`: the reference is
docs/reference/place-file.md. A file is taken whole or refused by the name of what is wrong
in it. The sentences are for operators, in English.
"""

import json
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from typing import Any

from schools.placement_case import OUTSIDE, TERRITORY, Child, Intake, Placement
from schools.rules.slots import REMOVED


class InvalidPlacementFile(Exception):
    """The file does not say a placement; the text names the place in it and the fault."""


@dataclass(frozen=True, slots=True)
class PlacementFile:
    """What both placements take."""

    intakes: list[Intake]
    children: list[Child]
    hold_territory: bool


_NUMBER = re.compile("[0-9a-f]{64}")
_SLOTS = re.compile("[TO-]*")
_SLOT_INDEX = re.compile("0|[1-9][0-9]{0,8}")


def read(content: bytes) -> PlacementFile:
    """
    The placement that a file asks for.

    :raises InvalidPlacementFile: not JSON in UTF-8, doubled keys, missing or unknown keys,
        wrong types, doubled or unknown ids, a slot out of range or removed, a child holding
        twice, a held intake not chosen, lists of different length, a child that goes first at
        an intake it did not choose
    """
    whole = _object(_json(content), "the file", needed={"policy", "intakes", "children"})
    policy = _object(whole["policy"], "policy", needed={"hold_territory"})
    hold_territory = policy["hold_territory"]
    if not isinstance(hold_territory, bool):
        raise InvalidPlacementFile("policy: hold_territory must be true or false")
    intakes = [_intake(one, f"intake {i}") for i, one in enumerate(_list(whole["intakes"], "intakes"))]
    children = [_child(one, f"child {i}") for i, one in enumerate(_list(whole["children"], "children"))]
    _check_unique("intake", (intake.id for intake in intakes))
    _check_unique("child", (child.id for child in children))
    _check_choices(intakes, children)
    _check_holders(intakes, children)
    return PlacementFile(intakes=intakes, children=children, hold_territory=hold_territory)


def write(placement: Placement) -> str:
    """The placement as JSON, keys sorted: equal placements are equal texts."""
    return json.dumps(asdict(placement), sort_keys=True)


def _json(content: bytes) -> object:
    try:
        return json.loads(
            content.decode("utf-8"), object_pairs_hook=_without_doubles, parse_constant=_no_constant
        )
    except UnicodeDecodeError:
        raise InvalidPlacementFile("the file is not UTF-8 text") from None
    except RecursionError:
        raise InvalidPlacementFile("the file is not JSON: too deeply nested") from None
    except ValueError as fault:
        raise InvalidPlacementFile(f"the file is not JSON: {fault}") from None


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    keys = [key for key, _value in pairs]
    _check_unique("key", keys)
    return dict(pairs)


def _no_constant(text: str) -> object:
    raise InvalidPlacementFile(f"the file is not JSON: {text}")


def _intake(stated: object, where: str) -> Intake:
    facts = _object(stated, where, needed={"id", "slots"}, allowed={"holders"})
    where = f"intake {_text(facts['id'], f'{where}, id')!r}"
    slots = facts["slots"]
    if not isinstance(slots, str) or not _SLOTS.fullmatch(slots):
        raise InvalidPlacementFile(f"{where}: slots must be a text of T, O and -")
    stated_holders = facts.get("holders", {})
    if not isinstance(stated_holders, dict):
        raise InvalidPlacementFile(f"{where}: holders must be an object")
    holders = {}
    for slot, child in stated_holders.items():
        if not _SLOT_INDEX.fullmatch(slot):
            raise InvalidPlacementFile(f"{where}: {slot!r} is not the index of a slot")
        if int(slot) >= len(slots):
            raise InvalidPlacementFile(f"{where}: slot {slot} is out of range, there are {len(slots)}")
        if slots[int(slot)] == REMOVED:
            raise InvalidPlacementFile(f"{where}: slot {slot} is removed, yet held")
        holders[int(slot)] = _text(child, f"{where}, holder of slot {slot}")
    return Intake(id=facts["id"], slots=slots, holders=holders)


def _child(stated: object, where: str) -> Child:
    facts = _object(
        stated,
        where,
        needed={"id", "choices", "territory", "moments", "number"},
        allowed={"first_for"},
    )
    where = f"child {_text(facts['id'], f'{where}, id')!r}"
    choices = [_text(one, f"{where}, choices") for one in _list(facts["choices"], f"{where}, choices")]
    territory = [
        _text(one, f"{where}, territory") for one in _list(facts["territory"], f"{where}, territory")
    ]
    moments = _list(facts["moments"], f"{where}, moments")
    if not all(isinstance(moment, int) and not isinstance(moment, bool) for moment in moments):
        raise InvalidPlacementFile(f"{where}: moments must be whole numbers")
    if len(moments) != len(choices):
        raise InvalidPlacementFile(f"{where}: {len(choices)} choices, but {len(moments)} moments")
    number = facts["number"]
    if not isinstance(number, str) or not _NUMBER.fullmatch(number):
        raise InvalidPlacementFile(f"{where}: number must be 64 lower-case hex digits")
    return Child(
        id=facts["id"],
        choices=choices,
        territory=frozenset(territory),
        moments=moments,
        number=number,
        first_for=_first_for(facts.get("first_for", {}), choices, f"{where}, first_for"),
    )


def _first_for(stated: object, choices: Iterable[str], where: str) -> dict[str, str]:
    if not isinstance(stated, dict):
        raise InvalidPlacementFile(f"{where} must be an object")
    for intake, kind in sorted(stated.items()):
        if intake not in choices:
            raise InvalidPlacementFile(f"{where}: intake {intake!r} is not among its choices")
        if kind not in (TERRITORY, OUTSIDE):
            raise InvalidPlacementFile(f"{where}, {intake!r}: the kind must be T or O")
    return stated


def _check_choices(intakes: Iterable[Intake], children: Iterable[Child]) -> None:
    known = {intake.id for intake in intakes}
    for child in children:
        for name, ids in (("choices", child.choices), ("territory", child.territory)):
            unknown = sorted(set(ids) - known)
            if unknown:
                raise InvalidPlacementFile(f"child {child.id!r}, {name}: unknown intake {unknown[0]!r}")
        if len(set(child.choices)) < len(child.choices):
            raise InvalidPlacementFile(f"child {child.id!r}: an intake is chosen twice")


def _check_holders(intakes: Iterable[Intake], children: Iterable[Child]) -> None:
    chosen: Mapping[str, frozenset[str]] = {child.id: frozenset(child.choices) for child in children}
    held: dict[str, str] = {}
    for intake in intakes:
        for slot, child in sorted(intake.holders.items()):
            where = f"intake {intake.id!r}, slot {slot}"
            if child not in chosen:
                raise InvalidPlacementFile(f"{where}: unknown child {child!r}")
            if child in held:
                raise InvalidPlacementFile(f"{where}: child {child!r} holds twice, also {held[child]}")
            if intake.id not in chosen[child]:
                raise InvalidPlacementFile(f"{where}: child {child!r} holds it but did not choose the intake")
            held[child] = where


def _check_unique(what: str, names: Iterable[str]) -> None:
    seen = set()
    for name in names:
        if name in seen:
            raise InvalidPlacementFile(f"{what} {name!r} stands twice")
        seen.add(name)


def _object(
    stated: object, where: str, *, needed: AbstractSet[str], allowed: AbstractSet[str] = frozenset()
) -> dict[str, Any]:
    if not isinstance(stated, dict):
        raise InvalidPlacementFile(f"{where} must be an object")
    for missing in sorted(needed - stated.keys()):
        raise InvalidPlacementFile(f"{where}: {missing} is missing")
    for unknown in sorted(stated.keys() - needed - allowed):
        raise InvalidPlacementFile(f"{where}: unknown key {unknown!r}")
    return stated


def _list(stated: object, where: str) -> list[Any]:
    if not isinstance(stated, list):
        raise InvalidPlacementFile(f"{where} must be a list")
    return stated


def _text(stated: object, where: str) -> str:
    if not isinstance(stated, str) or not stated:
        raise InvalidPlacementFile(f"{where}: a text is needed")
    return stated
