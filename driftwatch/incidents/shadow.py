"""Shadow mode: what is told is decided as always, and sent to nobody.

An incident knows two last tellings: the one that people got, and the one that shadow mode kept from them.
While a monitor is in shadow mode the steps are taken as if people had got every one. Once it is live the
incident is what people know of it: what is still open then is told, once, as open already.
"""

from __future__ import annotations

from dataclasses import replace

from driftwatch.incidents.incident import Incident

__all__ = ["keep_unsent", "pretend_told"]


def pretend_told(incident: Incident | None) -> Incident | None:
    """Return the incident as if people had got its last telling; `keep_unsent` takes that back."""
    if incident is None:
        return None
    told, unsent = incident.told_at, incident.unsent_at
    if unsent is None or (told is not None and told > unsent):
        return replace(
            incident, unsent_at=told, unsent_severity=incident.told_severity, unsent_as=incident.told_as
        )
    return _exchange(incident)


def keep_unsent(incident: Incident | None) -> Incident | None:
    """Return the incident with what people really got, and the telling that was kept from them beside it."""
    return None if incident is None else _exchange(incident)


def _exchange(incident: Incident) -> Incident:
    return replace(
        incident,
        told_at=incident.unsent_at,
        told_severity=incident.unsent_severity,
        told_as=incident.unsent_as,
        unsent_at=incident.told_at,
        unsent_severity=incident.told_severity,
        unsent_as=incident.told_as,
    )
