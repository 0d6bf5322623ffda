"""Renders pictures and videos, whose many URLs make up most of an object's size."""

from __future__ import annotations

from sandbox.world.hashing import hash_ints

Json = dict[str, object]

_HOST = "https://cdn{}.sandbox.invalid"


def picture(key: int, kind: str, size: int = 720) -> Json:
    """Return a picture with the keys of every TikTok image."""
    uri = f"tos-sandbox-{kind}/{key:016x}"
    return {
        "uri": uri,
        "url_list": [
            f"{_HOST.format(1)}/{uri}~c5_{size}x{size}.webp",
            f"{_HOST.format(2)}/{uri}~c5_{size}x{size}.jpeg",
        ],
        "url_prefix": None,
        "width": size,
        "height": size,
    }


def video(key: int, large: bool) -> Json:
    """Return a video, with its duration in milliseconds. `large` adds the bit rates that make a post about 7 KB."""
    length = 5_000 + key % 60_000
    body: Json = {
        "play_addr": _address(key, "play"),
        "cover": picture(key, "cover", 540),
        "origin_cover": picture(key + 1, "cover", 360),
        "duration": length,
        "width": 576,
        "height": 1024,
        "ratio": "540p",
        "CoverTsp": length / 3_000 if key % 2 else 0,
        "has_watermark": True,
        "is_callback": True,
        "big_thumbs": None if key % 2 else [],
        "meta": '{"LoudnessRange":"8.5","LoudnessRangeEnd":"-11.2","PeakAmplitude":"0.8"}',
        "tags": None,
    }
    if large:
        body["download_addr"] = _address(key + 2, "download")
        body["dynamic_cover"] = picture(key + 3, "cover", 480)
        body["bit_rate"] = [
            {
                "gear_name": gear,
                "quality_type": 20 + n,
                "bit_rate": 400_000 + hash_ints(key, n) % 900_000,
                "is_bytevc1": n % 2,
                "fps": 30,
                "dub_infos": None,
                "HDR_bit": "",
                "HDR_type": "",
                "play_addr": _address(key + n, gear),
            }
            for n, gear in enumerate(("normal_540_0", "adapt_540_1"))
        ]
    return body


def _address(key: int, kind: str) -> Json:
    path = f"video/tos/useast/tos-sandbox-{kind}/{key:016x}/?a=1233&bti=OTg7Njo%3D&ch=0&cr=13&dr=0&cd=0%7C0%7C0"
    return {
        "uri": f"v09044g4{key:016x}",
        "url_list": [f"{_HOST.format(n)}/{path}&l={key % 9973:08d}" for n in (1, 2, 3)],
        "url_key": f"v09044g4{key:016x}_h264_540p",
        "data_size": 200_000 + key % 5_000_000,
        "file_hash": f"{key:032x}",
        "width": 576,
        "height": 1024,
    }
