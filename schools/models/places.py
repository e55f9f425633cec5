"""Regions, districts, schools: the country as the state's registers know it."""

from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


def in_the_readers_language(*, kk: str, ru: str, en: str) -> str:
    """The name in the active language; Kazakh where that one is empty."""
    return {"ru": ru, "en": en}.get(get_language() or "kk", kk) or kk


class Region(models.Model):
    """A region or a city of republican significance, by its KATO code."""

    kato = models.CharField(_("KATO code"), max_length=9, primary_key=True)
    name_kk = models.CharField(max_length=120)
    name_ru = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120)

    class Meta:
        ordering = ["kato"]

    def __str__(self) -> str:
        return in_the_readers_language(kk=self.name_kk, ru=self.name_ru, en=self.name_en)


class District(models.Model):
    """A district or city district; its education department answers for its rosters."""

    kato = models.CharField(_("KATO code"), max_length=9, primary_key=True)
    region = models.ForeignKey(Region, on_delete=models.PROTECT, related_name="districts")
    name_kk = models.CharField(max_length=120)
    name_ru = models.CharField(max_length=120)
    name_en = models.CharField(max_length=120)
    help_line = models.CharField(_("help line"), max_length=40, blank=True)

    class Meta:
        ordering = ["kato"]
        constraints = [
            models.CheckConstraint(condition=Q(kato__regex=r"^\d{9}$"), name="district_kato_has_nine_digits"),
        ]

    def __str__(self) -> str:
        return in_the_readers_language(kk=self.name_kk, ru=self.name_ru, en=self.name_en)


class School(models.Model):
    """A school that admits first-graders, known by its BIN."""

    bin = models.CharField(_("BIN"), max_length=12, primary_key=True)
    district = models.ForeignKey(District, on_delete=models.PROTECT, related_name="schools")
    name_kk = models.CharField(max_length=200)
    name_ru = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    address_kk = models.CharField(max_length=200)
    address_ru = models.CharField(max_length=200)
    help_line = models.CharField(_("help line"), max_length=40, blank=True)

    class Meta:
        ordering = ["bin"]
        constraints = [
            models.CheckConstraint(condition=Q(bin__regex=r"^\d{12}$"), name="school_bin_has_twelve_digits"),
        ]

    def __str__(self) -> str:
        return in_the_readers_language(kk=self.name_kk, ru=self.name_ru, en=self.name_en)

    @property
    def address(self) -> str:
        return in_the_readers_language(kk=self.address_kk, ru=self.address_ru, en=self.address_ru)
