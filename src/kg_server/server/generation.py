"""A graph in service, as an HTTP worker has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

from kg_server.sandbox.store import SandboxStore
from kg_server.server.wsgi import WsgiApp


@dataclass(slots=True, eq=False)
class Served:
    """A graph in service: its number, its application, its store.

    It is a context manager for the requests that use it.

    Once it is replaced, it gives back what it has when the last request that uses it has ended.
    It is used on the event loop only.
    """

    generation: int
    app: WsgiApp
    store: SandboxStore
    base_iri: str
    _requests: int = 0
    _retired: bool = False

    def __enter__(self) -> Self:
        self._requests += 1
        return self

    def __exit__(self, *_: object) -> None:
        self._requests -= 1
        self._close_unused()

    def retire(self) -> None:
        """Give everything back, when it is not used any more."""
        self._retired = True
        self._close_unused()

    def _close_unused(self) -> None:
        if self._retired and not self._requests:
            self.store.close()


class Serving(Protocol):
    """Holder of the graph that is in service now."""

    def current(self) -> Served:
        """Return it.

        Raises:
            Overloaded: nothing is in service yet.
        """
        ...
