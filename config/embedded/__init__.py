"""
PostgreSQL and Valkey out of wheels, for `make run` and `make test`.

Real servers, the same SQL as in production, but no root, no packages of the system and
nothing listening beyond this machine. What is started here is a direct, waited-for child
in the foreground: after `kill -9` of anything the next start finds what is left over, ends
it and recovers the data.
"""

from config.embedded.faults import EmbeddedFault, InUse, NotStarted, PortBusy
from config.embedded.leash import command_on_leash
from config.embedded.places import Places, ServerUser
from config.embedded.postgres import APP_ROLE, DATABASE, OWNER_ROLE, Postgres
from config.embedded.secrets import Secrets
from config.embedded.servers import Servers, servers
from config.embedded.valkey import Valkey

__all__ = [
    "APP_ROLE",
    "DATABASE",
    "OWNER_ROLE",
    "EmbeddedFault",
    "InUse",
    "NotStarted",
    "Places",
    "PortBusy",
    "Postgres",
    "Secrets",
    "ServerUser",
    "Servers",
    "Valkey",
    "command_on_leash",
    "servers",
]
