"""
What only the demonstration has: people to be, a phone, switches, a counter that is a desk already.

Nothing here is a way around a door: whoever is played signs in as anybody would, over HTTP, and
what is switched is a real process. `config.supervisor` imports this package without Django.
"""

from config.supervisor.options import Options, inherited_environment
from cscdesk.demo_country.personas import CLERK, DEMO_PASSWORD, DISTRICT_OFFICIAL, GRANDMOTHER, MOTHER

__all__ = ["personas"]


def personas() -> list[str]:
    """Lines for the end of `make run`: where to go, and who can be played."""
    options = Options.read(inherited_environment())
    portal, counter, director = (f"http://localhost:{options.port(n)}" for n in (0, 100, 4))
    password = f"password {DEMO_PASSWORD}"
    return [
        f"Play them, read their phone, kill the portal: {director}/",
        f"  Mother             {portal}/kk/  {MOTHER.email}, the code is on the phone",
        f"  Grandmother        {counter}/kk/  {GRANDMOTHER.full_name} comes to the counter of the clerk",
        f"  Clerk              {counter}/kk/  {CLERK.code}, {password}",
        f"  District official  {portal}/kk/officials/  {DISTRICT_OFFICIAL.email}, {password},",
        "                     and the code of an app: the director makes it",
    ]
