"""One year's admission: its rules as data, what it offers, its days."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from schools import rules

from .places import District, School


class Language(models.TextChoices):
    """Languages in which first classes are taught."""

    KAZAKH = "kk", _("Kazakh")
    RUSSIAN = "ru", _("Russian")
    UZBEK = "uz", _("Uzbek")
    UYGHUR = "ug", _("Uyghur")
    TAJIK = "tg", _("Tajik")
    ENGLISH = "en", _("English")


def validate_policy(data: dict[str, Any]) -> None:
    """The model's own door to `rules.parse_policy`."""
    try:
        rules.parse_policy(data)
    except rules.InvalidPolicy as refusal:
        raise ValidationError(str(refusal)) from refusal


def validate_moved_days(data: dict[str, Any]) -> None:
    """The model's own door to `rules.parse_moved_days`."""
    try:
        rules.parse_moved_days(data)
    except rules.InvalidMovedDays as refusal:
        raise ValidationError(str(refusal)) from refusal


class Campaign(models.Model):
    """One year's admission to first grade."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    policy_data = models.JSONField(
        default=rules.default_policy_data,
        validators=[validate_policy],
        help_text="Each key with its value and its legal basis.",
    )
    moved_days = models.JSONField(
        default=dict,
        blank=True,
        validators=[validate_moved_days],
        help_text='Days that differ from the calendar: {"2027-03-26": false}; true: worked, false: off.',
    )

    class Meta:
        ordering = ["-year"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__gt=F("opens_at")), name="a_campaign_closes_after_it_opens"
            ),
            models.CheckConstraint(
                condition=Q(year__gte=2020, year__lte=2099), name="a_campaign_year_has_two_printed_digits"
            ),
        ]

    def __str__(self) -> str:
        return str(self.year)

    @property
    def policy(self) -> rules.Policy:
        """The validated rules. :raises rules.InvalidPolicy:"""
        return rules.parse_policy(self.policy_data)


class Intake(models.Model):
    """One school × language of instruction in one campaign, with its numbered slots."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="intakes")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="intakes")
    language = models.CharField(max_length=2, choices=Language)
    slots = models.TextField(
        blank=True,
        help_text="One letter a slot, from slot 0: T territory, O outside, - removed.",
    )

    class Meta:
        ordering = ["school_id", "language"]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "school", "language"], name="one_intake_per_school_and_language"
            ),
            models.CheckConstraint(condition=Q(slots__regex=r"^[TO-]*$"), name="a_slot_is_T_O_or_removed"),
        ]

    def __str__(self) -> str:
        return f"{self.school} · {self.get_language_display()}"

    @property
    def name(self) -> str:
        """How a choice names this intake everywhere: `BIN/language`."""
        return f"{self.school_id}/{self.language}"

    @property
    def capacity(self) -> int:
        """How many children it can take now."""
        return len(self.slots) - self.slots.count("-")


class Territory(models.Model):
    """A stretch of one street whose children a school serves, in one campaign."""

    class Parity(models.TextChoices):
        ALL = "all", _("all houses")
        EVEN = "even", _("even houses")
        ODD = "odd", _("odd houses")

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="territories")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="territories")
    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="+")
    street_kk = models.CharField(max_length=120)
    street_ru = models.CharField(max_length=120, blank=True)
    # `rules.street_key` of every name the street goes by: what a typed address is compared with.
    street_keys = ArrayField(models.CharField(max_length=120))
    first_house = models.PositiveIntegerField(default=1)
    last_house = models.PositiveIntegerField(default=9999)
    parity = models.CharField(max_length=4, choices=Parity, default=Parity.ALL)

    class Meta:
        ordering = ["school_id", "street_kk", "first_house"]
        indexes = [GinIndex(fields=["street_keys"], name="territory_by_street")]
        constraints = [
            models.CheckConstraint(
                condition=Q(last_house__gte=F("first_house")), name="a_house_range_does_not_run_backwards"
            ),
            models.UniqueConstraint(
                fields=["campaign", "school", "district", "street_kk", "first_house", "last_house", "parity"],
                name="a_stretch_of_street_is_named_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.street_kk} {self.first_house}–{self.last_house}"


class Round(models.Model):
    """One decision day."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="rounds")
    number = models.PositiveSmallIntegerField()
    closes_at = models.DateTimeField()

    class Meta:
        ordering = ["campaign", "number"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="rounds_are_numbered_once"),
            models.UniqueConstraint(fields=["campaign", "closes_at"], name="one_round_closes_at_a_time"),
        ]

    def __str__(self) -> str:
        return f"{self.campaign_id} · {self.number}"
