#!/usr/bin/env python
"""The operators' door: `python manage.py COMMAND`."""

import os
import sys

# The counter and the demo servers name their own settings; they need nothing of the centre's.
SETTINGS_OF_COMMAND = {
    "counter": "config.settings.counter",
    "counter_clerk": "config.settings.counter",
    "counter_enroll": "config.settings.counter",
    "journal_verify": "config.settings.counter",
}


def main() -> None:
    command = sys.argv[1] if len(sys.argv) > 1 else ""
    os.environ.setdefault(
        "DJANGO_SETTINGS_MODULE", SETTINGS_OF_COMMAND.get(command, "config.settings.operator")
    )
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
