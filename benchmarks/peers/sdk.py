"""The EnsembleData SDK as its guide uses it: in a loop in one thread, or in a thread pool.

Only the SDK's base URL is changed. `user_info_from_secuid` and the other methods are called as the guide calls them.
"""

from typing import Any

import ensembledata.api._requester as wire
from ensembledata.api import EDClient, EDError

from benchmarks.peers.child import Crawl, Order
from benchmarks.peers.pool import Pool
from benchmarks.peers.reading import Call, parse_page
from benchmarks.peers.storing import database, store


def prepare(order: Order) -> Crawl:
    wire.BASE_URL = order.api_url
    client = EDClient(order.token)
    db = database(order.mongo_url, order.in_flight + 4)
    db.command("ping")

    def work(call: Call) -> list[Call]:
        try:
            documents, calls = parse_page(call, _fetch(client, call))
        except EDError:  # nothing there, or not for us
            return []
        store(db, documents)
        return calls

    first = [Call("hashtag", name) for name in order.hashtags]
    if order.in_flight == 1:
        return lambda: _loop(first, work)
    pool = Pool(order.in_flight, work)
    return lambda: pool.run(first)


def _loop(calls: list[Call], work: Any) -> int:
    seen = dict.fromkeys(calls)
    while calls:
        new = [call for call in dict.fromkeys(work(calls.pop())) if call not in seen]
        seen.update(dict.fromkeys(new))
        calls += new
    return len(seen)


def _fetch(client: EDClient, call: Call) -> Any:
    cursor: dict[str, Any] = {} if call.cursor is None else {"cursor": call.cursor}
    if call.kind == "hashtag":
        return client.tiktok.hashtag_search(hashtag=call.value, **cursor).data
    if call.kind == "comments":
        return client.tiktok.post_comments(aweme_id=call.value, **cursor).data
    return client.tiktok.user_info_from_secuid(sec_uid=call.value).data
