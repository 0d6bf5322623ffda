"""Exit codes of commands for what can go wrong in normal life (contract)."""

EXIT_UNEXPECTED = 1
EXIT_USAGE = 2
EXIT_ACCOUNT = 3
EXIT_WAITING = 6
EXIT_UNREACHABLE = 7


def exit_code_of(error: Exception) -> int | None:
    """The exit code for an error that a person is told in a line; None for one that is a bug."""
    from crawler.model.errors import (
        AccountError,
        ApiCallError,
        CrawlError,
        QuotaExhaustedError,
        TransientError,
        UnreachableError,
        UsageError,
    )

    if isinstance(error, UsageError):
        return EXIT_USAGE
    if isinstance(error, UnreachableError):
        return EXIT_UNREACHABLE
    if isinstance(error, AccountError):
        return EXIT_ACCOUNT
    if isinstance(error, QuotaExhaustedError | TransientError):
        return EXIT_WAITING
    if isinstance(error, ApiCallError | CrawlError):
        return EXIT_UNEXPECTED
    return None
