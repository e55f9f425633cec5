"""What one account has written and sent; anybody else's is not there."""

from uuid import UUID

from enrollment.models import Application, Draft


def own_applications(*, account_id: int) -> list[Application]:
    """All applications of an account, the latest first."""
    return list(Application.objects.filter(account_id=account_id).order_by("-lodged_at", "id"))


def own_application(*, account_id: int, number: str) -> Application | None:
    """The account's application with this number; None also for somebody else's."""
    own = Application.objects.filter(account_id=account_id, number=number)
    return own.select_related("campaign").first()


def sent_number(*, account_id: int, draft_id: UUID) -> str | None:
    """The number of the receipt that a draft became."""
    sent = Application.objects.filter(account_id=account_id, id=draft_id)
    return sent.values_list("number", flat=True).first()


def own_draft(*, account_id: int, draft_id: UUID) -> Draft | None:
    """The account's draft with its campaign; None also for somebody else's."""
    return Draft.objects.select_related("campaign").filter(id=draft_id, account_id=account_id).first()
