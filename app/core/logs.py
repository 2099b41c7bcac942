"""Structured logs: one JSON object a line, with the request's id and nothing personal."""

import logging
import re
import sys

import structlog

_HIDDEN = frozenset({"email", "name", "password", "token", "phone", "address", "authorization", "cookie"})


def _without_personal_data(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {key: "[hidden]" if key in _HIDDEN else value for key, value in event.items()}


_VALUES = re.compile(
    r"(?P<about>\n[ |]*DETAIL: |invalid input for query argument \$\d+:).*?"
    r"(?=\n[ |]*(?:HINT: |\[SQL: |The above exception |During handling |\+-)|\Z)",
    re.DOTALL,
)


def without_values(trace: str) -> str:
    """A traceback without the rows in it: PostgreSQL quotes the key that is taken, or the whole row that a check
    refused, password hash and all."""
    return _VALUES.sub(r"\g<about> [hidden]", trace)


def _without_values(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    if "exception" in event:
        event["exception"] = without_values(event["exception"])
    return event


_PERSONAL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|(?<=\?)[^\s\"']+")


def _without_addresses(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Libraries write sentences: mail addresses and what follows the ? of an address are taken out of them."""
    event["event"] = _PERSONAL.sub("[hidden]", str(event.get("event", "")))
    return event


_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso"),
    _without_personal_data,
    structlog.processors.format_exc_info,
    _without_values,
]


def lines_of_libraries() -> structlog.stdlib.ProcessorFormatter:
    """What stripe, httpx, saq and others log, in the form of our own lines."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[structlog.stdlib.add_logger_name, *_SHARED, _without_addresses],
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(),
        ],
    )


def configure_logs(level: str = "INFO") -> None:
    """Set up structlog for the process."""
    to_stderr = logging.StreamHandler(sys.stderr)
    to_stderr.setFormatter(lines_of_libraries())
    logging.basicConfig(level=level, handlers=[to_stderr])
    logging.getLogger("saq").setLevel(max(logging.WARNING, logging.getLevelName(level)))
    structlog.configure(
        processors=[*_SHARED, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
