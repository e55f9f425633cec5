"""What can be done with the country, its campaigns and its rosters, and why it is refused."""

from .imports import ImportRefused, import_districts, import_schools, import_territories
from .roles import RoleNotBound, grant_app_role

__all__ = [
    "ImportRefused",
    "RoleNotBound",
    "grant_app_role",
    "import_districts",
    "import_schools",
    "import_territories",
]
