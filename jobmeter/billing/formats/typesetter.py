"""Owns the process that typesets: typst keeps what it has laid out, so a process ends after some thousand lines.

Does not own what is typeset. Run by its name, with folders of fonts as arguments: requests come in, PDFs go out, until the end.
"""

import contextlib
import json
import struct
import subprocess
import sys
from collections.abc import Sequence
from importlib.resources import files
from typing import IO, Any, Self

from jobmeter.billing.formats.fonts import Fonts
from jobmeter.billing.formats.parts import load_typst, open_fonts

LINES_PER_PROCESS_MAX = 1_000
LINES_OF_DOCUMENT = 10  # what a document without lines costs
STANDARD = "a-3b"
_SIZE = struct.Struct(">?Q")  # whether it worked, then the length of the PDF or of the message


class TypesettingFailed(Exception):  # noqa: N818 -- reads as what happened
    """typst refused a part; the message is typst's."""


class Typesetter:
    """Typesets parts in a process of its own, which is replaced when it has done enough."""

    def __init__(self, fonts: Fonts) -> None:
        self.fonts = fonts
        self._arguments = [sys.executable, "-m", __name__, *fonts.folders]
        self._process: subprocess.Popen[bytes] | None = None
        self._lines = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def typeset(self, data: dict[str, Any], *, timestamp: int, has_tags: bool) -> bytes:
        """Returns a part as PDF/A-3b. Raises ``TypesettingFailed``."""
        lines = len(data["rows"]) + LINES_OF_DOCUMENT
        if self._lines + lines > LINES_PER_PROCESS_MAX + LINES_OF_DOCUMENT:
            self.close()
            self._lines = 0
        self._lines += lines
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 -- our own module
                self._arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"data": json.dumps(data), "timestamp": timestamp, "has_tags": has_tags}
        try:
            _write(self._process.stdin, json.dumps(request).encode(), is_done=True)
            is_done, content = _read(self._process.stdout)
        except (OSError, EOFError) as error:
            self.close()
            raise TypesettingFailed("the process that typesets has ended") from error
        if not is_done:
            raise TypesettingFailed(content.decode())
        return content

    def interrupt(self) -> None:
        """Ends the process under a thread that waits for it, which then raises ``TypesettingFailed``."""
        process = self._process
        if process is not None:
            process.kill()

    def close(self) -> None:
        """Ends the process at once: what it has not answered yet is not wanted any more."""
        if self._process is None:
            return
        self._process.kill()
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            with contextlib.suppress(OSError):
                stream.close()
        self._process.wait()
        self._process = None


def serve(font_folders: Sequence[str], requests: IO[bytes], answers: IO[bytes]) -> None:
    """Typesets until the requests end."""
    typst, fonts = load_typst(), open_fonts(font_folders)
    template = files("jobmeter.billing.formats").joinpath("document.typ").read_bytes()
    while True:
        try:
            _, content = _read(requests)
        except EOFError:
            return
        request = json.loads(content)
        try:
            made = typst.compile(
                template,
                font_paths=fonts,
                format="pdf",
                pdf_standards=[STANDARD],
                pdf_tags=request["has_tags"],
                timestamp=request["timestamp"],
                sys_inputs={"data": request["data"]},
            )
        except typst.TypstError as error:
            _write(answers, str(error).encode(), is_done=False)
        else:
            _write(answers, made, is_done=True)


def _write(stream: IO[bytes], content: bytes, *, is_done: bool) -> None:
    stream.write(_SIZE.pack(is_done, len(content)))
    stream.write(content)
    stream.flush()


def _read(stream: IO[bytes]) -> tuple[bool, bytes]:
    head = stream.read(_SIZE.size)
    if len(head) < _SIZE.size:
        raise EOFError
    is_done, size = _SIZE.unpack(head)
    content = stream.read(size)
    if len(content) < size:
        raise EOFError
    return is_done, content


if __name__ == "__main__":
    serve(sys.argv[1:], sys.stdin.buffer, sys.stdout.buffer)
