"""
`make manage ARGS="explain 27-4KQ7-M2XD-W"`: a command of the operators inside the run that is going on.

It sees what the processes of that run see: their servers and keys, their clock, their messages.
"""

import os
import sys

from config.embedded import Places, Postgres, Secrets, Valkey
from config.embedded.faults import EmbeddedFault, Unusable
from config.supervisor.options import ROOT, Options, inherited_environment


def environment(options: Options) -> dict[str, str]:
    """
    What a process of this run is given.

    :raises Unusable: nothing was ever started there
    """
    if not (options.data_dir / "secrets.json").exists():
        raise Unusable(f"Nothing runs with the data in {options.data_dir}: make run first.")
    places, secrets = Places(options.data_dir), Secrets(options.data_dir / "secrets.json")
    postgres = Postgres(places, port=options.port(32), secrets=secrets)
    valkey = Valkey(places, port=options.port(33), secrets=secrets)
    return options.child_environment(
        database_url=options.database_url or postgres.url(), redis_url=options.redis_url or valkey.url()
    )


def main() -> None:
    try:
        given = environment(Options.read(inherited_environment()))
    except EmbeddedFault as fault:
        sys.exit(str(fault))
    os.chdir(ROOT)
    os.execve(sys.executable, [sys.executable, "manage.py", *sys.argv[1:]], given)  # noqa: S606 (no shell is the point)


if __name__ == "__main__":
    main()
