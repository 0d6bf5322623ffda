"""Keep answers as bought, compressed: the `answers` collection."""

from collections.abc import Iterator, Sequence

from bson import Binary
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from crawler.model.answers import Answer
from crawler.store.connection import Document, Repository, unjournaled
from crawler.store.errors import are_duplicates, long_running, translate_errors

_PART = 15_000_000  # bytes of a body in one document: MongoDB stops at 16 MiB
_READ_AT_ONCE = 20  # answers


class Answers(Repository):
    """The `answers` collection; a body too large for one document goes on in documents with a `part`."""

    def __init__(self, db: "Database[Document]", persistent: bool = False) -> None:
        super().__init__(db, persistent)
        self._answers = db["answers"]
        self._unjournaled = unjournaled(db["answers"])

    @translate_errors
    def save(self, answers: Sequence[Answer], *, journaled: bool = True) -> None:
        """Add answers; one that is there already stays as it is.

        Not journaled only where a journaled write of the ledger follows.
        """
        documents = [document for answer in answers for document in _documents(answer)]
        try:
            (self._answers if journaled else self._unjournaled).insert_many(documents, ordered=False)
        except BulkWriteError as error:
            if not are_duplicates(error) or error.details.get("writeConcernErrors"):
                raise

    @translate_errors
    def crawls(self) -> list[str]:
        """Return the ids of the crawls that have answers, oldest first."""
        return sorted(self._answers.distinct("crawl"))

    @translate_errors
    @long_running
    def count(self, crawl_id: str, endpoint: str | None = None) -> int:
        return self._answers.count_documents(_wanted(crawl_id, endpoint))

    def of_crawl(self, crawl_id: str, endpoint: str | None = None) -> Iterator[Answer]:
        """Yield a crawl's answers, those of one page together; of one endpoint, or of all."""
        last = ""
        while answers := self._after(crawl_id, endpoint, last):
            yield from answers
            last = answers[-1].id

    @translate_errors
    def _after(self, crawl_id: str, endpoint: str | None, last: str) -> list[Answer]:
        wanted = {**_wanted(crawl_id, endpoint), "_id": {"$gt": last}}
        return [self._answer(found) for found in self._answers.find(wanted).sort("_id").limit(_READ_AT_ONCE)]

    def _answer(self, found: Document) -> Answer:
        packed = bytes(found["body"])
        for part in range(1, found.get("parts", 1)):
            packed += bytes((self._answers.find_one({"_id": f"{found['_id']}:{part}"}) or {}).get("body", b""))
        return Answer(
            found["page"],
            found["_id"].rpartition(":")[2],
            found["crawl"],
            found["endpoint"],
            found["status"],
            found["units"],
            found["at"],
            found["size"],
            found["why"],
            packed,
        )


def _wanted(crawl_id: str, endpoint: str | None) -> Document:
    wanted: Document = {"crawl": crawl_id, "part": {"$exists": False}}
    return wanted if endpoint is None else {**wanted, "endpoint": endpoint}


def _documents(answer: Answer) -> Iterator[Document]:
    """Yield an answer's documents, the further parts of its body first: one that is there is there whole."""
    origin = {"page": answer.page_id, "crawl": answer.crawl_id, "endpoint": answer.endpoint, "at": answer.at}
    parts = max(1, -(-len(answer.packed) // _PART))
    for part in range(parts - 1, 0, -1):
        body = Binary(answer.packed[part * _PART : (part + 1) * _PART])
        yield {"_id": f"{answer.id}:{part}", **origin, "part": part, "body": body}
    yield {
        "_id": answer.id,
        **origin,
        "status": answer.status,
        "units": answer.units,
        "size": answer.size,
        "why": answer.why,
        **({"parts": parts} if parts > 1 else {}),
        "body": Binary(answer.packed[:_PART]),
    }
