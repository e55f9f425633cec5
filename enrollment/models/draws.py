"""The draw in public: what was committed to before the opening, and each day's seed. Facts."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from schools.facts import append_only
from schools.models import Campaign


class DrawCommitment(models.Model):
    """What binds the draw before the opening: of K its hash, of the chain its end, of v its source. A fact."""

    campaign = models.OneToOneField(
        Campaign, on_delete=models.PROTECT, primary_key=True, related_name="draw_commitment"
    )
    key_sha256 = models.BinaryField(max_length=32, help_text="SHA-256 of K.")
    chain_end = models.BinaryField(max_length=32)
    chain_length = models.PositiveIntegerField(help_text="Days it lasts for.")
    public_source = models.TextField(help_text="Where each day's public value comes from.")
    committed_at = models.DateTimeField()

    class Meta:
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.campaign_id} · {bytes(self.chain_end).hex()[:8]}"


class PublicValue(models.Model):
    """The public random value of one day, entered by hand from the source that was named. A fact."""

    id = models.UUIDField(primary_key=True, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    date = models.DateField()
    value = models.CharField(max_length=200)
    entered_by = ArrayField(models.CharField(max_length=200))
    entered_at = models.DateTimeField()

    class Meta:
        triggers = [append_only()]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "date"], name="a_day_has_one_public_value"),
            models.CheckConstraint(condition=~Q(value=""), name="a_public_value_is_not_empty"),
        ]

    def __str__(self) -> str:
        return f"{self.date}: {self.value}"


class DaySeed(models.Model):
    """The seed of one day's draw; with it that day's numbers are known. A fact."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="day_seeds")
    date = models.DateField()
    s = models.BinaryField(max_length=32, help_text="The day's secret, shown now.")
    v = models.CharField(max_length=200, help_text="The day's public value.")
    is_replacement = models.BooleanField(
        default=False, help_text=_("The secret was missing: a public one took its place.")
    )
    made_at = models.DateTimeField()

    class Meta:
        triggers = [append_only()]
        constraints = [models.UniqueConstraint(fields=["campaign", "date"], name="a_day_has_one_seed")]

    def __str__(self) -> str:
        return f"{self.campaign_id} · {self.date}"
