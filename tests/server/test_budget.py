"""Budgets of clients: seconds in a minute, requests at one time."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest

from kg_server.config import Settings
from kg_server.server import access_log
from kg_server.server.budget import Account, Budgets, client_of
from kg_server.server.request import Request

from .steps import Last, client

SETTINGS = Settings(client_budget_s=10, client_requests=2, client_header="x-forwarded-for")


def request_from(address: str, **headers: str) -> Request:
    scope = {
        "method": "GET", "path": "/", "raw_path": b"/", "query_string": b"", "scheme": "http",
        "http_version": "1.1", "client": (address, 1), "server": ("127.0.0.1", 2),
        "headers": [(name.replace("_", "-").encode(), v.encode()) for name, v in headers.items()],
    }  # fmt: skip
    return Request(scope)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("127.0.0.1", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
    ],
)
def test_a_client_is_an_address_or_a_network(address, expected):
    assert client_of(request_from(address)) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [("192.0.2.7", "192.0.2.7"), ("1.2.3.4, 192.0.2.7", "192.0.2.7"), ("nobody", None)],
)
def test_a_proxy_says_who_the_client_is_at_the_end(said, expected):
    request = request_from("127.0.0.1", x_forwarded_for=said)

    assert client_of(request, "x-forwarded-for") == expected


def test_an_account_is_used_up_and_fills_again():
    account = Account(budget_s=60)

    account.charge(59)
    before = account.left_s, account.wait_s
    account.charge(31)

    assert before[0] == pytest.approx(1, abs=0.1)
    assert before[1] == 0
    assert account.left_s == 0
    assert account.wait_s == pytest.approx(30, abs=0.1)


def ask(*addresses: str, together: bool = False):
    async def asked():
        last = Last()
        budgets = Budgets(SETTINGS, last)
        async with client(budgets, SETTINGS) as asking:
            if together:
                last.wait.clear()
            tasks = [
                asyncio.create_task(asking.get("/", headers={"X-Forwarded-For": address}))
                for address in addresses
            ]
            while len(last.exchanges) < 2 * len(set(addresses)) and together:
                await asyncio.sleep(0)
            last.wait.set()
            return [await task for task in tasks]

    return asyncio.run(asked())


def test_one_client_has_only_so_many_requests_under_way():
    replies = ask(*["192.0.2.1"] * 3, *["192.0.2.2"] * 2, together=True)

    assert [reply.status_code for reply in replies] == [200, 200, 429, 200, 200]
    assert replies[2].headers["Retry-After"] == "1"


def test_a_client_that_used_too_much_is_told_when_to_come_back():
    async def asked():
        budgets = Budgets(SETTINGS, Last())
        async with client(budgets, SETTINGS) as asking:
            headers = {"X-Forwarded-For": "192.0.2.1"}
            first = await asking.get("/", headers=headers)
            budgets._accounts["192.0.2.1"].charge(11)
            return first, await asking.get("/", headers=headers)

    first, refused = asyncio.run(asked())

    assert first.status_code == 200
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 7
    assert refused.headers["RateLimit-Policy"] == '"seconds";q=10;w=60'
    assert json.loads(refused.content)["limit_s"] == 10


@pytest.mark.parametrize(
    ("said", "expected"),
    [("1.2.3.4, 192.0.2.7", "192.0.2.7"), ("", "127.0.0.1"), ("x" * 999, "x" * 64)],
)
def test_the_logs_name_the_client_that_the_proxy_names(said, expected, caplog):
    settings = replace(SETTINGS, slow_query_s=0.0)

    request = request_from("127.0.0.1", x_forwarded_for=said)
    request.is_whole = True

    access_log.record(settings, request, 200, 1)

    (line,) = caplog.messages
    assert json.loads(line)["client"] == expected


@pytest.mark.parametrize(("is_whole", "lines"), [(True, 1), (False, 0)])
def test_a_request_that_does_not_arrive_whole_is_no_slow_query(is_whole, lines, caplog):
    settings, request = replace(SETTINGS, slow_query_s=0.0), request_from("127.0.0.1")
    request.is_whole = is_whole

    access_log.record(settings, request, 503, 1)

    assert len(caplog.messages) == lines
