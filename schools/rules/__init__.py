"""What is true about admission without any database: numbers, policy, slots, addresses, names, days.

Pure rooms: every door and every floor above may import them, the counter too.
"""

from schools.rules.address import (
    House,
    HouseRange,
    InvalidHouse,
    InvalidHouseRange,
    Parity,
    loose_key,
    parse_house,
    street_key,
)
from schools.rules.ages import OnlyByWish, TooOld, TooYoung, age_refusal
from schools.rules.days import (
    InvalidMovedDays,
    MovedDays,
    answer_date,
    is_working_day,
    next_working_day,
    parse_moved_days,
    working_day_from,
    working_days_after,
)
from schools.rules.identity import (
    BINCheckDigit,
    BINLength,
    BINLetters,
    IINCheckDigit,
    IINLength,
    IINLetters,
    InvalidBIN,
    InvalidIIN,
    iin_matches_birth_date,
    parse_bin,
    parse_iin,
)
from schools.rules.names import kazakh_sort_key
from schools.rules.policy import InvalidPolicy, Policy, default_policy_data, parse_policy
from schools.rules.refusals import Refusal
from schools.rules.slots import TooFewOpenSlots, add_slots, capacity, remove_slots, slots

__all__ = [
    "BINCheckDigit",
    "BINLength",
    "BINLetters",
    "House",
    "HouseRange",
    "IINCheckDigit",
    "IINLength",
    "IINLetters",
    "InvalidBIN",
    "InvalidHouse",
    "InvalidHouseRange",
    "InvalidIIN",
    "InvalidMovedDays",
    "InvalidPolicy",
    "MovedDays",
    "OnlyByWish",
    "Parity",
    "Policy",
    "Refusal",
    "TooFewOpenSlots",
    "TooOld",
    "TooYoung",
    "add_slots",
    "age_refusal",
    "answer_date",
    "capacity",
    "default_policy_data",
    "iin_matches_birth_date",
    "is_working_day",
    "kazakh_sort_key",
    "loose_key",
    "next_working_day",
    "parse_bin",
    "parse_house",
    "parse_iin",
    "parse_moved_days",
    "parse_policy",
    "remove_slots",
    "slots",
    "street_key",
    "working_day_from",
    "working_days_after",
]
