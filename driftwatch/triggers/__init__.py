"""Start retraining: plain HTTP.

A trigger is one frozen dataclass: its fields are its settings, and `start` asks once. It keeps no state and
repeats nothing; the queue of retraining requests does.
"""

from __future__ import annotations

from driftwatch.net.catalogue import Catalogue
from driftwatch.triggers.contract import Started, Trigger, TriggerCall
from driftwatch.triggers.http import Http

__all__ = ["TRIGGERS", "Http", "Started", "Trigger", "TriggerCall"]

TRIGGERS: Catalogue[type[Trigger]] = Catalogue("driftwatch.triggers", "start", {"http": Http})
