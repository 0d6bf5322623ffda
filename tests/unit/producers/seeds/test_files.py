"""Files as people have them: a row for each, with the seeds that are in it and what is said of the rest."""

import io
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from crawler.model.errors import UsageError
from producers.seeds.options import read_seeds
from producers.seeds.problems import InvalidSeedsError
from producers.seeds.seed_value import SeedValue

ID, ID2 = "7123456789012345678", "7123456789012345679"
EXPORT = "https://www.tiktokv.com/share/video"


class Case(NamedTuple):
    """A file, the labels of its valid seeds, and the reasons of its invalid lines."""

    name: str
    kind: str
    text: str
    labels: list[str]
    refused: dict[int, str] = {}


CASES = [
    Case("hashtag_rtl_mark.txt", "hashtag", "#\u200f\u0642\u0637\u0637\n", ["#\u0642\u0637\u0637"]),
    Case("hashtags_hash_space.txt", "hashtag", "# cats\n# dogs\n#birds\n", ["#cats", "#dogs", "#birds"]),
    Case("hashtags_with_a_comment.txt", "hashtag", "# two words\n# one\ncats\n", ["#cats"]),
    Case(
        "hashtags_accepted_wrongly.txt",
        "hashtag",
        "#\u200fقطط\n#\u061cقطط\ncat\u200bs\nca\xadts\n'cats'\n“cats”\n(cats)\ncats.\ncats!\n＃猫＃犬\ncats，dogs\n7.21053E+18\n",  # noqa: RUF001
        ["#قطط", "#cats"],
        {**dict.fromkeys(range(5, 12), "is invalid: hashtag needs one hashtag"), 12: "is a rounded number"},
    ),
    Case(
        "hashtags_with_joiners.txt",
        "hashtag",
        "\u0646\u0645\u06cc\u200c\u062e\u0648\n👩\u200d🚀\n",
        ["#\u0646\u0645\u06cc\u200c\u062e\u0648", "#👩\u200d🚀"],
    ),
    Case(
        "ids_excel_rounded.txt",
        "posts",
        "7123456789012340000\n7123456789012350000\n7223456789012360000\n",
        [],
        dict.fromkeys((1, 2, 3), "ends in 0000: a spreadsheet rounded it to 15 digits; the true ids are lost"),
    ),
    Case(
        "ids_double_rounded.txt",
        "posts",
        "7123456789012346000\n7123456789012345856\n7223456789012346880\n7123456789012345679\n",
        [ID2],
        dict.fromkeys((1, 2, 3), "was rounded, as most ids of this list"),
    ),
    Case(
        "ids_scientific.txt",
        "post",
        f"7.12346E+18\n7,12346E+18\n7.123456789012346e+18\n{ID}\n",
        [ID],
        dict.fromkeys((1, 2, 3), "is a rounded number: a spreadsheet or R took the id for one"),
    ),
    Case(
        "ids_impossible.txt",
        "posts",
        "99999999999999999999\n18446744073709551616\n000000000000000\n",
        [],
        {1: "this one's is in the future", 2: "this one's is in the future", 3: "this one's is before 2014"},
    ),
    Case("ids_r_export.txt", "posts", f'"1" {ID}\n"2" {ID2}\n', [ID, ID2]),
    Case("ids_as_text.txt", "posts", f'="{ID}"\n\'{ID2}\n', [ID, ID2]),
    Case("users_header.csv", "user", "username\r\nsome.user\r\n", ["@some.user"]),
    Case("users_two_columns.csv", "user", "username,followers\nsome.user,100\n", ["@some.user"]),
    Case("users_quoted.csv", "user", '"username"\n"some.user"\n', ["@some.user"]),
    Case("users_semicolons.csv", "user", "followers;Unique ID\n100;some.user\n;\n", ["@some.user"]),
    Case("users_tabs.tsv", "likes", "nr\tprofile-url\n1\thttps://www.tiktok.com/@some.user\n", ["@some.user"]),
    Case("users_joined.txt", "user", "alice\nusername\nbob\n", ["@alice", "@bob"], {2: "is a column's name"}),
    Case(
        "users_trailing_dot.txt",
        "user",
        "some.user.\n@some.user.\nhttps://www.tiktok.com/@some.user.\n..\n",
        ["@some.user"],
        {4: "is invalid: user needs a name"},
    ),
    Case(
        "users_unicode.txt",
        "user",
        "ħσιεуу\nhttps://www.tiktok.com/@%C4%A7%CF%83%CE%B9%CE%B5%D1%83%D1%83\n@猫猫\n",
        ["@ħσιεуу", "@猫猫"],
        {1: "has letters that few names have (if it is a name, write @"},
    ),
    Case(
        "post_links_refused.txt",
        "post",
        f"https://www.tiktok.com/player/v1/{ID}?music_info=1&description=1\n"
        f"https://www.tiktok.com/foryou?item_id={ID2}\n"
        "https://www.tiktok.com/foryou?is_copy_url=1&is_from_webapp=v1#/@some.user/video/7123456789012345670\n"
        "https://www.tiktokv.com/share/photo/7123456789012345671/\n"
        "https://t.tiktok.com/i18n/share/video/7123456789012345672/\n"
        "https://v.tiktok.com/ZSaaa1111/\n"
        "https://www.tiktok.com/@some.user/video/7123456789012345673&lang=en\n"
        "<https://www.tiktok.com/@some.user/video/7123456789012345674>\n"
        "Check out this video! https://vm.tiktok.com/ZMaaa1111/\n",
        [
            ID,
            ID2,
            "https://www.tiktok.com/@some.user/video/7123456789012345670",
            "7123456789012345671",
            "7123456789012345672",
            "https://v.tiktok.com/ZSaaa1111/",
            "https://www.tiktok.com/@some.user/video/7123456789012345673",
            "https://www.tiktok.com/@some.user/video/7123456789012345674",
            "https://vm.tiktok.com/ZMaaa1111/",
        ],
    ),
    Case(
        "Like_List.txt",
        "posts",
        f"Date: 2024-01-02 10:11:12 UTC\nLink: {EXPORT}/{ID}/\n\n"
        f"Date: 2024-01-02 10:12:12 UTC\nLink: {EXPORT}/{ID2}/\n",
        [ID, ID2],
    ),
    Case("Follower.txt", "user", "Date: 2024-01-02 10:11:12 UTC\nUsername: some.user\n\n", ["@some.user"]),
    Case(
        "user_data.json",
        "posts",
        '{"Likes and Favorites": {"Like List": {"ItemFavoriteList": [\n'
        f' {{"date": "2024-01-02 10:11:12", "link": "{EXPORT}/{ID}/"}},\n'
        f' {{"date": "2024-01-02 10:12:12", "link": "{EXPORT}/{ID2}/"}}]}}}}}}\n',
        [ID, ID2],
    ),
    Case("user_data_followers.json", "user", '{"Follower": [{"Date": "x", "UserName": "some.user"}]}', ["@some.user"]),
    Case("posts.jsonl", "posts", f'{{"id": {ID}, "desc": "x"}}\n{{"id": "{ID2}"}}\n', [ID, ID2]),
    Case("ids.csv", "posts", f"{ID},{ID2}\n", [ID, ID2]),
    Case(
        "posts.json",
        "posts",
        f'[{{"id": "{ID}", "author": {{"id": "7000000000000000001"}}, "tags": [{{"id": "7000000000000000002"}}]}}]',
        [ID],
    ),
    Case(
        "names.json",
        "user",
        '{"export": {"x": [1.5, "no"], "Usernames": "no", "username": ["a1", "b1"]}}',
        ["@a1", "@b1"],
    ),
    Case(
        "from_4cat.csv",
        "posts",
        f"id,author,tiktok_url,video_url\n1,x,https://www.tiktok.com/@x/video/{ID},https://example.org/x.mp4\n",
        [ID],
    ),
    Case("ids.json", "comments", f'["{ID}", {ID2}]', [ID, ID2]),
    Case(
        "links.txt",
        "links",
        f"two of them: {EXPORT}/{ID}, and (https://www.tiktok.com/@some.user)\n#cats\nhttps://example.org/x\n",
        [ID, "@some.user", "#cats"],
        {3: "is not a tiktok.com link"},
    ),
]


