"""Every error class of the four drivers is placed: translated at its door, or let through on purpose.

A class that a new version of a driver adds fails `test_every_class_is_placed` until somebody has decided.
"""

import inspect
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import Any

import kombu.exceptions
import pymongo.errors
import pytest
import redis.exceptions
import urllib3.exceptions
from celery import Celery

from crawler.api.client import SdkRequester
from crawler.model.errors import CrawlError, TransportError, UnreachableError, UsageError
from crawler.rate_limit import limiter
from crawler.store import Store, errors
from workers.publisher import Publisher

# --- what is let through, by driver ------------------------------------------------------------------------

MONGO_LETS_THROUGH = {
    # Answers of a server that is there: the repositories handle them, or they are defects of ours.
    "BulkWriteError", "ClientBulkWriteException", "CursorNotFound", "DuplicateKeyError", "OperationFailure",
    "WriteError",
    # Wrong use of the driver, or documents that cannot be stored.
    "CollectionInvalid", "DocumentTooLarge", "EncryptedCollectionError", "EncryptionError", "InvalidDocument",
    "InvalidName", "InvalidOperation", "ProtocolError", "PyMongoError",
    # URLs that cannot be used: crawler/store/connection.py turns them into a UsageError.
    "ConfigurationError", "InvalidURI",
}  # fmt: skip
MONGO_TRANSLATES = {
    "AutoReconnect", "ConnectionFailure", "ExecutionTimeout", "NetworkTimeout", "NotPrimaryError",
    "ServerSelectionTimeoutError", "WTimeoutError", "WaitQueueTimeoutError", "WriteConcernError", "_OperationCancelled",
}  # fmt: skip

# Only of Redis Cluster and of forked locks, which are not used; none of them is a RedisError.
REDIS_LETS_THROUGH = {
    "ChildDeadlockedError", "CrossSlotTransactionError", "IncorrectPolicyType", "InvalidPipelineStack",
    "RedisClusterException", "SlotNotCoveredError",
}  # fmt: skip
REDIS_TRANSLATES = {
    "AskError", "AuthenticationError", "AuthenticationWrongNumberOfArgsError", "AuthorizationError",
    "BusyLoadingError", "ClusterCrossSlotError", "ClusterDownError", "ClusterError", "ConnectionError", "DataError",
    "ExecAbortError", "ExternalAuthProviderError", "InvalidResponse", "LockError", "LockNotOwnedError",
    "MasterDownError", "MaxConnectionsError", "ModuleError", "MovedError", "NoPermissionError", "NoScriptError",
    "NoSuchFieldsetError", "OutOfMemoryError", "PubSubError", "ReadOnlyError", "RedisError", "ResponseError",
    "TimeoutError", "TryAgainError", "WatchError",
}  # fmt: skip

HTTP_LETS_THROUGH = {
    "ProxySchemeUnsupported",  # no proxies
    "DependencyWarning", "HTTPWarning", "InsecurePlatformWarning", "InsecureRequestWarning", "NotOpenSSLWarning",
    "SecurityWarning", "SystemTimeWarning",
}  # fmt: skip
HTTP_TRANSLATES = {
    "BodyNotHttplibCompatible", "ClosedPoolError", "ConnectTimeoutError", "ConnectionError", "DecodeError",
    "EmptyPoolError", "FullPoolError", "HTTPError", "HeaderParsingError", "HostChangedError", "IncompleteRead",
    "InvalidChunkLength", "InvalidHeader", "LocationParseError", "LocationValueError", "MaxRetryError",
    "NameResolutionError", "NewConnectionError", "PoolError", "ProtocolError", "ProxyError", "ProxySchemeUnknown",
    "ReadTimeoutError", "RequestError", "ResponseError", "ResponseNotChunked", "SSLError", "TimeoutError",
    "TimeoutStateError", "URLSchemeUnknown", "UnrewindableBodyError",
}  # fmt: skip
HTTP_NEVER_SENT = {"ConnectTimeoutError", "NameResolutionError", "NewConnectionError", "ProxyError"}

