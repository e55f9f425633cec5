"""What an account may see: every list of officials starts here."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from schools.models import (
    Account,
    Case,
    Confirmation,
    ConfirmedPlace,
    District,
    Harmed,
    Horizon,
    Intake,
    Proposal,
    RosterEntry,
    School,
)


@dataclass(frozen=True, slots=True)
class Visible:
    """
    The part of the country that one account answers for, as a set of districts.

    Whatever is asked beyond it is not there: lists do not hold it, single objects are not found.
    """

    districts_katos: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.districts_katos)

    @property
    def districts(self) -> QuerySet[District]:
        return District.objects.filter(kato__in=self.districts_katos)

    @property
    def schools(self) -> QuerySet[School]:
        return School.objects.filter(district__in=self.districts_katos)

    @property
    def intakes(self) -> QuerySet[Intake]:
        return Intake.objects.filter(school__district__in=self.districts_katos)

    @property
    def entries(self) -> QuerySet[RosterEntry]:
        """Lines of rosters. By the school's district, which the line copies."""
        return RosterEntry.objects.filter(district__in=self.districts_katos)

    @property
    def cases(self) -> QuerySet[Case]:
        """A case that names no district waits for the administration, not for a department."""
        return Case.objects.filter(district__in=self.districts_katos)

    @property
    def confirmations(self) -> QuerySet[Confirmation]:
        return Confirmation.objects.filter(district__in=self.districts_katos)

    @property
    def confirmed_places(self) -> QuerySet[ConfirmedPlace]:
        return ConfirmedPlace.objects.filter(confirmation__district__in=self.districts_katos)

    @property
    def proposals(self) -> QuerySet[Proposal]:
        """What waits for a second signature."""
        return Proposal.objects.filter(district__in=self.districts_katos)

    @property
    def harmed(self) -> QuerySet[Harmed]:
        return Harmed.objects.filter(district__in=self.districts_katos)

    @property
    def horizons(self) -> QuerySet[Horizon]:
        """Doors of these districts; a door of the whole country counts for each of them."""
        if not self.districts_katos:
            return Horizon.objects.none()
        return Horizon.objects.filter(Q(district__in=self.districts_katos) | Q(district=None))


def visible_to(*, account: Account) -> Visible:
    """What the account's scopes cover: districts named, and all districts of regions named. One query."""
    if account.pk is None or not account.is_active:
        return Visible(frozenset())
    scopes = account.scopes.values_list("district", "region__districts")
    return Visible(frozenset(str(kato) for katos in scopes for kato in katos if kato is not None))
