"""HTML that another site takes to show a view of this one in a frame."""

from __future__ import annotations

from html import escape


def iframe(address: str, title: str) -> str:
    """Return the element that shows a page of ``/embed/``.

    Args:
        address: the absolute address of a page below ``/embed/``.
        title: the name of the frame, for those who do not see it.

    >>> iframe("https://e.org/embed/doc/claim/1", "A & B").partition(" width")[0]
    '<iframe src="https://e.org/embed/doc/claim/1" title="A &amp; B"'
    """
    return (
        f'<iframe src="{escape(address)}" title="{escape(title)}" '
        'width="100%" height="420" loading="lazy"></iframe>'
    )