# The broker's door translates whatever its transport raises.
BROKER_TRANSLATES = {
    "BatchPublishError", "ChannelError", "ChannelLimitExceeded", "ConnectionError", "ConnectionLimitExceeded",
    "ContentDisallowed", "DecodeError", "EncodeError", "HttpError", "InconsistencyError", "KombuError",
    "LimitExceeded", "MessageStateError", "NotBoundError", "OperationalError", "ResourceError", "SerializationError",
    "SerializerNotInstalled", "TimeoutError", "VersionMismatch",
}  # fmt: skip

# Names that a module imports for its own use.
FOREIGN = {"_CertificateError", "MessageDefect", "httplib_IncompleteRead"}


def classes(module: ModuleType) -> dict[str, type[Exception]]:
    """Return the exceptions a module offers, by name."""
    found = inspect.getmembers(module, lambda each: inspect.isclass(each) and issubclass(each, Exception))
    return {name: each for name, each in found if name not in FOREIGN}


DRIVERS: list[tuple[ModuleType, set[str], set[str]]] = [
    (pymongo.errors, MONGO_TRANSLATES, MONGO_LETS_THROUGH),
    (redis.exceptions, REDIS_TRANSLATES, REDIS_LETS_THROUGH),
    (urllib3.exceptions, HTTP_TRANSLATES, HTTP_LETS_THROUGH),
    (kombu.exceptions, BROKER_TRANSLATES, set()),
]


@pytest.mark.parametrize(
    ("module", "translated", "let_through"), DRIVERS, ids=[module.__name__ for module, *_ in DRIVERS]
)
def test_every_class_is_placed(module: ModuleType, translated: set[str], let_through: set[str]) -> None:
    assert not translated & let_through
    assert set(classes(module)) - translated - let_through == set()


def raised_by(module: ModuleType, names: set[str]) -> list[Any]:
    """Return an error of each class as a parameter; a class that this version does not have is left out."""
    known = classes(module)
    return [pytest.param(_made(known[name]), id=name) for name in sorted(names & set(known))]


def _made(kind: type[Exception]) -> Exception:
    """Return an error of a class, whatever its own constructor asks for."""
    for arguments in (("no text",), ("no text",) * 3):
        with suppress(Exception):
            return kind(*arguments)
    error = kind.__new__(kind, "no text")
    if isinstance(error, pymongo.errors.OperationFailure):
        pymongo.errors.OperationFailure.__init__(error, "no text", 1, {"errmsg": "no text"})
    return error


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise error

    return fail


# --- MongoDB ----------------------------------------------------------------------------------------------


class FailingRepository:
    """A repository whose one method raises."""

    persistent = False

    def __init__(self, error: Exception) -> None:
        self._error = error

    @errors.translate_errors
    def read(self) -> None:
        raise self._error


def test_a_bulk_that_only_lacks_confirmation_is_waited_for() -> None:
    unconfirmed = {"writeErrors": [], "writeConcernErrors": [{"code": 64, "errmsg": "timed out"}]}
    with pytest.raises(UnreachableError, match="does not confirm writes"):
        FailingRepository(pymongo.errors.BulkWriteError(unconfirmed)).read()
    refused = {"writeErrors": [{"code": 2, "errmsg": "bad value"}], "writeConcernErrors": [{"code": 64}]}
    with pytest.raises(pymongo.errors.BulkWriteError):
        FailingRepository(pymongo.errors.BulkWriteError(refused)).read()


@pytest.mark.parametrize("error", raised_by(pymongo.errors, MONGO_TRANSLATES))
def test_mongodb_away_is_unreachable(error: Exception) -> None:
    with pytest.raises(UnreachableError, match=r"MongoDB does not (answer|confirm writes)"):
        FailingRepository(error).read()


