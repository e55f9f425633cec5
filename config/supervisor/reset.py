"""`make reset`: forget all data of this checkout."""

import shutil
import sys

from config.embedded import Places
from config.embedded.faults import EmbeddedFault
from config.embedded.servers import locked
from config.supervisor.options import Options, inherited_environment


def main() -> int:
    try:
        options = Options.read(inherited_environment())
        if options.data_dir.exists():
            with locked(options.data_dir):
                Places(options.data_dir).forget()
                shutil.rmtree(options.data_dir)
    except EmbeddedFault as fault:
        print(fault, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"Cannot remove {options.data_dir}: {error.strerror}.", file=sys.stderr)
        return 2
    print(f"{options.data_dir} is gone; the next start begins anew.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
