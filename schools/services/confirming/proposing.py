"""
What needs two officials: the first proposes with a reason, the second signs on an own sign-in.

Nobody types a password for somebody else, and nobody signs what another one has worded
without seeing it.
"""

from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from schools.models import (
    Account,
    Annulment,
    Campaign,
    Confirmation,
    ConfirmedPlace,
    District,
    Proposal,
    RosterState,
)
from schools.rules import Refusal
from schools.selectors.watermarks import watermark

from .annulling import NotConfirmed, annul_place
from .rounds import NotClosedYet, NotHeardFrom, confirm_round, refuse_twice
from .signing import check_scope, checked_reason


class AlreadyProposed(Refusal):
    message = _("%(official)s has asked for this already: another official of the district signs it.")


class NothingProposed(Refusal):
    message = _("There is nothing to sign: it was signed or taken back meanwhile.")


@transaction.atomic
def propose_confirmation(
    *, campaign: Campaign, district: District, official: Account, reason: str, at: datetime
) -> Proposal:
    """
    Ask a second official to confirm the current round without the dark desks.

    :raises NotYours: the district is not in the official's scope
    :raises NoReason: the reason is not said in words
    :raises NotClosedYet: no round has a roster
    :raises AlreadyConfirmed: the round is confirmed for this district
    :raises NotHeardFrom: too early
    :raises AlreadyProposed: somebody else asked first; the own one is returned again
    """
    check_scope(official=official, district=district)
    reason = checked_reason(reason)
    state = RosterState.objects.select_related("round").filter(campaign=campaign).first()
    if state is None or state.round is None or state.closing_at is None:
        raise NotClosedYet
    refuse_twice(round_=state.round, district=district)
    mark = watermark(campaign=campaign, district=district.kato, closing_at=state.closing_at)
    if at < mark.reasoned_at:
        raise NotHeardFrom(watermark=mark)
    proposal, is_new = Proposal.objects.select_related("official").get_or_create(
        round=state.round,
        district=district,
        defaults={
            "id": uuid4(),
            "kind": Proposal.Kind.CONFIRM,
            "campaign": campaign,
            "reason": reason,
            "official": official,
            "proposed_at": at,
        },
    )
    return _own(proposal, official, is_new=is_new)


@transaction.atomic
def propose_annulment(*, place: ConfirmedPlace, official: Account, reason: str, at: datetime) -> Proposal:
    """
    Ask a second official to take a confirmed place back for fraud.

    :raises NotYours: the district is not in the official's scope
    :raises NoReason: the reason is not said in words
    :raises NotConfirmed: it was taken back already
    :raises AlreadyProposed: somebody else asked first; the own one is returned again
    """
    confirmation = place.confirmation
    check_scope(official=official, district=confirmation.district)
    reason = checked_reason(reason)
    if Annulment.objects.filter(place=place).exists():
        raise NotConfirmed
    proposal, is_new = Proposal.objects.select_related("official").get_or_create(
        place=place,
        defaults={
            "id": uuid4(),
            "kind": Proposal.Kind.ANNUL,
            "campaign": confirmation.campaign,
            "district": confirmation.district,
            "reason": reason,
            "official": official,
            "proposed_at": at,
        },
    )
    return _own(proposal, official, is_new=is_new)


def _own(proposal: Proposal, official: Account, *, is_new: bool) -> Proposal:
    if not is_new and proposal.official_id != official.pk:
        raise AlreadyProposed(official=str(proposal.official))
    return proposal


def sign_proposal(*, proposal_id: UUID, official: Account, at: datetime) -> Confirmation | Annulment:
    """
    The second signature: what was proposed becomes a fact with both names.

    :raises NothingProposed: signed or taken back meanwhile
    :raises MovedOn: the roster is of a later round by now
    :raises OneOfficial: the one who asked cannot sign for two
    :raises Refusal: everything that `confirm_round` and `annul_place` raise
    """
    proposal = _proposed(proposal_id)
    check_scope(official=official, district=proposal.district)
    fact: Confirmation | Annulment
    if proposal.place is not None:
        fact = annul_place(
            place=proposal.place,
            official=proposal.official,
            second_official=official,
            reason=proposal.reason,
            at=at,
        )
    else:
        fact = confirm_round(
            campaign=proposal.campaign,
            district=proposal.district,
            official=proposal.official,
            second_official=official,
            reason=proposal.reason,
            round_number=proposal.round.number if proposal.round else None,
            at=at,
        )
    # After the fact: a crash between the two leaves a proposal that is refused as confirmed already.
    Proposal.objects.filter(pk=proposal.pk).delete()
    return fact


@transaction.atomic
def take_back_proposal(*, proposal_id: UUID, official: Account) -> None:
    """
    Stop asking: by the one who asked, or by another official of the district who will not sign.

    :raises NothingProposed: signed or taken back meanwhile
    :raises NotYours: the district is not in the official's scope
    """
    proposal = _proposed(proposal_id)
    check_scope(official=official, district=proposal.district)
    proposal.delete()


def _proposed(proposal_id: UUID) -> Proposal:
    proposal = (
        Proposal.objects.select_related(
            "campaign",
            "round",
            "district",
            "official",
            "place__confirmation__district",
            "place__confirmation__campaign",
        )
        .filter(pk=proposal_id)
        .first()
    )
    if proposal is None:
        raise NothingProposed
    return proposal
