"""Says what an error answer is and costs: status, detail, units."""

from __future__ import annotations

# What an answer with this status is charged; all others (422, 429, 462, 464, 466, 469, 474, 491-495, 5xx but 520): 0.
# The reference knows only that some errors cost 1 (section 5: "if the secUid doesn't exist the cost is just 1").
CHARGED = {200: 1, 404: 1, 463: 1, 471: 1, 472: 1, 473: 1, 520: 1}


class Refused(Exception):
    """The API answers with an error of its own. `body` replaces {"detail": …} where an answer is odd."""

    def __init__(self, status: int, detail: object, body: object = None) -> None:
        super().__init__(status, detail, body)
        self.status = status
        self.detail = detail
        self.body = {"detail": detail} if body is None else body

    @property
    def units(self) -> int:
        return CHARGED.get(self.status, 0)
