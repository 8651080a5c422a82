"""SHACL validation: a project in, a ``Report`` out. CI and the server share this one path.

``run`` does the work, and needs rdflib and pySHACL. A report that is kept from an earlier run needs
neither, so ``run`` is imported only where there is none.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from kg_server.project import Project
from kg_server.validation import cache
from kg_server.validation.report import Report

if TYPE_CHECKING:
    from kg_server.validation.run import Tell


TIMEOUT_S = 120.0
"""Time limit of a validation, seconds."""


def validate(
    project: Project,
    *,
    timeout_s: float = TIMEOUT_S,
    jobs: int | None = None,
    rules: Mapping[str, str] | None = None,
    inference: str = "none",
    advanced: bool = False,
    use_cache: bool = True,
    language: str | None = None,
    tell: Tell = lambda _what, _done: None,
) -> Report:
    """Validate a project's data and ontology by its shapes.

    Args:
        project: the files.
        timeout_s: how long it may take, seconds.
        jobs: how many processes share the shapes, beside one for the rules; all cores when
            ``None``.
        rules: levels of rules of ``lint``, by name, where they are not as the project says.
        inference: what is inferred before: ``none``, ``rdfs`` or ``owlrl``.
        advanced: whether SHACL Advanced Features count. With these, pySHACL looks at everything:
            the prefilter does not know them.
        use_cache: whether a report about the same contents, made by the same versions of the
            program and its engines, is taken from the user's cache directory and kept there.
        language: of messages, if the shapes have it; else the locale's, the project's, or English.
        tell: is told how far it is.

    A file that is not well-formed, and a shape that is ill-formed, is a finding; the rest is
    checked.

    Raises:
        ProjectFault: there are no data, no shapes or no focus nodes, or the time is over.
    """
    begun = time.monotonic()
    levels = {**project.rules, **(rules or {})}
    spoken = languages(language, project.profile.languages)
    chosen = {"inference": inference, "advanced": str(advanced), "languages": " ".join(spoken)}
    key = cache.key(project, {**levels, **chosen})
    report = cache.recall(key) if use_cache else None
    if report is None:
        # Imported only now: a report is recalled in a third of the time that the import takes.
        from kg_server.validation import unreadable
        from kg_server.validation.run import Validation

        count = jobs or os.cpu_count() or 1

        def judged(project: Project) -> Report:
            work = Validation(
                *(project, timeout_s, count, levels, tell, spoken),
                inference=inference,
                advanced=advanced,
            )
            return work.report(work.alone) if advanced else work.prefiltered()

        report = unreadable.reported(project, judged)
        if use_cache:
            cache.keep(key, report)
    return replace(report, seconds=time.monotonic() - begun)


def languages(chosen: str | None = None, project: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the languages to speak: the chosen one, the locale's, the project's, then English.

    >>> os.environ.update(LC_ALL="de_AT.UTF-8")
    >>> languages(project=["bn"])
    ('de-at', 'bn', 'en')
    >>> del os.environ["LC_ALL"]
    """
    said = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    locale = re.split(r"[.@]", said)[0].replace("_", "-").lower()
    tags = (chosen or "", "" if locale in ("c", "posix") else locale, *project, "en")
    return tuple(dict.fromkeys(each.lower() for each in tags if each))