def read(case: Case, folder: Path, **options: Any) -> list[SeedValue]:
    path = folder / case.name
    path.write_text(case.text, "utf-8", newline="")
    return read_seeds(case.kind, [], path, io.BytesIO(), **options)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_file_gives_its_seeds_and_the_reasons_of_what_it_refuses(case: Case, tmp_path: Path) -> None:
    if case.refused:
        with pytest.raises(InvalidSeedsError) as caught:
            read(case, tmp_path)
        assert [problem.where for problem in caught.value.problems] == [f"line {number}" for number in case.refused]
        for problem, why in zip(caught.value.problems, case.refused.values(), strict=True):
            assert why in problem.why
    if case.labels:
        assert [value.label for value in read(case, tmp_path, skip_invalid=bool(case.refused))] == case.labels


def test_a_file_without_a_valid_seed_is_refused_even_if_invalid_ones_are_skipped(tmp_path: Path) -> None:
    with pytest.raises(InvalidSeedsError, match=r"^line 1: '1' is invalid"):
        read(Case("none.txt", "posts", "1\n2\n", []), tmp_path, skip_invalid=True)


def test_each_seed_keeps_what_was_typed_and_its_line(tmp_path: Path) -> None:
    text = f'"title","url"\n"a\nb","{EXPORT}/{ID}"\n"c","see {EXPORT}/{ID2}."\n'
    values = read(Case("videos.csv", "posts", text, []), tmp_path)
    assert [(value.line, value.given) for value in values] == [(2, f"{EXPORT}/{ID}"), (4, f"see {EXPORT}/{ID2}.")]
    given = read(CASES[0], tmp_path)[0]
    assert (given.line, given.given) == (1, "#\u200fقطط")
    assert read_seeds("user", [" @Alice "], None, io.BytesIO())[0].given == "@Alice"


