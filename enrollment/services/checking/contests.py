"""Of two wishes for one child the one that counts; and a desk's void that nobody of the family confirmed."""

from datetime import datetime
from uuid import UUID, uuid4

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from enrollment.claims import standing_claims
from enrollment.models import Application, Check, Decision, Retraction
from enrollment.selectors.children import children_of
from enrollment.services.checking.cases import close_matter
from enrollment.services.checking.scopes import NoSuchApplication, check_case_scope, checked_reason
from schools.models import Account, Case
from schools.rules import Refusal


class NotContested(Refusal):
    message = _(
        "There is nothing to decide: nobody with a proven relation to this child wants another school."
    )


class NotAVoid(Refusal):
    message = _("There is no such request of a desk.")


@transaction.atomic
def settle_contest(
    *, decision_id: UUID, application_id: UUID, reason: str, official: Account, case: Case, at: datetime
) -> Decision:
    """
    Let this application count for its child; a later decision corrects it.

    It covers what was lodged before it. The id was minted by the page, so twice is once.

    :param reason: the document of the decision: agreement of the parents, court act
    :raises NoSuchApplication: unknown, or of another child than the case's
    :raises NotYours: the case is not of the official's districts
    :raises NoReason: the document is not named
    :raises NotContested: the application is none of those that are contested
    """
    check_case_scope(official=official, case=case)
    words = checked_reason(reason)
    application = Application.objects.filter(id=application_id, campaign_id=case.campaign_id).first()
    if application is None:
        raise NoSuchApplication
    if (done := Decision.objects.filter(id=decision_id).first()) is not None:
        if (done.kind, done.subject) != (Decision.Kind.CONTEST_SETTLED, application_id):
            raise NotContested
        return done
    if application.id not in wishes_for(application):
        raise NotContested
    children = children_of([application])[application.campaign_id]
    if children.key_of(application) != children.stays.get(case.subject, case.subject):
        raise NoSuchApplication
    decision = Decision.objects.create(
        id=decision_id,
        campaign_id=application.campaign_id,
        kind=Decision.Kind.CONTEST_SETTLED,
        subject=application.id,
        account=official,
        reason=words,
        decided_at=at,
    )
    close_matter(
        campaign_id=case.campaign_id,
        kind=Case.Kind.CONTESTED,
        subject=case.subject,
        resolution="settled",
        at=at,
    )
    return decision


def wishes_for(application: Application) -> frozenset[UUID]:
    """Applications of the child that would be contested if nothing had been decided about them."""
    known = children_of([application])[application.campaign_id]
    looked_at = Check.objects.filter(subject=Check.Subject.RELATION, application_id__in=known.lodged)
    last = dict(looked_at.order_by("checked_at", "id").values_list("application_id", "agrees"))
    undecided = standing_claims(
        known.lodged.values(),
        known.retracted,
        same=known.stays,
        checked={id_ for id_, agrees in last.items() if agrees},
    )
    claim = undecided.claims.get(known.key_of(application))
    return claim.contested if claim is not None else frozenset()


@transaction.atomic
def decide_void(*, case: Case, stands: bool, reason: str, official: Account, at: datetime) -> None:
    """
    Say whether a desk's void ends its application; once it stands it cannot be taken back.

    A void that does not stand never has an effect, also when the child is lodged again later;
    a later word that it stands changes that.

    :raises NotAVoid: the case is about something else
    :raises NotYours: the case is not of the official's districts
    :raises NoReason: no reason in words
    """
    check_case_scope(official=official, case=case)
    words = checked_reason(reason)
    if case.kind != Case.Kind.VOID:
        raise NotAVoid
    retraction = Retraction.objects.filter(id=case.subject, kind=Retraction.Kind.VOID).first()
    if retraction is None:
        raise NotAVoid
    # A race: two officials with two answers; the second one waits here and sees the first one's.
    Case.objects.select_for_update().get(pk=case.pk)
    decided = Decision.objects.filter(subject=retraction.id)
    is_new = False
    if stands or not decided.filter(kind=Decision.Kind.VOID_STANDS).exists():
        _decision, is_new = Decision.objects.get_or_create(
            kind=Decision.Kind.VOID_STANDS if stands else Decision.Kind.VOID_REFUSED,
            subject=retraction.id,
            defaults={
                "id": retraction.id if stands else uuid4(),
                "campaign_id": case.campaign_id,
                "account": official,
                "reason": words,
                "decided_at": at,
            },
        )
    if is_new:
        Case.objects.filter(pk=case.pk).update(
            closed_at=at, resolution=f"{'void_stands' if stands else 'void_falls'}: {words}"
        )
