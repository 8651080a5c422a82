"""Budget of each client: seconds of the server in a minute, and requests at the same time."""

from __future__ import annotations

import math
import time
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from cachetools import LRUCache

from kg_server.config import Settings
from kg_server.errors import TooManyRequests
from kg_server.server.exchange import Exchange, Handler
from kg_server.server.request import Request

_WINDOW_S = 60.0
_MOST_CLIENTS = 100_000
_IPV6_PREFIX = 64
"""Bits of an IPv6 prefix that belongs to one customer of a provider (RFC 6177)."""


class Account:
    """Account of one client: a leaky bucket of seconds, and its requests under way.

    Libraries for rate limits count requests. This one counts seconds, which are known only when a
    request has ended.

    Args:
        budget_s: seconds that the bucket holds, and seconds that leak from it in a minute.
    """

    def __init__(self, budget_s: float) -> None:
        self._budget_s, self._used_s, self._at = budget_s, 0.0, time.monotonic()
        self.under_way = 0

    def charge(self, seconds: float) -> None:
        """Add the seconds that a request took."""
        self._used_s = self._used() + seconds
        self._at = time.monotonic()

    @property
    def left_s(self) -> float:
        """Seconds of the budget that are left; at least 0."""
        return max(0.0, self._budget_s - self._used())

    @property
    def wait_s(self) -> float:
        """Seconds until the client may send a request again."""
        over = self._used() - self._budget_s
        return max(0.0, over) * _WINDOW_S / self._budget_s

    def _used(self) -> float:
        leaked = (time.monotonic() - self._at) * self._budget_s / _WINDOW_S
        return max(0.0, self._used_s - leaked)


class Budgets:
    """Refuses requests of a client that has too many under way, or has used too much time.

    Answers from the cache cost nothing. Clients on this machine have no limit, unless a proxy names
    them in ``client_header``.

    Args:
        settings: the budget of a client.
        after: the next step.
    """

    def __init__(self, settings: Settings, after: Handler) -> None:
        self._settings, self._after = settings, after
        self._accounts: LRUCache[str, Account] = LRUCache(_MOST_CLIENTS)

    async def __call__(self, exchange: Exchange) -> None:
        """Answer a request within the budget of its client.

        Raises:
            TooManyRequests: the budget is used up.
        """
        client = client_of(exchange.request, self._settings.client_header)
        if client is None or not self._settings.client_budget_s:
            await self._after(exchange)
            return
        account = self._accounts.get(client)
        if account is None:
            account = self._accounts[client] = Account(self._settings.client_budget_s)
        self._check(account)
        account.under_way += 1
        begun = time.monotonic()
        try:
            await self._after(exchange)
        finally:
            account.under_way -= 1
            account.charge(time.monotonic() - begun)

    def _check(self, account: Account) -> None:
        budget_s, most = self._settings.client_budget_s, self._settings.client_requests
        if account.under_way >= most:
            detail = f"You have {most} requests under way. Wait until one is answered."
            raise self._refused(detail, account, 1.0)
        if account.wait_s > 0:
            detail = (
                f"Your requests took more than {budget_s:g} seconds of this server in a minute."
            )
            detail += (
                f" Wait {math.ceil(account.wait_s)} seconds, and send fewer or faster queries."
            )
            raise self._refused(detail, account, account.wait_s)

    def _refused(self, detail: str, account: Account, wait_s: float) -> TooManyRequests:
        budget_s, after_s = self._settings.client_budget_s, math.ceil(wait_s)
        headers = {
            "Retry-After": str(after_s),
            "RateLimit-Policy": f'"seconds";q={budget_s:g};w={_WINDOW_S:g}',
            "RateLimit": f'"seconds";r={account.left_s:.0f};t={after_s}',
        }
        return TooManyRequests(detail, headers=headers, limit_s=budget_s, window_s=_WINDOW_S)


def client_of(request: Request, header: str = "") -> str | None:
    """Return the network of a request's client; ``None`` if it has no budget.

    Args:
        request: the request.
        header: as in ``Request.sender``. If it is empty, this machine's own clients have no budget.
    """
    return _network(request.sender(header), exempt_own=not header)


@lru_cache(10_000)
def _network(address: str, *, exempt_own: bool) -> str | None:
    try:
        ip = ip_address(address.strip("[]").partition("%")[0])
    except ValueError:
        return None
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is None:
            network = str(ip_network((ip, _IPV6_PREFIX), strict=False))
            return None if ip.is_loopback and exempt_own else network
        ip = ip.ipv4_mapped
    return None if ip.is_loopback and exempt_own else str(ip)