@pytest.mark.parametrize("error", raised_by(pymongo.errors, MONGO_LETS_THROUGH))
def test_other_errors_of_mongodb_are_let_through(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        FailingRepository(error).read()
    assert caught.value is error


@pytest.mark.parametrize("code", [13, 18, 91, 11600, 11602])
def test_a_mongodb_that_refuses_is_unreachable(code: int) -> None:
    error = pymongo.errors.OperationFailure("no text", code, {"errmsg": "not allowed here"})
    with pytest.raises(UnreachableError, match="MongoDB refuses: not allowed here"):
        FailingRepository(error).read()


@pytest.mark.parametrize(
    "url", ["mongodb://a,b/?directConnection=true", "mongodb://a/?loadBalanced=true&replicaSet=x", "mongodb://a:b:c"]
)
def test_a_url_that_the_driver_cannot_use_is_a_usage_error(url: str) -> None:
    with pytest.raises(UsageError, match=r"^TOKCRAWL_MONGO_URL cannot be used: "):
        Store.connect(url, "db")


# --- Redis ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", raised_by(redis.exceptions, REDIS_TRANSLATES))
def test_redis_away_is_unreachable(error: Exception) -> None:
    with pytest.raises(UnreachableError, match=r"^Redis (does not answer|refuses)"):
        limiter._reach(failing(error))


@pytest.mark.parametrize("error", [OSError("reset"), TimeoutError("late"), ConnectionResetError()])
def test_errors_of_the_socket_below_redis_are_unreachable(error: OSError) -> None:
    with pytest.raises(UnreachableError, match=r"^Redis does not answer"):
        limiter._reach(failing(error))


@pytest.mark.parametrize("error", raised_by(redis.exceptions, REDIS_LETS_THROUGH))
def test_errors_of_what_is_not_used_of_redis_are_let_through(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        limiter._reach(failing(error))
    assert caught.value is error


# --- HTTP -------------------------------------------------------------------------------------------------


class FailingResponse:
    """A response whose body cannot be read."""

    status = 200
    headers: dict[str, str] = {"units_charged": "3"}

    def __init__(self, error: Exception) -> None:
        self.read = failing(error)

    def release_conn(self) -> None:
        pass


class FakePool:
    """A connection pool that raises, or returns a response."""

    port = 443
    proxy = None

    def __init__(self, outcome: Exception | FailingResponse) -> None:
        self._outcome = outcome

    def request(self, *_: object, **__: object) -> FailingResponse:
        if isinstance(self._outcome, Exception):
            raise self._outcome
        return self._outcome


def client_over(outcome: Exception | FailingResponse) -> SdkRequester:
    client = SdkRequester("https://api.invalid", "SECRET", 1.0, 1)
    client._pool.close()
    client._pool = FakePool(outcome)  # type: ignore[assignment]  # a fake
    return client


@pytest.mark.parametrize("error", raised_by(urllib3.exceptions, HTTP_TRANSLATES))
def test_a_call_that_brought_no_answer_is_a_transport_error(error: Exception) -> None:
    with pytest.raises(TransportError) as caught:
        client_over(error).get("/tt/user/info", {})
    assert caught.value.units == (0 if type(error).__name__ in HTTP_NEVER_SENT else None)


@pytest.mark.parametrize("error", raised_by(urllib3.exceptions, HTTP_TRANSLATES))
def test_a_body_that_cannot_be_read_is_a_transport_error_with_its_charge(error: Exception) -> None:
    with pytest.raises(TransportError, match="cut short") as caught:
        client_over(FailingResponse(error)).get("/tt/user/info", {})
    assert caught.value.units == 3


@pytest.mark.parametrize("error", raised_by(urllib3.exceptions, HTTP_LETS_THROUGH))
def test_warnings_of_urllib3_are_let_through(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        client_over(error).get("/tt/user/info", {})
    assert not isinstance(caught.value, CrawlError)


# --- the broker -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", raised_by(kombu.exceptions, BROKER_TRANSLATES))
def test_a_broker_that_fails_is_unreachable(error: Exception) -> None:
    publisher = Publisher(Celery(), "redis://broker.invalid/0")
    publisher._connect = failing(error)  # type: ignore[method-assign]  # no broker here
    with pytest.raises(UnreachableError, match=r"the broker at broker\.invalid"):
        publisher.ping()


@pytest.mark.parametrize("error", raised_by(redis.exceptions, REDIS_TRANSLATES | REDIS_LETS_THROUGH))
def test_errors_of_the_transport_below_kombu_are_unreachable(error: Exception) -> None:
    publisher = Publisher(Celery(), "redis://broker.invalid/0")
    publisher._connect = failing(error)  # type: ignore[method-assign]  # no broker here
    with pytest.raises(UnreachableError, match=r"the broker at broker\.invalid"):
        publisher.ping()
