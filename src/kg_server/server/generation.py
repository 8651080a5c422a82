"""A graph in service with its Flask application, in an HTTP worker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

from kg_server.sandbox.store import SandboxStore
from kg_server.server.wsgi import WsgiApp


@dataclass(slots=True, eq=False)
class Served:
    """A graph in service: its number, its application, its store.

    ``edition`` is the number of the state that the application was made from.

    A request uses it as a context manager. A graph that was replaced closes its store when the last
    request that uses it has ended. Only the event loop uses this class.
    """

    generation: int
    app: WsgiApp
    store: SandboxStore
    base_iri: str
    edition: int = 0
    _requests: int = 0
    _retired: bool = False

    def __enter__(self) -> Self:
        self._requests += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._requests -= 1
        self._close_unused()

    def retire(self) -> None:
        """Close the store as soon as no request uses it."""
        self._retired = True
        self._close_unused()

    def _close_unused(self) -> None:
        if self._retired and not self._requests:
            self.store.close()


class Serving(Protocol):
    """Source of the graph that is in service now."""

    def current(self) -> Served:
        """Return the graph that is in service now.

        Raises:
            Overloaded: no graph is in service yet.
        """
        ...
