"""The app as Flower loads it: it sees tasks and runs none."""

from crawler.settings import load
from workers.app import make_app

app = make_app(load())
