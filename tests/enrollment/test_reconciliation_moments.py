"""When arrivals count, for a whole country at once: the same as one by one."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from enrollment.arrival import Interval, merged, moment
from enrollment.reconciliation.moments import moments
from schools.services.publishing.listing import at_microseconds, to_microseconds

OPENS_AT = datetime(2027, 4, 1, 4, tzinfo=UTC)
minutes = st.integers(-3 * 24 * 60, 10 * 24 * 60)
instants = st.builds(
    lambda minute, rest: OPENS_AT + timedelta(minutes=minute, microseconds=rest),
    minutes,
    st.integers(0, 59_999_999),
)
intervals = st.lists(
    st.builds(
        lambda start, length: Interval(
            OPENS_AT + timedelta(minutes=max(start, 0)),
            None if length is None else OPENS_AT + timedelta(minutes=max(start, 0) + length),
        ),
        minutes,
        st.none() | st.integers(1, 2000),
    ),
    max_size=4,
).map(merged)


@given(at=st.lists(instants, max_size=20), around=intervals, grain=st.sampled_from([1, 60, 3600, 86_400]))
@example(at=[datetime(2024, 2, 29, 12, tzinfo=UTC), OPENS_AT], around=[], grain=86_400)
def test_all_at_once_is_each_by_itself(at, around, grain):
    how = {"opens_at": OPENS_AT, "intervals": around, "grain": timedelta(seconds=grain)}

    together = moments(np.array([to_microseconds(one) for one in at], np.int64), **how)

    assert [at_microseconds(int(one)) for one in together] == [moment(one, **how) for one in at]


def test_also_where_the_clocks_of_kazakhstan_were_changed_in_between():
    opens_at = datetime(2024, 2, 28, 4, tzinfo=UTC)
    at = [opens_at + timedelta(hours=7 * n) for n in range(20)]
    how = {"opens_at": opens_at, "intervals": [], "grain": timedelta(days=1)}

    together = moments(np.array([to_microseconds(one) for one in at], np.int64), **how)

    assert [at_microseconds(int(one)) for one in together] == [moment(one, **how) for one in at]
