"""The least that the work costs in Python threads: pooled urllib3, orjson, bulk upserts; no queue, no ledger."""

import orjson
import urllib3

from benchmarks.peers.child import Crawl, Order
from benchmarks.peers.pool import Pool
from benchmarks.peers.reading import Call, parse_page, target
from benchmarks.peers.storing import database, store


def prepare(order: Order) -> Crawl:
    base = urllib3.util.parse_url(order.api_url)
    http = urllib3.connection_from_url(order.api_url, maxsize=order.in_flight, retries=False)
    db = database(order.mongo_url, order.in_flight + 4)
    db.command("ping")

    def work(call: Call) -> list[Call]:
        answer = http.request("GET", f"{base.path or ''}{target(call, order.token)}")
        if 400 <= answer.status < 500 or answer.status == 520:  # nothing there, or not for us
            return []
        if answer.status != 200:
            raise RuntimeError(f"{call}: HTTP {answer.status}")
        documents, calls = parse_page(call, orjson.loads(answer.data)["data"])
        store(db, documents)
        return calls

    pool = Pool(order.in_flight, work)
    return lambda: pool.run([Call("hashtag", name) for name in order.hashtags])
