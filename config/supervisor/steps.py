"""
Run several management commands in one process: Django is loaded once, not once a step.

`python -m config.supervisor.steps '[["migrate", "--noinput"], …]'`. Prints the name of each
command when it has ended well; everything else the commands say goes to standard error.
"""

import contextlib
import json
import os
import sys

import django
from django.core.management import call_command


def main() -> None:
    report = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    with contextlib.redirect_stdout(sys.stderr):
        django.setup()
        for name, *arguments in json.loads(sys.argv[1]):
            print(f"--- {name}")
            call_command(name, *arguments)
            print(name, file=report, flush=True)


if __name__ == "__main__":
    main()
