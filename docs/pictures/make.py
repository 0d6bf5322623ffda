"""Draw README's picture: `tokcrawl watch` in the middle of a real crawl of the sandbox, rendered as SVG.

Everything goes through the command line: local stack, sandbox, worker and seed in a temporary folder, then `watch` in a
pseudo-terminal for WATCHED seconds. The picture is the last whole frame that it drew.
"""

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from select import select
from time import monotonic, sleep

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).with_name("watch.svg")
COLUMNS, LINES = 100, 20
WATCHED = 10.0  # seconds
READY = 60.0  # seconds until the sandbox or a worker must have started
SEED = ["hashtag", "cats", "dogs", "birds", "horses", "turtles", "bees", "--max-units", "5000", "--name", "animals"]

TOKCRAWL = [sys.executable, "-m", "producers.cli"]
# How rich's Live returns to the top of what it drew before: carriage return, then erase and move up, line by line.
_REDRAW = re.compile(r"\r(?:\x1b\[2K|\x1b\[1A)+")


def main() -> None:
    """Run the crawl, photograph it, write the picture."""
    with tempfile.TemporaryDirectory(prefix="tokcrawl-picture-") as folder, ExitStack() as exits:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("TOKCRAWL_")},
            "TOKCRAWL_HOME": str(Path(folder, "home")),
            "TOKCRAWL_API_TOKEN": "any-token",
        }
        _run(["up"], folder, environment)
        exits.callback(_run, ["down"], folder, environment)
        sandbox = exits.enter_context(_background(["sandbox", "--port", "0", "--latency", "0.2"], folder, environment))
        environment["TOKCRAWL_API_URL"] = _wait_for(r"listening on (\S+)", sandbox)
        crawl = _run(["seed", *SEED], folder, environment).strip()
        exits.enter_context(_background(["worker", "-c", "32"], folder, environment))
        output = _watch(crawl, folder, environment)
    PICTURE.write_text(render(last_frame(output)), "utf-8")
    print(f"wrote {PICTURE.relative_to(Path.cwd()) if PICTURE.is_relative_to(Path.cwd()) else PICTURE}")


def last_frame(output: str) -> str:
    """The last frame that another one replaced: of the very last, a part may be missing."""
    frames = [frame for frame in _REDRAW.split(output)[:-1] if frame.strip()]
    return frames[-1] if frames else sys.exit("`tokcrawl watch` drew nothing")


def render(frame: str) -> str:
    """A frame with its ANSI colours as SVG, without the web font that rich would load from elsewhere."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi(frame.strip("\n")), soft_wrap=True)
    console.print()  # room for the last line's descenders
    no_web_font = re.sub(r"@font-face \{\{.*?\}\}\s*", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
    svg = console.export_svg(title="tokcrawl watch", code_format=no_web_font, unique_id="watch")
    return "\n".join(line.rstrip() for line in svg.splitlines()) + "\n"


def _run(arguments: list[str], folder: str, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [*TOKCRAWL, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"`tokcrawl {' '.join(arguments)}` failed:\n{done.stderr}")
    return done.stdout


@contextmanager
def _background(arguments: list[str], folder: str, environment: dict[str, str]) -> Iterator[Path]:
    """A command that runs until the end, with its output in a file."""
    log = Path(folder, f"{arguments[0]}.log")
    with log.open("w") as output:
        process = subprocess.Popen(
            [*TOKCRAWL, *arguments], cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield log
    finally:
        process.terminate()
        process.wait()


def _wait_for(pattern: str, log: Path) -> str:
    """The first group of the pattern, once the log has it."""
    deadline = monotonic() + READY
    while not (found := re.search(pattern, log.read_text())):
        if monotonic() > deadline:
            sys.exit(f"no {pattern!r} in {READY:.0f} s:\n{log.read_text()}")
        sleep(0.1)
    return found[1]


def _watch(crawl: str, folder: str, environment: dict[str, str]) -> str:
    """What `tokcrawl watch` writes to a terminal of COLUMNS x LINES within WATCHED seconds."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    terminal = {**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    process = subprocess.Popen(
        [*TOKCRAWL, "watch", crawl], cwd=folder, env=terminal, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    output, deadline = b"", monotonic() + WATCHED
    with suppress(OSError):  # reading fails once the other side is closed
        while (left := deadline - monotonic()) > 0:
            if select([ours], [], [], left)[0]:
                output += os.read(ours, 65536)
    if monotonic() < deadline:
        sys.exit(f"`tokcrawl watch` ended within {WATCHED:.0f} s; give SEED more to fetch\n{output.decode()}")
    process.kill()
    process.wait()
    os.close(ours)
    return output.decode().replace("\r\n", "\n")


if __name__ == "__main__":
    main()
