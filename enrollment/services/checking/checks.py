"""What an application states, compared with a registry or a document that was seen."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from enrollment.models import Application, Check
from enrollment.services.checking.cases import close_matter, open_matter
from enrollment.services.checking.scopes import check_scope_of, districts_of
from schools.models import Account, Case
from schools.rules import Refusal

Subject = Check.Subject
_ADDRESS = ("district", "street", "house", "flat")


class NoBasis(Refusal):
    message = _("Write what you looked at: the registry or the document.")


class FoundAddressMissing(Refusal):
    message = _("Write the registered address that was found: district, street and house.")


class OnlyAddressFound(Refusal):
    message = _("Another address belongs only to a check of the address that found one.")


class RelativeWithoutAuthority(Refusal):
    message = _(
        "A relative without authority over the child is not confirmed: a parent or guardian applies too, "
        "and the time is kept."
    )


class CheckReused(Refusal):
    message = _("This check was already recorded with another result.")


def record_check(
    *,
    check_id: UUID,
    application_id: UUID,
    subject: str,
    agrees: bool,
    basis: str,
    official: Account,
    at: datetime,
    found: Mapping[str, str] | None = None,
) -> Check:
    """
    Record one look at what an application states; the id was minted by the page, so twice is once.

    The last check of a subject counts: a later one corrects an earlier one, nothing is deleted.
    One that differs opens a case and refuses nobody.

    :param subject: one of `Check.Subject`
    :param found: of an address that differs, the registered one: it decides the lane from now on
    :raises NoSuchApplication: unknown, or nothing to do with the official's districts
    :raises NoBasis: it is not said what was looked at
    :raises FoundAddressMissing: the address differs, but not what it is
    :raises OnlyAddressFound: an address was found where none was looked for
    :raises RelativeWithoutAuthority: who applied can be no parent and no guardian
    :raises CheckReused: the id was used for another check
    """
    recorded = record_checks(
        press_id=None,
        checks={check_id: (application_id, subject)},
        agrees=agrees,
        basis=basis,
        official=official,
        at=at,
        found=found,
    )
    return recorded[0]


def checks_of_press(
    *, press_id: UUID, looked_at: Collection[tuple[UUID, str]]
) -> dict[UUID, tuple[UUID, str]]:
    """The ids of all checks that one press records: pressing twice makes the same ones."""
    return {uuid5(press_id, f"{id_}:{subject}"): (id_, subject) for id_, subject in looked_at}


@transaction.atomic
def record_checks(
    *,
    press_id: UUID | None = None,
    looked_at: Collection[tuple[UUID, str]] = (),
    checks: Mapping[UUID, tuple[UUID, str]] | None = None,
    agrees: bool,
    basis: str,
    official: Account,
    at: datetime,
    found: Mapping[str, str] | None = None,
) -> list[Check]:
    """
    Record what one look at several applications found; all of it or nothing.

    :param looked_at: pairs of an application and a subject, with `press_id` that the page minted
    :param checks: instead of both, the pairs by the id of their check
    :raises NoSuchApplication, NoBasis, FoundAddressMissing, OnlyAddressFound: as `record_check`
    :raises RelativeWithoutAuthority, CheckReused: as `record_check`
    """
    words = " ".join(basis.split())
    if not words:
        raise NoBasis
    if checks is None:
        checks = checks_of_press(press_id=press_id, looked_at=looked_at) if press_id else {}
    address = _checked_address(found, agrees=agrees, subjects={subject for _id, subject in checks.values()})
    applications = {
        one.id: one
        for one in check_scope_of(official=official, applications={id_ for id_, _s in checks.values()})
    }
    if agrees and any(
        subject == Subject.RELATION and applications[id_].form["relation"] == "relative"
        for id_, subject in checks.values()
    ):
        raise RelativeWithoutAuthority
    known = {check.id: check for check in Check.objects.filter(id__in=checks)}
    recorded = []
    for check_id, (application_id, subject) in sorted(checks.items()):
        check = Check(
            id=check_id,
            campaign_id=applications[application_id].campaign_id,
            application_id=application_id,
            subject=Subject(subject),
            agrees=agrees,
            found=address,
            basis=words,
            official=official,
            checked_at=at,
        )
        if (first := known.get(check_id)) is not None:
            if _content(first) != _content(check):
                raise CheckReused
            recorded.append(first)
            continue
        recorded.append(check)
    Check.objects.bulk_create([check for check in recorded if check.id not in known])
    _settle_cases(recorded, applications, at=at)
    return recorded


def _checked_address(
    found: Mapping[str, str] | None, *, agrees: bool, subjects: set[str]
) -> dict[str, str] | None:
    if agrees or subjects != {Subject.ADDRESS}:
        if found:
            raise OnlyAddressFound
        return None
    address = {name: " ".join((found or {}).get(name, "").split()) for name in _ADDRESS}
    if not all(address[name] for name in ("district", "street", "house")):
        raise FoundAddressMissing
    return address


def _content(check: Check) -> tuple[Any, ...]:
    return check.application_id, str(check.subject), check.agrees, check.found, check.basis


def _settle_cases(recorded: list[Check], applications: Mapping[UUID, Application], *, at: datetime) -> None:
    districts = districts_of(applications.values())
    for check in recorded:
        subject = f"{check.application_id}:{check.subject}"
        if check.agrees:
            close_matter(
                campaign_id=check.campaign_id, kind=Case.Kind.CHECK_DIFFERS, subject=subject,
                resolution="agrees_now", at=at,
            )  # fmt: skip
            continue
        application = applications[check.application_id]
        open_matter(
            campaign_id=check.campaign_id,
            kind=Case.Kind.CHECK_DIFFERS,
            subject=subject,
            district=districts[application.id],
            detail={
                "number": application.number,
                "application": str(application.id),
                "subject": str(check.subject),
                "reason": check.basis,
            },
            at=at,
        )
