"""Messages owed to families. The table is the queue (law 4): owed is a row without its `NoticeSent`."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .applications import Application


class Notice(models.Model):
    """One message owed about one application."""

    class Kind(models.TextChoices):
        REGISTERED = "registered", _("The application is registered")
        WITHDRAWAL_CODE = "withdrawal_code", _("A code to withdraw at a desk")
        WITHDRAWN = "withdrawn", _("The application is withdrawn")
        CONFIRMED = "confirmed", _("The place is confirmed")
        RESERVE = "reserve", _("On the reserve list after a confirmed round")
        CONTESTED = "contested", _("The family is asked which school counts")
        HARMED = "harmed", _("Became known too late: first for a free place")

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="notices")
    kind = models.CharField(max_length=20, choices=Kind)
    # What makes a second one different: empty for kinds that are owed once.
    occasion = models.CharField(max_length=40, blank=True)
    text = models.TextField()
    owed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "kind", "occasion"], name="a_notice_is_owed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.application_id}"


class NoticeSent(models.Model):
    """The provider took the message."""

    notice = models.OneToOneField(Notice, on_delete=models.PROTECT, primary_key=True, related_name="sent")
    to = models.CharField(max_length=254)
    sent_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.to


class FamilyCode(models.Model):
    """A one-time code that proves at a desk that the family itself withdraws."""

    application = models.ForeignKey(Application, on_delete=models.PROTECT, related_name="codes")
    code_hmac = models.BinaryField(max_length=32)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["application", "-issued_at"], name="codes_of_an_application")]

    def __str__(self) -> str:
        return f"{self.application_id} · {self.issued_at:%H:%M}"
