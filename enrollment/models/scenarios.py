"""What officials ask of the rule: who would have a place, had one thing been different."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from schools.models import Campaign, District

from .outages import Outage


class Scenario(models.Model):
    """
    One question: the campaign without one outage, or with other rules.

    A row without its result is work that waits (law 4). It changes nothing of the roster.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    official = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="scenarios")
    without_outage = models.ForeignKey(Outage, null=True, on_delete=models.PROTECT, related_name="+")
    policy_data = models.JSONField(
        default=dict, blank=True, help_text="Changed keys, each with its value and its legal basis."
    )
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["-asked_at"]
        indexes = [models.Index(fields=["official", "campaign"], name="scenarios_of_an_official")]
        constraints = [
            models.CheckConstraint(
                condition=Q(without_outage__isnull=False, policy_data={})
                | (Q(without_outage__isnull=True) & ~Q(policy_data={})),
                name="a_scenario_changes_one_thing",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class ScenarioResult(models.Model):
    """What came out for the whole country; `refusal` is empty unless nothing could be compared."""

    scenario = models.OneToOneField(
        Scenario, on_delete=models.CASCADE, primary_key=True, related_name="result"
    )
    refusal = models.CharField(max_length=40, blank=True, help_text="The code of a refusal.")
    rounds = ArrayField(
        models.PositiveSmallIntegerField(), default=list, help_text="As it is, and as it would be."
    )
    totals = models.JSONField(default=dict, help_text="Children that would gain, lose or change a place.")
    computed_at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.scenario_id)


class ScenarioPart(models.Model):
    """The schools of one district that would have other children; read only by those who answer for it."""

    result = models.ForeignKey(ScenarioResult, on_delete=models.CASCADE, related_name="parts")
    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="+")
    schools = models.JSONField(help_text="By choice: the applications that would gain or lose a place there.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["result", "district"], name="a_result_has_one_part_a_district")
        ]

    def __str__(self) -> str:
        return f"{self.result_id} · {self.district_id}"
