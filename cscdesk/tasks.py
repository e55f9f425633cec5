"""What the clock rings: two-line tasks (law 4: Celery is only the bell)."""

from celery import shared_task

from cscdesk import agreement
from cscdesk.services import calls, taking_in
from schools import clock


@shared_task
def take_in_entries(*, limit: int = 500, **_: object) -> int:
    """Turn stored entries without a result into applications; ringing twice does nothing twice."""
    agreement.repair_gapped_entries(at=clock.now())
    return taking_in.take_in_entries(limit=limit, at=clock.now())


@shared_task
def forget_nonces(**_: object) -> int:
    """Drop nonces that are older than they are kept."""
    return calls.forget_nonces(at=clock.now())
