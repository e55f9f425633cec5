"""Breaks law 4: no sweeps; a bell is rung once, when something is taken, and may be lost."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from patching import after_import

SWEEPS = {
    "take_in_entries": "cscdesk.tasks.take_in_entries",
    "reconcile_rosters": "enrollment.tasks.reconcile_rosters",
}


def stop_the_sweeps(settings: Any) -> None:
    for name in SWEEPS:
        del settings.CELERY_BEAT_SCHEDULE[name]


def ring_once() -> None:
    import redis
    from django.conf import settings

    from config.celery import app

    with suppress(redis.RedisError):
        # Asked first: Celery itself would wait for the broker, and the family with it.
        redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1).ping()
        app.send_task(SWEEPS["take_in_entries"], queue="intake")
        app.send_task(SWEEPS["reconcile_rosters"], queue="roster", countdown=1)


def _then_ring(kept: Callable[..., Any], *, where: Callable[[dict[str, Any]], bool]) -> Callable[..., Any]:
    def rung(**arguments: Any) -> Any:
        result = kept(**arguments)
        if where(arguments):
            ring_once()
        return result

    return rung


def ring_for_families(services: Any) -> None:
    services.lodge_draft = _then_ring(services.lodge_draft, where=lambda _arguments: True)


def ring_for_desks(services: Any) -> None:
    services.store_delivery = _then_ring(
        services.store_delivery, where=lambda arguments: bool(arguments["delivery"].entries)
    )


after_import("config.settings.central", stop_the_sweeps)
after_import("enrollment.services", ring_for_families)
after_import("cscdesk.services", ring_for_desks)
