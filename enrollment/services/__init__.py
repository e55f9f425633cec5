"""What can be done, and why it is refused; one public function is one transaction."""

from enrollment.services.accounts import open_account
from enrollment.services.drafts import (
    AlreadySent,
    Checked,
    NoSuchDraft,
    TooManyDrafts,
    begin_draft,
    check_draft,
    request_of,
    save_part,
    unsent_drafts,
)
from enrollment.services.lodging import (
    DeskRequest,
    KeyReused,
    NoFreeNumber,
    NotChecked,
    NotOpenYet,
    NotYours,
    Over,
    lodge_applications,
    lodge_draft,
)
from enrollment.services.notices import send_notices
from enrollment.services.owing import BATCH, owe_notices, owe_notices_of_rounds
from enrollment.services.retractions import (
    IdReused,
    NoSuchApplication,
    code_is_right,
    issue_family_code,
    settle_withdrawals,
    withdraw,
)

__all__ = [
    "BATCH",
    "AlreadySent",
    "Checked",
    "DeskRequest",
    "IdReused",
    "KeyReused",
    "NoFreeNumber",
    "NoSuchApplication",
    "NoSuchDraft",
    "NotChecked",
    "NotOpenYet",
    "NotYours",
    "Over",
    "TooManyDrafts",
    "begin_draft",
    "check_draft",
    "code_is_right",
    "issue_family_code",
    "lodge_applications",
    "lodge_draft",
    "open_account",
    "owe_notices",
    "owe_notices_of_rounds",
    "request_of",
    "save_part",
    "send_notices",
    "settle_withdrawals",
    "unsent_drafts",
    "withdraw",
]
