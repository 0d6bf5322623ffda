"""Answers the two usage endpoints from the request log; they are free."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from sandbox.provider.params import Field, parse_params
from sandbox.provider.request_log import RequestLog
from sandbox.provider.response import Response, failure, success
from sandbox.world.errors import ApiError, validation_error

USED_UNITS = "/customer/get-used-units"
HISTORY = "/customer/get-history"


def respond_usage(request_log: RequestLog, path: str, query: Mapping[str, str], now: float) -> Response:
    """Return the units of a UTC day as {"tiktok": N, "instagram": 0}, or of past days; 404 for any other path."""
    try:
        if path == USED_UNITS:
            day = parse_params({"date": Field(required=True)}, query).text("date")
            if not _is_date(day):
                raise validation_error("date", "date_parsing", "Not a date", day)
            return success({"tiktok": request_log.units_on(day), "instagram": 0}, 0)
        if path == HISTORY:
            days = parse_params({"days": Field("int", required=True)}, query).integer("days")
            return success(request_log.units_by_day(days, now), 0)
    except ApiError as error:
        return failure(error.status, error.detail)
    return failure(404, "Not Found")


def _is_date(text: str) -> bool:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
