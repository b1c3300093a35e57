"""The program `agreid`, also as `python -m agreid_cli` (torchrun needs a module to start).

While modules are imported there is nothing to save, so Ctrl-C and SIGTERM end the process at once, without a
traceback.
"""

import os
import signal
from typing import Any


def leave(signum: int, frame: Any) -> None:
    """Exit at once with the code of the signal: 130 or 143."""
    os._exit(128 + signum)


def main() -> None:
    """Run the program."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:  # nohup and background jobs stay as they were
            signal.signal(number, leave)
    from agreid_cli.cli.app import main as run

    run()


if __name__ == "__main__":
    main()
