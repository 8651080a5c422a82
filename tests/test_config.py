"""Settings: every one can be set, and is refused out of its range."""

from __future__ import annotations

from dataclasses import fields

import pytest

from kg_server.config import Settings
from kg_server.errors import ProjectFault

NUMBERS = [each for each in fields(Settings) if isinstance(each.default, int | float)]


def test_there_are_settings():
    assert len(NUMBERS) >= 15


@pytest.mark.parametrize("setting", NUMBERS, ids=lambda each: each.name)
def test_a_setting_is_read_from_its_variable_and_refused_out_of_its_range(setting):
    variable = f"KG_SERVER_{setting.name.upper()}"

    given = Settings.read({variable: str(setting.default)})

    assert getattr(given, setting.name) == setting.default
    with pytest.raises(ProjectFault, match=variable):
        Settings.read({variable: "-7"})
    with pytest.raises(ProjectFault, match=variable):
        Settings.read({variable: "many"})


@pytest.mark.parametrize("setting", NUMBERS, ids=lambda each: each.name)
def test_the_name_of_a_setting_has_its_unit(setting):
    counted = ("port", "workers", "evaluators", "queue_length", "client_requests")

    assert setting.name in counted or setting.name.endswith(("_s", "_bytes"))
