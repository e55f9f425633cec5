"""The line to the centre: calls, one exchange after another, and the thread that never gives up."""

from cscdesk.counter.sync.exchanging import Exchange, enroll, exchange, request_family_code
from cscdesk.counter.sync.line import Line, LineFault, Reply
from cscdesk.counter.sync.runner import Courier, backoff, ring, start_courier

__all__ = [
    "Courier",
    "Exchange",
    "Line",
    "LineFault",
    "Reply",
    "backoff",
    "enroll",
    "exchange",
    "request_family_code",
    "ring",
    "start_courier",
]
