"""What `doctor --live` asks for: which endpoints in which order, and with which arguments."""

import pytest

from crawler.api.endpoints import ENDPOINTS
from crawler.model.entities import Comment, Music, Post, User
from crawler.model.errors import UsageError
from producers.doctor.questions import Questions, chosen, price

HASHTAG, PROFILE = ENDPOINTS["hashtag_search"], ENDPOINTS["user_info_from_username"]


def test_the_cheap_endpoints_are_the_default_and_those_that_name_others_come_first() -> None:
    names = [endpoint.name for endpoint in chosen([])]
    assert names[0] == "hashtag_search"
    assert {"full_hashtag_search", "full_keyword_search", "get_usage", "get_usage_history"}.isdisjoint(names)
    assert names.index("post_comments") < names.index("post_comment_replies")
    assert len(names) == len(set(names)) == 18


@pytest.mark.parametrize("name", ["get_usage", "nothing"])
def test_an_endpoint_that_is_not_crawled_is_refused(name: str) -> None:
    with pytest.raises(UsageError, match=f"no endpoint {name}"):
        chosen(["hashtag_search", name])


def test_a_named_endpoint_is_tried_however_dear_it_is() -> None:
    assert [price(endpoint) for endpoint in chosen(["full_hashtag_search"])] == [(63, 250)]


def test_a_batch_is_priced_by_the_ids_that_are_asked_for() -> None:
    assert price(ENDPOINTS["multi_post_info"]) == (1, 5)


def test_something_well_known_is_asked_for_until_an_answer_names_something_better() -> None:
    questions = Questions({})
    questions.plan([PROFILE])
    asked = questions.request(PROFILE)
    assert asked is not None
    assert asked.args == {"username": "tiktok"}
    post = Post(post_id="5", author_username="alice", author_sec_uid="s", author_id="7", comment_count=3)
    questions.learn(HASHTAG, [Post(post_id="4", comment_count=1), post])
    known = [questions.request(ENDPOINTS[name]) for name in ("user_info_from_username", "post_comments", "post_info")]
    assert [dict(request.args) for request in known if request] == [
        {"username": "alice"},
        {"aweme_id": "5"},
        {"url": "https://www.tiktok.com/@alice/video/5"},
    ]


def test_what_the_user_gives_stands_whatever_an_answer_names() -> None:
    questions = Questions({"aweme_ids": "1,2", "hashtag": "dogs"})
    questions.learn(HASHTAG, [Post(post_id="5")])
    batch, hashtag = (questions.request(ENDPOINTS[name]) for name in ("multi_post_info", "hashtag_search"))
    assert batch is not None
    assert hashtag is not None
    assert (batch.args, hashtag.args) == ({"aweme_ids": ["1", "2"]}, {"hashtag": "dogs"})


def test_a_public_user_with_many_followers_is_preferred() -> None:
    questions = Questions({})
    users = [
        User(user_id="1", username="a", private=True, follower_count=90),
        User(user_id="2", username="b", follower_count=5),
        User(user_id="3", username="c", follower_count=50),
    ]
    questions.learn(HASHTAG, [Post(post_id="5", author_username="author")])
    questions.learn(ENDPOINTS["user_search"], users)
    asked = questions.request(PROFILE)
    assert asked is not None
    assert asked.args == {"username": "c"}
    assert not questions.user_is_private


def test_a_profile_that_is_private_is_remembered() -> None:
    questions = Questions({})
    questions.learn(PROFILE, [User(user_id="1", username="a", private=True)])
    assert questions.user_is_private


def test_replies_are_asked_of_a_comment_that_has_some() -> None:
    questions = Questions({"aweme_id": "5"})
    questions.learn(ENDPOINTS["post_comments"], [Comment(comment_id="1"), Comment(comment_id="2", reply_total=3)])
    questions.learn(ENDPOINTS["music_search"], [Music(music_id="9")])
    replies, sound = (questions.request(ENDPOINTS[name]) for name in ("post_comment_replies", "music_details"))
    assert replies is not None
    assert sound is not None
    assert (replies.args, sound.args) == ({"comment_id": "2", "aweme_id": "5"}, {"music_id": "9"})


def test_nothing_is_guessed_that_an_earlier_answer_should_name() -> None:
    questions = Questions({})
    questions.plan(chosen([]))
    assert questions.request(PROFILE) is None
    assert questions.request(HASHTAG) is not None


def test_what_no_earlier_answer_can_name_must_be_given() -> None:
    with pytest.raises(UsageError, match="post_comments needs aweme_id: name hashtag_search too, or give --arg"):
        Questions({}).plan(chosen(["post_comments"]))
    Questions({"aweme_id": "5"}).plan(chosen(["post_comments"]))
    Questions({}).plan(chosen(["hashtag_search", "post_comments"]))


def test_an_argument_that_no_endpoint_takes_is_refused() -> None:
    with pytest.raises(UsageError, match="no endpoint takes captcha"):
        Questions({"captcha": "x"})
