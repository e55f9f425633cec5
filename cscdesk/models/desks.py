"""Service centres, their desks, and how a desk proves that it is itself."""

from django.db import models
from django.db.models import F, Q

from schools.models import District
from schools.models.places import in_the_readers_language


class Centre(models.Model):
    """A place with desks: a service centre, or a school that serves as one."""

    code = models.CharField(max_length=20, primary_key=True)
    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="centres")
    name_kk = models.CharField(max_length=200)
    name_ru = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    address_kk = models.CharField(max_length=200)
    address_ru = models.CharField(max_length=200)
    phone = models.CharField(max_length=40)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return in_the_readers_language(kk=self.name_kk, ru=self.name_ru, en=self.name_en)

    @property
    def supervisor(self) -> str:
        """Who is asked for at its telephone; empty where nobody is named."""
        named = self.clerks.filter(is_supervisor=True, is_active=True).order_by("code")
        return named.values_list("full_name", flat=True).first() or ""


class Desk(models.Model):
    """One counter with a journal of its own."""

    id = models.UUIDField(primary_key=True, editable=False)
    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="desks")
    name = models.CharField(max_length=40, help_text="As on the sign above it.")
    enrolled_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["centre", "name"]
        constraints = [
            models.UniqueConstraint(fields=["centre", "name"], name="a_desks_name_is_its_own_in_a_centre")
        ]

    def __str__(self) -> str:
        return f"{self.centre} · {self.name}"

    @property
    def horizon(self) -> dict[str, str]:
        """How the lists of officials name this desk: the columns of its `Horizon` that never depend on a call."""
        centre = self.centre
        return {
            "district_id": centre.district_id,
            "name_kk": f"{centre.name_kk}, терезе: {self.name}",
            "name_ru": f"{centre.name_ru}, окно: {self.name}",
            "name_en": f"{centre.name_en}, desk: {self.name}",
            "phone": centre.phone,
            "contact": centre.supervisor,
        }


class DeskKey(models.Model):
    """A public key that signs for a desk; every key it ever had stays, to check old entries."""

    desk = models.ForeignKey(Desk, on_delete=models.PROTECT, related_name="keys")
    public_key = models.BinaryField(max_length=32, unique=True)
    certificate_text = models.TextField()
    certificate_sig = models.CharField(max_length=100)
    enrolled_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.desk_id} · {bytes(self.public_key).hex()[:8]}"


class EnrolmentCode(models.Model):
    """A one-time code that binds a counter to its desk: 15 minutes, one use."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="enrolment_codes")
    code_sha256 = models.BinaryField(max_length=32, unique=True)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("issued_at")), name="an_enrolment_code_lives_a_while"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.desk_id} · {self.issued_at:%H:%M}"


class ReceiptPrefix(models.Model):
    """The first three characters of a receipt's number: one issuer each, never given again."""

    prefix = models.CharField(max_length=3, primary_key=True)
    desk = models.ForeignKey(Desk, null=True, on_delete=models.PROTECT, related_name="prefixes")
    given_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.prefix


class Clerk(models.Model):
    """A person who serves at the desks of a centre; signs in at the counter itself."""

    centre = models.ForeignKey(Centre, on_delete=models.PROTECT, related_name="clerks")
    code = models.CharField(max_length=20, unique=True)
    full_name = models.CharField(max_length=200)
    is_supervisor = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["centre", "code"]

    def __str__(self) -> str:
        return self.full_name


class Nonce(models.Model):
    """A call's nonce, kept 30 days: a recorded call cannot be played again."""

    desk = models.ForeignKey(Desk, on_delete=models.CASCADE, related_name="+")
    nonce = models.CharField(max_length=64)
    seen_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["desk", "nonce"], name="a_nonce_is_used_once")]

    def __str__(self) -> str:
        return self.nonce
