"""How far the facts of a campaign are on its roster. Derived: forget it, and the next run reads everything."""

from django.db import models

from schools.models import Campaign


class ReadFact(models.Model):
    """A fact that the published roster has read: new ones are found by their absence here (law 4)."""

    id = models.UUIDField(primary_key=True, editable=False)

    def __str__(self) -> str:
        return str(self.id)


class Reading(models.Model):
    """The hashes of the facts that the published roster has read, in parts."""

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, primary_key=True, related_name="+")
    buckets = models.JSONField(
        default=dict, help_text="Of the applications, by the first digits of their ids."
    )
    kinds = models.JSONField(
        default=dict, help_text="Of every other kind of facts: how many, and their hash."
    )

    def __str__(self) -> str:
        return str(self.campaign_id)
