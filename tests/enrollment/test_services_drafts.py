"""Drafts: started once, saved part by part, judged whole."""

from uuid import uuid4

import pytest

from enrollment.models import Draft
from enrollment.rules import content_sha256, decode_request
from enrollment.services import (
    AlreadySent,
    NoSuchDraft,
    NotChecked,
    TooManyDrafts,
    begin_draft,
    check_draft,
    lodge_draft,
    save_part,
)
from enrollment.services.drafts import BLANK_FORM, DRAFTS_AT_ONCE
from tests.factories import (
    DURING,
    AccountFactory,
    ApplicationFactory,
    CampaignFactory,
    DraftFactory,
    IntakeFactory,
)

pytestmark = pytest.mark.django_db


def begin(draft_id, account):
    return begin_draft(
        draft_id=draft_id, account_id=account.pk, campaign=CampaignFactory(), language="ru", at=DURING
    )


def save(draft, part, *, account_id=None):
    return save_part(draft_id=draft.id, account_id=account_id or draft.account_id, part=part, at=DURING)


def test_beginning_twice_begins_one():
    draft_id, account = uuid4(), AccountFactory()

    first, second = begin(draft_id, account), begin(draft_id, account)

    assert first == second
    assert Draft.objects.count() == 1
    assert len(bytes(second.salt)) == 16


def test_a_blank_draft_can_be_read_as_a_request():
    assert decode_request(dict(BLANK_FORM)).choices == []


def test_somebody_elses_draft_is_not_there():
    draft = DraftFactory()
    stranger = AccountFactory()

    with pytest.raises(NoSuchDraft):
        begin(draft.id, stranger)
    with pytest.raises(NoSuchDraft):
        save(draft, {"phone": None}, account_id=stranger.pk)


def test_there_is_an_end_to_unfinished_drafts():
    account = AccountFactory()
    for _time in range(DRAFTS_AT_ONCE):
        begin(uuid4(), account)

    with pytest.raises(TooManyDrafts):
        begin(uuid4(), account)


def test_saving_a_part_leaves_the_others_alone():
    draft = DraftFactory()

    saved = save(draft, {"address": {"district": "", "street": "", "house": "", "flat": ""}})

    assert saved.form["address"]["street"] == ""
    assert saved.form["child"] == draft.form["child"]


def test_checking_fills_the_sending_columns_only_without_faults():
    whole, lacking = DraftFactory(), DraftFactory(form={**dict(BLANK_FORM)})

    for draft in (whole, lacking):
        check_draft(draft=draft, campaign=draft.campaign)
        draft.refresh_from_db()

    assert bytes(whole.content_sha256) == content_sha256(decode_request(whole.form))
    assert (whole.child_key, whole.choices) == (whole.form["child"]["iin"], whole.form["choices"])
    assert lacking.content_sha256 is None


def test_a_school_outside_the_campaign_is_a_fault():
    draft = DraftFactory()
    draft.form["choices"] = ["990140999995/kk"]

    assert set(check_draft(draft=draft, campaign=draft.campaign).faults) == {"choices"}


def test_a_change_after_the_check_must_be_checked_again():
    draft = DraftFactory()
    shown = check_draft(draft=draft, campaign=draft.campaign).content_sha256
    save(draft, {"phone": "+77770000000"})

    with pytest.raises(NotChecked):
        lodge_draft(draft_id=draft.id, account_id=draft.account_id, shown_sha256=shown, year=2027, at=DURING)


def test_saving_the_same_answers_keeps_the_check():
    draft = DraftFactory()
    shown = check_draft(draft=draft, campaign=draft.campaign).content_sha256

    saved = save(draft, {"phone": draft.form["phone"]})

    assert bytes(saved.content_sha256) == shown


def test_a_page_saved_during_the_check_leaves_the_draft_unchecked():
    stale = DraftFactory()
    save(Draft.objects.get(pk=stale.pk), {"phone": "+77770000000"})

    check_draft(draft=stale, campaign=stale.campaign)

    assert Draft.objects.get(pk=stale.pk).content_sha256 is None


def test_what_was_sent_is_never_edited():
    intake = IntakeFactory()
    application = ApplicationFactory(intake=intake)
    draft = DraftFactory(id=application.id, account=application.account, intake=intake)

    with pytest.raises(AlreadySent) as refused:
        save(draft, {"phone": None})
    with pytest.raises(AlreadySent):
        begin(draft.id, application.account)
    assert refused.value.facts == {"number": application.number}


def test_the_id_of_somebody_elses_application_tells_nothing_and_is_not_taken():
    application, stranger = ApplicationFactory(), AccountFactory()

    with pytest.raises(NoSuchDraft):
        begin(application.id, stranger)
    assert not Draft.objects.filter(account=stranger).exists()
