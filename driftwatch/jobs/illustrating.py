"""The picture that follows a notice, where its channel shows pictures: what changed most in the incident.

It is drawn and sent once, after the notice was delivered and that was recorded: whatever becomes of it, the
notice is not sent again.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from driftwatch.channels.contract import Picture, PictureChannel
from driftwatch.errors import DriftwatchError
from driftwatch.incidents.incident import NoticeType
from driftwatch.incidents.words import say_window, shorten
from driftwatch.jobs.column_evidence import ColumnShelf
from driftwatch.jobs.incident_charts import ColumnPicture, draw_incident
from driftwatch.jobs.parts import Parts
from driftwatch.jobs.pictures import draw_png
from driftwatch.store.delivery import DeliveryRow

__all__ = ["illustrate"]

log = logging.getLogger("driftwatch.deliver")

_ILLUSTRATED: Final = frozenset({NoticeType.OPENED.value, NoticeType.UPDATED.value})
_LONGEST_NAME: Final = 60


def illustrate(parts: Parts, delivered: DeliveryRow, now: datetime) -> bool:
    """Send the picture to a notice that was delivered; return whether one was shown. It never raises."""
    channel = parts.channels.get(delivered.channel)
    if not isinstance(channel, PictureChannel) or not channel.takes_pictures:
        return False
    if delivered.type not in _ILLUSTRATED or delivered.incident_id is None:
        return False
    try:
        picture = _draw(parts, delivered.incident_id)
        if picture is None:
            return False
        error = channel.send_picture(picture, now)
    except DriftwatchError as failure:
        error = str(failure)
    except Exception:  # a picture is an addition: nothing may depend on it
        log.exception("picture failed id=%s channel=%s", delivered.id, delivered.channel)
        return False
    if error is not None:
        log.warning("picture not shown id=%s channel=%s reason=%s", delivered.id, delivered.channel, error)
    return error is None


def _draw(parts: Parts, number: int) -> Picture | None:
    """Return the picture of the column of an incident that changed most; None where there is none."""
    drawn = draw_incident(parts.database, ColumnShelf(lambda: parts.database), number, most=1)
    return _paint(drawn[0], number) if drawn else None


def _paint(drawn: ColumnPicture, number: int) -> Picture:
    about = f"{shorten(drawn.column, _LONGEST_NAME)}, {say_window(drawn.window)}"
    words = f"{about}: {drawn.chart.title}"
    spec = {**drawn.chart.spec, "title": {**drawn.chart.spec["title"], "text": words}}
    return Picture(name=f"incident-{number}.png", words=words, content=draw_png(spec))
