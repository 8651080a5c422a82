"""Entry point of the command ``kg-server``, and of ``python -m kg_server``."""

import signal
import sys


def main() -> None:
    """Run the command line; Ctrl-C ends it without a traceback while modules are imported."""
    is_usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler  # else it is ignored
    if is_usual:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if sys.argv[1:2] == ["serve"]:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # until there is something to reload
    from kg_server.cli.main import main as run

    if is_usual:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


if __name__ == "__main__":
    main()
