"""Reads the body of a kept answer as the call that bought it was read, without calling the API."""

from collections.abc import Mapping
from typing import Any

from ensembledata.api._client import TiktokEndpoints

from crawler.api.client import ApiResponse, read_payload
from crawler.api.endpoints import Endpoint
from crawler.model.answers import Answer
from crawler.model.errors import MalformedAnswerError
from crawler.model.pages import Request
from crawler.model.sanitize import decode_json


class _KeptAnswer:
    """Takes the place of the SDK's requester, and gives one answer to whatever is requested."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def get(
        self,
        url: str,  # noqa: ARG002  # of the SDK's signature, as are the next two
        params: Mapping[str, Any],  # noqa: ARG002
        *,
        timeout: float | None = None,  # noqa: ARG002
        return_top_level_data: bool = False,
    ) -> ApiResponse:
        answer = self._answer
        try:
            body = answer.body
            payload = decode_json(body)
        except ValueError as error:
            raise MalformedAnswerError(f"the answer is not JSON: {error}", answer.status, answer.units) from None
        return read_payload(payload, answer.units, answer.status or 200, body, whole=return_top_level_data)


def read_kept(endpoint: Endpoint, request: Request, answer: Answer) -> ApiResponse:
    """Return what the call returned; the same ApiCallError where its answer was one or cannot be read."""
    tiktok = TiktokEndpoints(_KeptAnswer(answer))  # type: ignore[arg-type]  # calls nothing but `get`
    response: ApiResponse = getattr(tiktok, endpoint.name)(**request.args, **request.cursor)
    return response
