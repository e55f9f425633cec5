"""What was found out about an application and its child after it was taken. Facts."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from schools.facts import append_only
from schools.models import Campaign


class Check(models.Model):
    """One look at what an application states, in a registry or a document. A fact."""

    class Subject(models.TextChoices):
        RELATION = "relation", _("Relation to the child")
        ADDRESS = "address", _("Registered address")

    id = models.UUIDField(primary_key=True, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    application_id = models.UUIDField(db_index=True)
    subject = models.CharField(max_length=8, choices=Subject)
    agrees = models.BooleanField(help_text="What was found is what the application states.")
    # Of an address that differs: the registered one, as in a request; it decides the lane.
    found = models.JSONField(null=True)
    basis = models.TextField(help_text="The registry asked or the document seen.")
    official = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    checked_at = models.DateTimeField()

    class Meta:
        triggers = [append_only()]
        constraints = [models.CheckConstraint(condition=~Q(basis=""), name="a_check_names_its_basis")]

    def __str__(self) -> str:
        return f"{self.application_id} · {self.subject}"


class ChildLink(models.Model):
    """A person's word on two child keys: one child, or two that are only alike. A fact."""

    id = models.UUIDField(primary_key=True, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    child_key = models.CharField(max_length=60)
    # The key that stays: the IIN where there is one.
    other_key = models.CharField(max_length=60)
    is_same = models.BooleanField()
    reason = models.TextField()
    official = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    decided_at = models.DateTimeField()

    class Meta:
        triggers = [append_only()]
        constraints = [
            models.CheckConstraint(
                condition=~Q(child_key=F("other_key")) & ~Q(reason=""), name="a_link_names_two_keys_and_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.child_key} = {self.other_key}"


class TwinsWish(models.Model):
    """The parents' wish that their twins share one token, so that the draw does not part them. A fact."""

    id = models.UUIDField(primary_key=True, editable=False)
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    applications = ArrayField(models.UUIDField(), help_text="One of each child.")
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    wished_at = models.DateTimeField()

    class Meta:
        triggers = [append_only()]
        constraints = [
            models.CheckConstraint(condition=Q(applications__len__gte=2), name="twins_are_two_or_more")
        ]

    def __str__(self) -> str:
        return str(self.id)
