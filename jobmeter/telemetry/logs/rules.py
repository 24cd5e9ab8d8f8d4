"""Owns what a line of the log may contain of what others sent: how errors are described without their values, and masks. Pure.

The text of an error may quote anything that was sent or stored. So a line has the kinds of its errors, the places in the code, and
the texts of those alone that speak of code or of the database's own names.
"""

import re
from collections.abc import Iterator
from traceback import StackSummary, walk_tb

# Their texts name types, attributes and modules.
ABOUT_CODE = (
    *(TypeError, AttributeError, NameError, ImportError, NotImplementedError),
    *(RecursionError, MemoryError, ZeroDivisionError, TimeoutError),
)
DATA_EXCEPTIONS = "22"  # the class of SQLSTATE whose messages quote values
RAISED = "P0001"  # a function raised it: the text is its own, with whatever it puts there
ERRORS_MAX = 10

_FUNCTION = re.compile(r"function (\w+)\(")
_QUOTED = re.compile(r'"[^"]*"')
_MASKS = (
    (re.compile(r"""(\w://)[^\s/@"']*@"""), r"\1***@"),
    (re.compile(r"""(\w://[^\s?#"']*)\?[^\s"']*"""), r"\1?***"),
    (re.compile(r"""(?i)\b(bearer|basic)\s+[\w~+/.=-]+"""), r"\1 ***"),
    (re.compile(r"""[^\s@<>"'(),;:=/*]{1,64}@[^\s@<>"'(),;:/]+"""), "***@***"),
)


def mask_text(text: str) -> str:
    """Returns the text with ``***`` for e-mail addresses, and for passwords and queries of URLs: the last defence of lines that
    repeat what another program said.
    """
    for pattern, mask in _MASKS:
        text = pattern.sub(mask, text)
    return text


def read_foreign_line(message: str, *, logger: str) -> str:
    """Returns what may be repeated of a line of a library: its first line, without the values that asyncio writes into it."""
    first = message.partition("\n")[0]
    return re.split(r"[(<]", first, maxsplit=1)[0].rstrip() if logger == "asyncio" else first


def write_trace(error: BaseException) -> str:
    """Returns a traceback of an error and of those that led to it, the first one first, without texts that may quote values."""
    return "\n".join(_list_lines(error))


def _list_lines(error: BaseException) -> Iterator[str]:
    chain: list[tuple[BaseException, str]] = []
    found: BaseException | None = error
    while found is not None and len(chain) < ERRORS_MAX:
        is_raised_from = found.__cause__ is not None
        earlier = (
            found.__cause__ if is_raised_from else None if found.__suppress_context__ else found.__context__
        )
        link = "which caused:" if is_raised_from else "while it was handled:"
        chain.append((found, link if earlier is not None else ""))
        found = earlier
    for one, link in reversed(chain):
        if link:
            yield link
        yield from _list_frames(one)
        yield describe_error(one)
        for number, part in enumerate(one.exceptions if isinstance(one, BaseExceptionGroup) else (), start=1):
            yield f"part {number}:"
            yield from _list_lines(part)


def _list_frames(error: BaseException) -> Iterator[str]:
    frames = StackSummary.extract(walk_tb(error.__traceback__), limit=None)
    if frames:
        yield "Traceback (most recent call last):"
    for block in frames.format():
        yield block.rstrip("\n")


def describe_error(error: BaseException) -> str:
    """Returns the kind of an error, and its text if that can quote no value. Of an error of the database the state, the message and
    the names of table, column and constraint; of the operating system what it says, without the file.
    """
    kind = type(error).__qualname__
    module = type(error).__module__
    name = kind if module == "builtins" else f"{module}.{kind}"
    text = _read_text(error)
    return f"{name}: {text}" if text else name


def _read_text(error: BaseException) -> str:
    if (message := getattr(getattr(error, "diag", None), "message_primary", None)) is not None:
        return _describe_refusal(error, message)
    if isinstance(error, ABOUT_CODE):
        return mask_text(str(error))
    return (isinstance(error, OSError) and error.strerror) or ""


def _describe_refusal(error: BaseException, message: str) -> str:
    """``error`` is one of the database, with its diagnosis."""
    diag, state = getattr(error, "diag", None), getattr(error, "sqlstate", None) or ""
    if state == RAISED:
        raiser = _FUNCTION.search(getattr(diag, "context", None) or "")
        return f"{state} raised by {raiser[1]}" if raiser else state
    said = _QUOTED.sub('"***"', message) if state.startswith(DATA_EXCEPTIONS) else message
    names = [
        f"{name} {value}"
        for name in ("table", "column", "constraint")
        if (value := getattr(diag, f"{name}_name", None))
    ]
    return " ".join([state, mask_text(said), *([f"({', '.join(names)})"] if names else [])])
