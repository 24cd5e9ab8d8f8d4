"""Owns writing the log to standard error, as text for people or one JSON object a line for programs.

Does not own what a line may contain (``rules``).
"""

import json
import logging
import logging.config
import sys
import threading
from datetime import UTC, datetime
from typing import Any

from jobmeter.base.terminal import to_printable
from jobmeter.telemetry.logs import flow, rules
from jobmeter.telemetry.logs.model import LogFormat

OWN = "jobmeter"
TEXT_LINE = "%(asctime)s %(levelname)s %(message)s"
# Those of the background work and of callers' mistakes also when all is well; of requests only if wanted.
INFORMED = ("jobmeter.worker", "jobmeter.clients")


class TextFormatter(logging.Formatter):
    """Lines may quote what others sent: a message remains one line, a traceback keeps its lines."""

    def __init__(self) -> None:
        super().__init__(TEXT_LINE)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 -- the name that logging calls
        context = ", ".join(f"{name} {value}" for name, value in flow.describe_current().items())
        record.message = to_printable(read_message(record)) + (f" ({context})" if context else "")
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 -- the name that logging calls
        return to_printable(rules.write_trace(ei[1]), kept="\n")


class JsonFormatter(logging.Formatter):
    """Each line is an object: ``time`` (UTC), ``level``, ``logger``, ``message``, ``process``, what is known of the request or the
    chore, and ``exception`` with the whole traceback. ASCII alone: nothing in it can end a line or control a terminal.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": read_message(record),
            "process": record.process,
            **flow.describe_current(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = rules.write_trace(record.exc_info[1])
        return json.dumps(line, default=str)


def read_message(record: logging.LogRecord) -> str:
    try:
        message = record.getMessage()
    except (TypeError, ValueError):  # the line of a library whose values do not fit
        message = str(record.msg)
    if not record.name.startswith(OWN):
        message = rules.read_foreign_line(message, logger=record.name)
    return rules.mask_text(message)


def make_formatter(log_format: str) -> logging.Formatter:
    return JsonFormatter() if log_format == LogFormat.JSON else TextFormatter()


def configure_server(log_format: str) -> dict[str, Any]:
    """Returns the configuration of the HTTP server's own lines, for example of a worker that has died: they are like ours."""
    made = {"()": f"{__name__}.{make_formatter.__name__}", "log_format": log_format}
    handler = {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}
    quiet = {"handlers": ["stderr"], "level": "WARNING", "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": made},
        "handlers": {"stderr": handler},
        "loggers": {"_granian": quiet, "granian.access": dict(quiet)},
    }


def show_log(log_format: str, *, has_answers: bool) -> None:
    """Sends the log of this process and its workers to standard error: also warnings, and errors that would end a thread or the
    process. With ``has_answers`` also a line for each answered request.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(make_formatter(log_format))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    for name in (*INFORMED, *([flow.access_log.name] if has_answers else [])):
        logging.getLogger(name).setLevel(logging.INFO)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_end
    threading.excepthook = _log_end_of_thread


def _log_end(kind: type[BaseException], error: BaseException, _: object) -> None:
    if issubclass(kind, Exception):
        logging.getLogger(OWN).critical("the process ends by an error", exc_info=error)


def _log_end_of_thread(ended: threading.ExceptHookArgs) -> None:
    if isinstance(ended.exc_value, Exception):
        logging.getLogger(OWN).error("a thread ended by an error", exc_info=ended.exc_value)
