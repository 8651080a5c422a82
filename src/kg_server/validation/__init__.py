"""SHACL validation: a project in, a ``Report`` out. CI and the server share this one path.

``run`` does the work and imports rdflib and pySHACL. A report from the cache needs neither, so
``run`` is imported only if the cache has none.
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
    repeated: bool = False,
    language: str | None = None,
    tell: Tell = lambda _what, _done: None,
) -> Report:
    """Validate a project's data and ontology against its shapes.

    Args:
        project: the files.
        timeout_s: the time limit, seconds.
        jobs: the number of processes that validate, beside one for the lint rules; one for each
            core when ``None``.
        rules: levels of lint rules by name, in place of the project's own.
        inference: the entailment to apply before validation: ``none``, ``rdfs`` or ``owlrl``.
        advanced: whether to evaluate SHACL Advanced Features. With these, pySHACL checks every
            focus node: the prefilter does not support them.
        use_cache: whether to take the report from the user's cache directory, and keep it there.
            Its key has the contents of the files and the versions of the program and its engines.
        repeated: whether others follow in this process, by the same shapes. What they have in
            common is made here then, once, and not in the processes that validate.
        language: the language of messages, if the shapes have it; else the locale's, the project's,
            or English.
        tell: receives the name of the step under way, and its progress.

    A file that cannot be parsed is a finding, and so is an ill-formed shape. All else is checked.

    Raises:
        ProjectFault: there are no data, no shapes or no focus nodes, or the time limit was met.
    """
    begun = time.monotonic()
    levels = {**project.rules, **(rules or {})}
    spoken = languages(language, project.profile.languages)
    chosen = {"inference": inference, "advanced": str(advanced), "languages": " ".join(spoken)}
    key = cache.key(project, {**levels, **chosen})
    report = cache.recall(key) if use_cache else None
    if report is None:
        # Imported late: the cache answers in a third of the time that this import takes.
        from kg_server.validation import unreadable
        from kg_server.validation.run import Validation

        count = jobs or os.cpu_count() or 1

        def check(project: Project) -> Report:
            work = Validation(
                project,
                timeout_s=timeout_s,
                jobs=count,
                rules=levels,
                tell=tell,
                languages=spoken,
                inference=inference,
                advanced=advanced,
                repeated=repeated,
            )
            return work.report(work.alone) if advanced else work.prefiltered()

        report = unreadable.reported(project, check)
        if use_cache:
            cache.keep(key, report)
    return replace(report, seconds=time.monotonic() - begun)


def languages(chosen: str | None = None, project: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the languages of messages: the chosen one, the locale's, the project's, then English.

    >>> os.environ.update(LC_ALL="de_AT.UTF-8")
    >>> languages(project=["bn"])
    ('de-at', 'bn', 'en')
    >>> del os.environ["LC_ALL"]
    """
    variable = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    locale = re.split(r"[.@]", variable)[0].replace("_", "-").lower()
    tags = (chosen or "", "" if locale in ("c", "posix") else locale, *project, "en")
    return tuple(dict.fromkeys(each.lower() for each in tags if each))
