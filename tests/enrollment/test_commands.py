"""`reconcile` and `verify`, as an operator types them: what is said, and with which exit code."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command, execute_from_command_line

from cscdesk.services import take_in_entries
from schools.models import RosterEntry, RosterState
from tests.country import DAY_TWO, OPENING, apply_online, close_round, draw_really, iin, make_country, request
from tests.cscdesk.desks import Counter, request_of
from tests.enrollment.test_agreement import plant

pytestmark = pytest.mark.django_db
NOW = DAY_TWO + timedelta(days=4)


@pytest.fixture(autouse=True)
def _four_days_later(clock_at):
    clock_at(NOW, rate=0)


@pytest.fixture
def campaign():
    """One child of each door."""
    campaign = make_country()
    draw_really(campaign, OPENING.date(), DAY_TWO.date())
    close_round(campaign, 2)
    apply_online(campaign=campaign, wanted=request(child=iin(1)), at=DAY_TWO)
    counter = Counter()
    counter.lodge(request_of(campaign.intakes.first(), n=7), wall=DAY_TWO)
    counter.open()
    counter.hand_in(at=DAY_TWO)
    take_in_entries(at=DAY_TWO)
    return campaign


def typed(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit code, and everything that was said. Closes the connection, as a command does: the last step."""
    try:
        execute_from_command_line(["manage.py", *words])
    except SystemExit as ended:
        code = ended.code
    else:
        code = 0
    said = capsys.readouterr()
    return int(code or 0), said.out + said.err


def reconcile() -> str:
    out = StringIO()
    call_command("reconcile", "--campaign", "2027", stdout=out)
    return out.getvalue()


class TestReconcile:
    def test_says_what_it_did_and_ends_with_0(self, capsys, campaign):
        assert typed(capsys, "reconcile", "--campaign", "2027") == (
            0,
            "4 facts, 2 children, 2 places given, 2 rows written.\n",
        )

    def test_the_second_run_writes_nothing(self, campaign):
        reconcile()
        assert reconcile().endswith(" 0 rows written.\n")
        assert RosterState.objects.get().known_at == NOW

    def test_makes_good_what_was_changed_by_hand(self, campaign):
        reconcile()
        RosterEntry.objects.all().delete()

        assert reconcile().endswith(" 2 rows written.\n")

    def test_an_unknown_campaign_is_named(self, capsys):
        code, said = typed(capsys, "reconcile", "--campaign", "1999")
        assert (code, "There is no campaign 1999." in said) == (1, True)


class TestVerify:
    def test_all_agrees(self, capsys, campaign):
        reconcile()

        code, said = typed(capsys, "verify", "--campaign", "2027")

        assert code == 0
        assert "BAD" not in said
        assert said.endswith("All agrees.\n")
        assert "receipts 2 · void 0 · withdrawn 0 · parked 0 · contested 0 · linked 0 · on_rosters 2" in said

    def test_an_unknown_campaign_is_named(self, capsys):
        code, said = typed(capsys, "verify", "--campaign", "1999")
        assert (code, "There is no campaign 1999." in said) == (1, True)

    @pytest.mark.parametrize(
        ("named", "fault"),
        [
            ("changed applications", "UPDATE enrollment_application SET content_sha256 = '\\x00'"),
            ("roster differences", "UPDATE schools_rosterentry SET draw_number = repeat('0', 64)"),
            ("unended receipts", "DELETE FROM schools_rosterentry WHERE door = 'portal'"),
            ("foreign seeds", "UPDATE enrollment_dayseed SET s = sha256('mine')"),
            ("entries without outcome", "DELETE FROM cscdesk_entryoutcome"),
            ("entries behind a gap", "DELETE FROM cscdesk_chainlink"),
            ("broken chains", "UPDATE cscdesk_entry SET entry = '{}' WHERE seq = 3"),
            (
                "applications without entry",
                "UPDATE enrollment_application SET entry_sha256 = '\\x00' WHERE door = 'desk'",
            ),
            (
                "children with two places",
                f"""
                DROP INDEX one_roster_entry_per_child_and_campaign;
                UPDATE schools_rosterentry SET child_key = '{iin(1)}';
                UPDATE schools_rosterentry SET intake_id = (SELECT max(id) FROM schools_intake)
                    WHERE door = 'desk'
                """,
            ),
        ],
    )
    def test_every_kind_of_fault_is_named_and_ends_with_1(self, capsys, campaign, named, fault):
        reconcile()
        plant(fault)

        code, said = typed(capsys, "verify", "--campaign", "2027")

        assert code == 1
        assert f"BAD {named}: " in said
        assert "Something disagrees." in said
        assert "All agrees." not in said
