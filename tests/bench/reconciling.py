"""
`python -m tests.bench.reconciling [--once]`: reconcile the one campaign; seconds and rows as JSON.

Without `--once` three times over: from nothing, everything once more, and once more in distrust.
"""

import json
import sys
from time import perf_counter

import django


def main() -> None:
    django.setup()
    from enrollment.reconciliation import reconcile
    from schools import clock
    from schools.models import Campaign
    from tests.bench.resources import peak_mb

    campaign = Campaign.objects.get()
    began = perf_counter()
    first = reconcile(campaign=campaign, at=clock.now())
    between = perf_counter()
    found = {
        "s": between - began,
        "children": first.children,
        "placed": first.placed,
        "rows_written": first.rows_written,
        "peak_mb": peak_mb(),
    }
    if "--once" not in sys.argv:
        # Everything computed once more, as `manage.py reconcile` does it, and nothing to write.
        second = reconcile(campaign=campaign, at=clock.now(), recompute=True)
        found |= {"second_s": perf_counter() - between, "second_rows_written": second.rows_written}
        found |= {"peak_mb": peak_mb()}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