def test_the_column_that_was_chosen_is_said(tmp_path: Path) -> None:
    notes: list[str] = []
    read(Case("v.csv", "posts", f"id,url,likes\n1,{EXPORT}/{ID},5\n", []), tmp_path, note=notes.append)
    assert notes == [f"{tmp_path / 'v.csv'}: taking column 'url' (--column takes another: id, likes)"]


def test_a_named_column_is_taken(tmp_path: Path) -> None:
    case = Case("v.csv", "user", "name;Who wrote it\nx;alice\n", [])
    assert [value.username for value in read(case, tmp_path, column="who wrote it")] == ["alice"]
    nested = Case("v.json", "user", '{"a": [{"who": "alice", "name": "x"}]}', [])
    assert [value.username for value in read(nested, tmp_path, column="who")] == ["alice"]


@pytest.mark.parametrize(
    ("name", "text", "column", "why"),
    [
        ("v.csv", "a,b\n1,2\n", "c", r"has no column 'c'; its first row is 'a,b'"),
        ("v.csv", "a,b\n1,2\n", None, r"has no column of a known name: give one by --column .*'a,b'"),
        ("v.csv", "", "c", "is empty"),
        ("v.csv", "a,b\nx\n", "b", "contains no values"),
        ("v.csv", "a,b\nx," + "y" * 140_000 + "\n", "b", "is no table from line 2 on: field larger"),
        ("v.json", "{", None, "is not valid JSON"),
        ("v.json", "[" * 100_000, None, "is nested too deeply"),
        ("v.json", '{"a": {"b": [1.5, true, null, {}]}}', None, "contains no values"),
        ("v.txt", "\0", None, "is invalid"),
    ],
)
def test_a_file_that_cannot_be_taken_says_why(
    tmp_path: Path, name: str, text: str, column: str | None, why: str
) -> None:
    with pytest.raises(UsageError, match=why):
        read(Case(name, "user", text, []), tmp_path, column=column)


def test_a_column_needs_a_list() -> None:
    with pytest.raises(UsageError, match="--column needs a list"):
        read_seeds("user", ["alice"], None, io.BytesIO(), column="name")


def test_a_path_that_no_file_has_is_an_error_of_the_user() -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        read_seeds("user", [], Path("a\0b"), io.BytesIO())


def test_of_many_invalid_lines_the_first_are_shown_and_all_counted(tmp_path: Path) -> None:
    case = Case("ids.txt", "posts", "".join(f"x{n}\n" for n in range(1234)) + f"{ID}\n", [])
    with pytest.raises(InvalidSeedsError) as caught:
        read(case, tmp_path)
    *shown, last = str(caught.value).splitlines()
    assert (len(shown), last) == (20, "… and 1,214 more invalid values")
    assert caught.value.count == 1234
    notes: list[str] = []
    assert [value.post_id for value in read(case, tmp_path, skip_invalid=True, note=notes.append)] == [ID]
    assert notes[0].splitlines()[-2:] == ["… and 1,214 more invalid values", "1,234 invalid values skipped"]


@pytest.mark.parametrize(("text", "said"), [("a1\na1\n", "1 duplicate left out"), ("a1\n@A1\na1\n", "2 duplicates")])
def test_duplicates_are_counted_aloud(tmp_path: Path, text: str, said: str) -> None:
    notes: list[str] = []
    assert len(read(Case("users.txt", "user", text, []), tmp_path, note=notes.append)) == 1
    assert len(notes) == 1
    assert notes[0].startswith(said)
