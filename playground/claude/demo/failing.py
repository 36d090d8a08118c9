"""The errors of the API as values."""

from dataclasses import dataclass

from playground.core.text.json_text import Json, JsonObject


@dataclass(frozen=True, slots=True)
class ApiError:
    """What the API refuses a request with."""

    status: int
    type: str
    message: str
    error_code: str | None = None

    @property
    def is_transient(self) -> bool:
        """What the header `x-should-retry` says; a reached spend limit says nothing."""
        return self.status in (408, 409, 429) or self.status >= 500

    def body(self, request_id: str) -> JsonObject:
        """The JSON of an error, also that of an event inside a stream."""
        error: dict[str, Json] = {"type": self.type, "message": self.message}
        if self.error_code:
            error["details"] = {"error_code": self.error_code}
        return {"type": "error", "error": error, "request_id": request_id}


def invalid(message: str) -> ApiError:
    """400: the request itself is wrong."""
    return ApiError(400, "invalid_request_error", message)


OVERLOADED = ApiError(529, "overloaded_error", "Overloaded")
