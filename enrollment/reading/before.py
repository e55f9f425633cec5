"""How many facts happened before a closing: more of them later say that something became known too late."""

from datetime import datetime

from django.db import connection

from schools.models import Campaign

_BEFORE = """
    SELECT (SELECT count(*) FROM enrollment_application WHERE campaign_id = %(year)s AND lodged_at < %(closing)s)
         + (SELECT count(*) FROM enrollment_retraction WHERE campaign_id = %(year)s AND lodged_at < %(closing)s)
         + (SELECT count(*) FROM enrollment_outage WHERE campaign_id = %(year)s AND started_at < %(closing)s)
         + (SELECT count(*) FROM enrollment_outageend e JOIN enrollment_outage o ON o.id = e.outage_id
            WHERE o.campaign_id = %(year)s AND o.started_at < %(closing)s)
         + (SELECT count(*) FROM enrollment_check c JOIN enrollment_application a ON a.id = c.application_id
            WHERE c.campaign_id = %(year)s AND c.found IS NOT NULL AND a.lodged_at < %(closing)s)
"""


def count_before(*, campaign: Campaign, closing: datetime) -> int:
    """
    Applications, retractions and outages of before the closing, and addresses found otherwise than stated.

    They are only ever added, so equal counts are equal sets.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BEFORE, {"year": campaign.pk, "closing": closing})
        (count,) = cursor.fetchone()
    return int(count)
