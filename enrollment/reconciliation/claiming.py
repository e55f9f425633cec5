"""The standing claims of all children as columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np
import numpy.typing as npt

from enrollment.claims import Claim, Lodged, same_children, standing_claims
from enrollment.reading import Applications, Facts
from schools.services.publishing.listing import to_microseconds, unescaped


@dataclass(frozen=True, slots=True, eq=False)
class Claims:
    """One claim a child, by index; times in microseconds since 1970."""

    child_keys: Sequence[str]
    rows: npt.NDArray[np.int64]
    """The row of the standing application."""
    choices: Sequence[tuple[str, ...]]
    arrived_at: npt.NDArray[np.int64]
    first_arrival_at: npt.NDArray[np.int64]
    since: npt.NDArray[np.int64]
    is_proven: npt.NDArray[np.bool_]
    is_contested: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.child_keys)


def claims_of(facts: Facts, applications: Applications, *, has_shortcut: bool = True) -> Claims:
    """
    What all applications together mean, one claim a child (`enrollment.claims`).

    A cost: nearly every child has one application that nothing else touches. Its claim is the
    application itself; only the other children go through the whole rule.

    :param has_shortcut: False sends every child through it; the result is the same
    """
    same = same_children(facts.links)
    is_proven = applications.is_proven.copy()
    for id_, checked in facts.checks.items():
        if checked.relation and (row := applications.row_of(id_)) is not None:
            is_proven[row] = True
    keys = applications.child_keys
    is_alone, others = apart(facts, applications, same, has_shortcut=has_shortcut)
    alone = np.flatnonzero(is_alone)
    standing = standing_claims(
        others,
        facts.retracted,
        settled=facts.settled,
        same=same,
        checked={id_ for id_, checked in facts.checks.items() if checked.relation},
    )
    theirs = list(standing.claims.values())
    lodged_at = applications.lodged_at[alone]
    return Claims(
        child_keys=[*compress(keys, is_alone), *standing.claims],
        rows=np.concatenate([alone, _rows_of(applications, theirs)]),
        choices=[*compress(applications.choices, is_alone), *(claim.choices for claim in theirs)],
        arrived_at=_joined(lodged_at, (to_microseconds(claim.arrived_at) for claim in theirs)),
        first_arrival_at=_joined(lodged_at, (to_microseconds(claim.first_arrival_at) for claim in theirs)),
        since=_joined(lodged_at, (to_microseconds(claim.since) for claim in theirs)),
        is_proven=np.concatenate(
            [is_proven[alone], np.array([claim.is_proven for claim in theirs], np.bool_)]
        ),
        is_contested=np.concatenate(
            [
                np.zeros(len(alone), np.bool_),
                np.array([bool(claim.contested) for claim in theirs], np.bool_),
            ]
        ),
    )


def apart(
    facts: Facts, applications: Applications, same: dict[str, str], *, has_shortcut: bool = True
) -> tuple[list[bool], list[Lodged]]:
    """
    By row whether an application is its child's only one and nothing speaks of it; and all others.

    :param same: `same_children` of the facts' links
    """
    keys = applications.child_keys
    involved = _involved(facts, applications, same) if has_shortcut else set(keys)
    is_alone = [key not in involved for key in keys] if involved else [True] * len(keys)
    return is_alone, [applications[row] for row in np.flatnonzero(~np.array(is_alone, np.bool_)).tolist()]


def _joined(of_alone: npt.NDArray[np.int64], others: Iterable[int]) -> npt.NDArray[np.int64]:
    return np.concatenate([of_alone, np.fromiter(others, np.int64)])


def _rows_of(applications: Applications, claims: Sequence[Claim]) -> npt.NDArray[np.int64]:
    if not claims:
        return np.empty(0, np.int64)
    return np.array([applications.row_of(claim.application_id) for claim in claims], np.int64)


def _involved(facts: Facts, applications: Applications, same: dict[str, str]) -> set[str]:
    """Child keys with more than one application, or with one that something else speaks of."""
    keys = applications.child_keys
    involved = set(same) | set(same.values())
    seen: set[str] = set()
    if len(set(keys)) < len(keys):
        for key in keys:
            if key in seen:
                involved.add(key)
            seen.add(key)
    for row, original in applications.replaces.items():
        involved.add(keys[row])
        if (replaced := applications.row_of(original)) is not None:
            involved.add(keys[replaced])
    named = {one.application_id for one in facts.retracted if one.application_id is not None}
    for id_ in named | facts.settled.keys():
        if (spoken_of := applications.row_of(id_)) is not None:
            involved.add(keys[spoken_of])
    numbers = {one.number.encode() for one in facts.retracted if one.application_id is None and one.number}
    if numbers:
        involved |= {
            key
            for key, label in zip(keys, applications.labels, strict=True)
            if unescaped(label.split(b"\t")[1]) in numbers
        }
    return involved
