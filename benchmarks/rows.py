"""Rows of a table, printed while they are measured."""

from __future__ import annotations

import sys
from collections.abc import Iterable


def measured(
    rows: Iterable[str], failures: tuple[type[Exception], ...], *, prefix: str = ""
) -> list[str]:
    """Return the rows; print each on standard error as soon as it is measured.

    Args:
        rows: measures each row when it is asked for.
        failures: the exceptions of a measurement that was not possible.
        prefix: text before the message of such a failure.

    Raises:
        SystemExit: 130 after Ctrl-C; 1 after a failure, whose message is printed.
    """
    done = []
    try:
        for row in rows:
            done.append(row)
            print(row, file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("\nstopped: nothing was written", file=sys.stderr)
        raise SystemExit(130) from None
    except failures as error:
        print(f"{prefix}{error}\nthe rows above are measured; nothing else is", file=sys.stderr)
        raise SystemExit(1) from None
    return done
