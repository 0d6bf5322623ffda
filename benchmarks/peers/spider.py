"""Scrapy with a MongoDB pipeline, and with scrapy-redis' durable scheduler, as one who knows Scrapy writes them.

What costs and is of no use here is off (log, telnet, cookies, redirects, robots, statistics in the log); connections
are kept, JSON is orjson's, writes are one bulk per collection and page.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import orjson
import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response

from benchmarks.peers.child import Crawl, Order
from benchmarks.peers.reading import Call, parse_page, target
from benchmarks.peers.storing import database, store


class Spider(scrapy.Spider):
    """One item a page, which holds all its documents."""

    name = "bench"
    order: Order
    calls = 0

    async def start(self) -> AsyncIterator[scrapy.Request]:
        for name in self.order.hashtags:
            yield self._request(Call("hashtag", name))

    def parse(self, response: Response, call: list[Any]) -> Iterator[Any]:
        type(self).calls += 1
        documents, calls = parse_page(Call(*call), orjson.loads(response.body)["data"])
        for one in calls:
            yield self._request(one)
        yield {"documents": documents}

    def _request(self, call: Call) -> scrapy.Request:
        url = self.order.api_url + target(call, self.order.token)
        return scrapy.Request(url, callback=self.parse, cb_kwargs={"call": list(call)}, priority=_PRIORITY[call.kind])


# Hashtag pages first: they open the frontier.
_PRIORITY = {"hashtag": 1, "comments": 0, "profile": 0}


class MongoPipeline:
    """Writes where it stands: the least CPU, but nothing else goes on meanwhile."""

    def __init__(self, url: str) -> None:
        self._db = database(url, 20)

    @classmethod
    def from_crawler(cls, crawler: Any) -> "MongoPipeline":
        return cls(crawler.settings["MONGO_URL"])

    def process_item(self, item: dict[str, Any]) -> dict[str, Any]:
        store(self._db, item["documents"])
        return item


class ThreadedPipeline(MongoPipeline):
    """Writes in a thread: the next answers are read meanwhile, for a fifth more CPU."""

    async def process_item(self, item: dict[str, Any]) -> dict[str, Any]:  # type: ignore[override]  # one of two forms
        await asyncio.to_thread(store, self._db, item["documents"])
        return item


def prepare(order: Order) -> Crawl:
    Spider.order = order
    process = CrawlerProcess(_settings(order), install_root_handler=False)

    def crawl() -> int:
        process.crawl(Spider)
        process.start()
        return Spider.calls

    return crawl


def _settings(order: Order) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "ITEM_PIPELINES": {ThreadedPipeline if order.threaded else MongoPipeline: 100},
        "MONGO_URL": order.mongo_url,
        "CONCURRENT_REQUESTS": order.in_flight,
        "CONCURRENT_REQUESTS_PER_DOMAIN": order.in_flight,
        "DOWNLOAD_DELAY": 0,
        "LOG_ENABLED": False,
        "LOGSTATS_INTERVAL": 0,
        "TELNETCONSOLE_ENABLED": False,
        "COOKIES_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "REFERER_ENABLED": False,
        "ROBOTSTXT_OBEY": False,
        "AUTOTHROTTLE_ENABLED": False,
        "MEMUSAGE_ENABLED": False,
        "DOWNLOAD_WARNSIZE": 0,
    }
    if order.durable:
        settings |= {
            "SCHEDULER": "scrapy_redis.scheduler.Scheduler",
            "DUPEFILTER_CLASS": "scrapy_redis.dupefilter.RFPDupeFilter",
            "SCHEDULER_PERSIST": True,
            "REDIS_URL": order.redis_url,
        }
    return settings
