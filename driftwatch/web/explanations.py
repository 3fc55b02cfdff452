"""The words that pages use and the marks that they show, explained without a network."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from driftwatch.incidents.finding import VerdictWord
from driftwatch.web.access import Scope, need
from driftwatch.web.frame import render
from driftwatch.web.glossary import TERMS
from driftwatch.web.house import Here
from driftwatch.web.windows import PAUSED, SHAPES

__all__ = ["VERDICTS", "router"]

router = APIRouter()

VERDICTS: Final = {
    VerdictWord.OK: "Whole, on time, and like the reference.",
    VerdictWord.DRIFT: "Values of at least one column are spread differently from the reference.",
    VerdictWord.DATA: "The data itself is faulty: values are missing, columns are gone, rows repeat.",
    VerdictWord.THIN: "Too few rows to show anything; they are judged together with the next window's.",
    VerdictWord.PARTIAL: "Not all of it is there yet; it is read again, and then judged as it is.",
    VerdictWord.NOT_EVALUATED: "It was given up without being read, and the reason is kept.",
    VerdictWord.NO_DATA: "The source has no rows for it. That is neither good nor bad by itself.",
    VerdictWord.ERROR: "It could not be read or judged; the reason says why.",
}
"""What each verdict on a window means."""


@router.get("/help", response_class=HTMLResponse, dependencies=[need(Scope.READ)])
def show_help(request: Request, house: Here) -> HTMLResponse:
    """Show what words and marks mean."""
    values = {
        "terms": TERMS,
        "verdicts": [(SHAPES[word], means) for word, means in VERDICTS.items()],
        "paused": PAUSED,
    }
    return render(request, "help.html", house.frame("Help", "help"), values)
