"""The steps from handing in to the place, in sentences; what does not matter for a child is left out."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from django.utils.translation import gettext_lazy as _

from enrollment.claims import Ending

from .values import (
    OUTSIDE,
    TERRITORY,
    Counted,
    Explanation,
    Home,
    Round,
    Sentence,
    Standing,
    Step,
    Wish,
)

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

DIGITS_SHOWN: Final = 8
"""So many first digits of a child's number in the draw: enough to find it again, on the family's page only."""

_ENDINGS: Final = {
    Ending.WITHDRAWN: _("The application was withdrawn. It gives no place."),
    Ending.VOID: _("A service centre entered this application by mistake; it does not count."),
    Ending.CONTESTED: _(
        "Two applications for the child name different schools. Both are kept; for now the earlier one counts. "
        "The education department asks both who sent them."
    ),
}

HELD_FOR: "Final[dict[str, StrOrPromise]]" = {
    "relation": _("It is still being checked how the person who applied is related to the child."),
    "address": _("The registered address is still being checked."),
    "contested": _("There are two applications with different schools; the education department asks."),
    "cut_off": _(
        "It is the last place of its line, and about another place of this line something is still being checked."
    ),
    "twins": _("The last place falls between twins; a person decides."),
    "closing": _("A service centre has applications for this school that are still on their way."),
}

_KINDS: Final = {
    (True, TERRITORY): _("The place is one of those for children of the school's territory."),
    (False, OUTSIDE): _("The place is one of those for children from outside the territory."),
    (True, OUTSIDE): _(
        "The place is one of those for children from outside, which no child from outside took: "
        "then a child of the territory gets it at once."
    ),
    (False, TERRITORY): _(
        "The place is one of those for children of the territory, which no child of the territory took."
    ),
}


def explain(standing: Standing) -> Explanation:
    """The steps, from handing in to the place; what does not matter for this child is left out."""
    steps = [_handed_in(standing)]
    if standing.ending in _ENDINGS:
        steps.append(_step("ending", _("What it counts for"), Sentence(_ENDINGS[standing.ending])))
    elif not standing.shares:
        steps.append(_linked(standing))
    if standing.withdrawal_waits:
        steps.append(
            _step(
                "withdrawal",
                _("A withdrawal waits"),
                Sentence(_("A service centre was asked to withdraw this application")),
                Sentence(_("If it was not you, call 1414 at once: otherwise it will stand.")),
            )
        )
    if standing.shares and standing.ending in (Ending.STANDING, Ending.LINKED):
        steps += _about_the_place(standing)
    return Explanation(number=standing.number, steps=tuple(steps))


def _about_the_place(standing: Standing) -> Iterator[Step]:
    if standing.counted is not None:
        yield _time(standing.counted)
    if standing.home is not None and standing.is_territory is not None:
        yield _home(standing.home, is_territory=standing.is_territory)
    if standing.round is not None:
        yield _round(standing.round)
    for rank, wish in enumerate(standing.wishes, 1):
        yield _wish(wish, rank=rank, is_only=len(standing.wishes) == 1)
    if standing.draw_date is not None and any(wish.equal for wish in standing.wishes):
        yield _draw(standing)
    if any(wish.slot_kind for wish in standing.wishes):
        yield _place(standing)
    if standing.harmed_at:
        yield _harmed(standing)
    if standing.must_act_by is not None:
        yield _must_act(standing)


def _handed_in(standing: Standing) -> Step:
    words = (
        _("The application was handed in on the portal: %(at)s.")
        if standing.door == "portal"
        else _("The application was handed in at a service centre: %(at)s.")
    )
    return _step(
        "handed_in",
        _("When and where it was handed in"),
        Sentence(words, {"at": standing.lodged_at}),
        Sentence(_("The portal and the service centre are equal: only the time counts.")),
    )


def _linked(standing: Standing) -> Step:
    if standing.is_corrected:
        first = Sentence(_("It was corrected later: the correction counts."))
    else:
        first = Sentence(
            _("There is more than one application for the child. All are kept; another one counts.")
        )
    more = [Sentence(_("The one that counts: %(number)s."), {"number": standing.counting})]
    return _step("linked", _("What it counts for"), first, *(more if standing.counting else []))


def _time(counted: Counted) -> Step:
    sentences = []
    if counted.is_earlier:
        sentences.append(
            Sentence(
                _(
                    "For the same child and the same choice there is an application that was handed in earlier: "
                    "the earliest time counts."
                )
            )
        )
    if counted.is_before_opening:
        sentences.append(Sentence(_("What was handed in before the opening counts from the opening on.")))
    if counted.has_opening:
        sentences.append(Sentence(_("On the first day nobody has to hurry, by either door.")))
    for outage in counted.outages:
        facts: dict[str, object] = {"start": outage.start, "end": outage.end}
        if outage.end is None:
            sentences.append(Sentence(_("Families cannot get through since %(start)s."), facts))
        else:
            sentences.append(Sentence(_("Families could not get through from %(start)s to %(end)s."), facts))
    if counted.interval is None:
        minutes = max(int(counted.grain.total_seconds() // 60), 1)
        sentences.append(
            Sentence(
                _("It counts as handed in at %(at)s: times are rounded down to steps of %(minutes)s min."),
                {"at": counted.moment, "minutes": minutes},
            )
        )
    elif counted.interval.end is None:
        sentences.append(
            Sentence(_("Everything since then counts as one time: %(at)s."), {"at": counted.moment})
        )
    else:
        sentences.append(
            Sentence(
                _("Everything handed in from %(start)s to %(end)s counts as one time: %(at)s."),
                {"start": counted.interval.start, "end": counted.interval.end, "at": counted.moment},
            )
        )
    return _step("time", _("As what time it counts"), *sentences)


def _home(home: Home, *, is_territory: bool) -> Step:
    sentences = []
    if home.address and not home.is_other:
        sentences.append(Sentence(_("Registered address: %(address)s."), {"address": home.address}))
    sentences.append(
        Sentence(_("It lies in the school's service territory."))
        if is_territory
        else Sentence(_("It does not lie in the school's service territory: the child applies from outside."))
    )
    if home.is_other:
        sentences.append(
            Sentence(_("A check found another registered address than the one stated; the one found counts."))
        )
    elif home.is_checked:
        sentences.append(Sentence(_("The address was checked.")))
    else:
        sentences.append(
            Sentence(_("The address is not checked yet: until then it counts as it was stated."))
        )
    return _step("home", _("Territory or outside"), *sentences)


def _round(deciding: Round) -> Step:
    facts: dict[str, object] = {
        "n": deciding.number,
        "day": deciding.closing_date,
        "answer": deciding.answer_by,
    }
    if deciding.is_closed:
        words = [
            Sentence(_("It was decided about first in round %(n)s, which closed at 24:00: %(day)s."), facts)
        ]
    elif deciding.closing_date is None:
        words = [
            Sentence(
                _("It takes part in round %(n)s. While the outage goes on the round does not close."), facts
            )
        ]
    else:
        words = [
            Sentence(_("It takes part in round %(n)s, which closes at 24:00: %(day)s."), facts),
            Sentence(
                _("Until then there are no places and no numbers in line. Answer by: %(answer)s."), facts
            ),
        ]
    return _step("round", _("In which round"), *words)


def _wish(wish: Wish, *, rank: int, is_only: bool) -> Step:
    title = (
        Sentence(wish.school)
        if is_only
        else Sentence(_("Choice %(rank)s: %(school)s"), {"rank": rank, "school": wish.school})
    )
    sentences = [
        Sentence(
            _(
                "Places: %(all)s, of them for children of the territory: %(territory)s, from outside: %(outside)s."
            ),
            {
                "all": sum(wish.places.values()),
                "territory": wish.places.get(TERRITORY, 0),
                "outside": wish.places.get(OUTSIDE, 0),
            },
        ),
        Sentence(
            _(
                "In the line of the territory before your child: %(before)s; of them with a place here: %(placed)s."
            )
            if wish.is_territory
            else _(
                "In the line from outside before your child: %(before)s; of them with a place here: %(placed)s."
            ),
            {"before": wish.before, "placed": wish.before_placed},
        ),
    ]
    if wish.slot_kind:
        sentences.append(Sentence(_("So there is a place for your child.")))
        sentences.append(Sentence(_KINDS[wish.is_territory, wish.slot_kind]))
    else:
        if wish.territory_open and not wish.is_territory:
            sentences.append(
                Sentence(_("Kept for children of the territory: %(n)s."), {"n": wish.territory_open})
            )
        sentences.append(Sentence(_("No place is left for your child here.")))
        sentences.append(Sentence(_("Number on the reserve list: %(n)s."), {"n": wish.number}))
    return _step_titled("wish", title, sentences)


def _draw(standing: Standing) -> Step:
    drawn = [wish for wish in standing.wishes if wish.equal]
    sentences = [
        Sentence(
            _(
                "Some children have the very same time. Between them the draw of %(day)s decides: smaller goes first."
            ),
            {"day": standing.draw_date},
        ),
        *(
            [
                Sentence(
                    _("Your child's number in the draw begins with %(digits)s."),
                    {"digits": standing.draw_number[:DIGITS_SHOWN]},
                )
            ]
            if standing.draw_number
            else []
        ),
        *(
            Sentence(
                _("%(school)s: with the same time: %(equal)s; of them with a smaller number: %(before)s."),
                {"school": wish.school, "equal": wish.equal, "before": wish.equal_before},
            )
            for wish in drawn
        ),
    ]
    return _step_titled("draw", Sentence(_("The draw")), sentences)


def _place(standing: Standing) -> Step:
    if standing.confirmed_at is not None:
        words = (
            _("The place was given above the school's capacity, to this child by name: %(at)s.")
            if standing.is_granted
            else _("The place is confirmed: %(at)s.")
        )
        return _step(
            "confirmed",
            _("Confirmed"),
            Sentence(words, {"at": standing.confirmed_at}),
            Sentence(_("Nothing that arrives later takes it away.")),
        )
    if standing.held_for:
        return _step(
            "held",
            _("A place is kept for the child"),
            *(Sentence(HELD_FOR[code]) for code in standing.held_for),
            Sentence(_("Until that is settled the place goes to nobody else, and is not confirmed.")),
        )
    return _step(
        "provisional",
        _("Provisionally"),
        Sentence(_("The list is not confirmed yet, so this may change.")),
    )


def _harmed(standing: Standing) -> Step:
    return _step(
        "harmed",
        _("What became known too late"),
        Sentence(
            _(
                "Something that happened in time became known only after the list was confirmed. "
                "Had it been known, your child would have a place here: %(school)s."
            ),
            {"school": standing.harmed_at},
        ),
        Sentence(
            _(
                "When a place becomes free there, your child goes first. The education department may also add a place."
            )
        ),
    )


def _must_act(standing: Standing) -> Step:
    return _step(
        "must_act",
        _("What the education department must do"),
        Sentence(
            _(
                "The school must give access to the children of its territory. The department finds a place by: %(day)s."
            ),
            {"day": standing.must_act_by},
        ),
        *(
            [Sentence(_("Help line of the district: %(phone)s."), {"phone": standing.help_line})]
            if standing.help_line
            else []
        ),
    )


def _step(code: str, title: "StrOrPromise", *sentences: Sentence) -> Step:
    return Step(code=code, title=Sentence(title), sentences=sentences)


def _step_titled(code: str, title: Sentence, sentences: Sequence[Sentence]) -> Step:
    return Step(code=code, title=title, sentences=tuple(sentences))
