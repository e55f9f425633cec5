"""Recorded intervals in which a door did not work; opened and ended, never deleted."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from schools.facts import append_only
from schools.models import Campaign, District


class Outage(models.Model):
    """An interval in which families could not get through; national while `district` is empty. A fact."""

    id = models.UUIDField(primary_key=True, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    district = models.ForeignKey(District, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    reason = models.TextField()
    recorded_at = models.DateTimeField()
    recorded_by = ArrayField(
        models.CharField(max_length=200), help_text="The probe, or two officials by name."
    )

    class Meta:
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} · {self.district or _('whole country')}"


class OutageEnd(models.Model):
    """When an outage ended. A fact."""

    outage = models.OneToOneField(Outage, on_delete=models.PROTECT, primary_key=True, related_name="end")
    ended_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.ended_at:%Y-%m-%d %H:%M}"


class OutageForecast(models.Model):
    """When an outage is expected to end, or when there will be news; the latest one counts. A fact."""

    id = models.UUIDField(primary_key=True, editable=False)
    outage = models.ForeignKey(Outage, on_delete=models.PROTECT, related_name="forecasts")
    reopens_at = models.DateTimeField(null=True)
    next_news_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField()

    class Meta:
        triggers = [append_only()]
        constraints = [
            models.CheckConstraint(
                condition=Q(reopens_at__isnull=False) ^ Q(next_news_at__isnull=False),
                name="a_forecast_names_an_hour_or_the_next_news",
            ),
        ]

    def __str__(self) -> str:
        return str(self.reopens_at or self.next_news_at)
