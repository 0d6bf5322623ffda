"""Defines the error that the API answers with: status, detail and what it costs."""

from __future__ import annotations

# Units charged for an answer with this status; any other error is free. Only some of these prices are known, the rest
# are assumptions (provider.md).
CHARGED = {200: 1, 404: 1, 463: 1, 471: 1, 472: 1, 473: 1, 520: 1}


class ApiError(Exception):
    """Raised where the API answers with an error. `body` replaces {"detail": …} for the answers of another shape."""

    def __init__(self, status: int, detail: object, body: object = None) -> None:
        super().__init__(status, detail, body)
        self.status = status
        self.detail = detail
        self.body = {"detail": detail} if body is None else body

    @property
    def units(self) -> int:
        return CHARGED.get(self.status, 0)


def validation_error(field: str, kind: str, message: str, value: object) -> ApiError:
    """Return the 422 that FastAPI sends for one wrong query parameter."""
    return ApiError(422, [validation_detail(field, kind, message, value)])


def validation_detail(field: str, kind: str, message: str, value: object) -> dict[str, object]:
    return {"type": kind, "loc": ["query", field], "msg": message, "input": value}
