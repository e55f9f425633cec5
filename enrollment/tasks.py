"""What the clock rings: sweeps that find their work by absence (law 4)."""

from celery import shared_task
from django.core.management import call_command

from enrollment import reconciliation, services
from enrollment.services import checking, draws, scenarios
from schools import clock


@shared_task
def reconcile_rosters(**_: object) -> int:
    """Bring every open campaign's roster up to its facts."""
    return len(reconciliation.reconcile_all(at=clock.now()))


@shared_task
def settle_withdrawals(**_: object) -> int:
    """Let unopposed desk withdrawals stand once their term has run out."""
    return services.settle_withdrawals(at=clock.now())


@shared_task
def make_due_seeds(**_: object) -> int:
    """Make the seed of every day that is over and has its public value."""
    return draws.make_due_seeds(at=clock.now())


@shared_task
def compute_scenarios(*, limit: int = 1, **_: object) -> int:
    """Answer the oldest questions of officials that have no answer."""
    return scenarios.compute_scenarios(limit=limit, at=clock.now())


@shared_task
def send_notices(*, limit: int = 200, **_: object) -> int:
    """Send the messages owed to families."""
    return services.send_notices(limit=limit, at=clock.now())


@shared_task
def owe_notices_of_rounds(*, limit: int = services.BATCH, **_: object) -> int:
    """Write down what families are owed about the rounds; the bell of `send_notices` sends it."""
    return services.owe_notices_of_rounds(limit=limit, at=clock.now())


@shared_task
def render_outage_pages(**_: object) -> None:
    """Write the pages that the front shows while the portal does not open."""
    call_command("render_outage_pages")


@shared_task
def open_matters(**_: object) -> int:
    """Let contested claims and parted twins wait for a person, and end what is settled."""
    return checking.open_matters(at=clock.now())


@shared_task
def open_near_duplicates(**_: object) -> int:
    """Let children that may be one wait for a person."""
    return checking.open_near_duplicates(at=clock.now())
