"""Districts, schools and territories from the files of those who keep them: all of a file, or nothing."""

from .campaign import NoCampaign, NoCampaignYet
from .country import CITY_DISTRICTS_FILE, add_missing_regions, import_districts, regions
from .report import Change, Fault, ImportRefused, ImportReport, Verb
from .schools import import_schools
from .territories import import_territories

__all__ = [
    "CITY_DISTRICTS_FILE",
    "Change",
    "Fault",
    "ImportRefused",
    "ImportReport",
    "NoCampaign",
    "NoCampaignYet",
    "Verb",
    "add_missing_regions",
    "import_districts",
    "import_schools",
    "import_territories",
    "regions",
]
