"""The hashes that identify pages, lists and requests."""

from crawler.model.pages import Request, stable_hash


def test_the_order_of_arguments_does_not_change_the_page_id() -> None:
    one, other = Request("e", {"a": 1, "b": "x"}), Request("e", {"b": "x", "a": 1})
    assert one.page_id("c") == other.page_id("c")
    assert one.list_id("c") == other.list_id("c")
    assert one.request_id() == other.request_id()


def test_ids_depend_on_crawl_endpoint_arguments_and_cursor() -> None:
    first = Request("e", {"a": "MS4wX"})
    second = Request("e", {"a": "MS4wX"}, {"cursor": 20})
    assert first.page_id("c") != second.page_id("c")
    assert first.list_id("c") == second.list_id("c")
    assert first.request_id() != second.request_id()
    assert first.page_id("c") != first.page_id("d")
    assert first.list_id("c") != first.list_id("d")
    for other in (Request("f", {"a": "MS4wX"}), Request("e", {"a": "ms4wx"}), Request("e", {"b": "MS4wX"})):
        assert other.page_id("c") != first.page_id("c")
        assert other.list_id("c") != first.list_id("c")
        assert other.request_id() != first.request_id()


def test_a_number_and_its_digits_are_different_cursors() -> None:
    assert Request("e", {}, {"cursor": 20}).page_id("c") != Request("e", {}, {"cursor": "20"}).page_id("c")


def test_a_stable_hash_is_32_hex_characters() -> None:
    assert stable_hash("c", {"a": [1, None]}) == stable_hash("c", {"a": [1, None]})
    assert len(stable_hash()) == 32
    assert int(stable_hash("x"), 16) >= 0
    assert stable_hash("a", "b") != stable_hash("ab")


def test_describe_names_endpoint_arguments_and_cursor() -> None:
    assert Request("post_comments", {"aweme_id": "7"}, {"cursor": 20}).describe() == "post_comments 7 from 20"
    for ids, said in ((["1", "2", "3"], "1 and 2 more"), (["1"], "1"), ([], "")):
        assert Request("multi_post_info", {"aweme_ids": ids}).describe() == f"multi_post_info {said}"
    followings = Request(
        "user_followings", {"id": "5", "sec_uid": "MS4wLjABAAAA" * 5}, {"cursor": 9, "page_token": "x"}
    )
    assert followings.describe() == "user_followings 5 from 9"
    assert Request("keyword_search", {"keyword": "cat food", "period": "30"}).describe() == "keyword_search cat food 30"
    assert Request("e", {"text": "x" * 500}).describe() == f"e {'x' * 60}…"
