"""What a shop writes into a mail: checked when it is saved, filled when the mail is written.

Nothing in it is ever run. `string.Formatter` of the standard library takes it apart into text and names; a name that is
not in the mail's list is refused, and so is everything a name could carry (a dot, an index, a call, a format). What is
filled in is not looked at again, so that braces in a customer's name stay what they are.
"""

from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Final
from unicodedata import category

from app.core.words import _
from app.domains.network.setting_table import Unfit
from app.domains.notifications.mail_table import BLOCKS, CustomerMail, allowed
from app.domains.notifications.models import BLANK

LONGEST_SUBJECT: Final = 150
LONGEST_TEXT: Final = 4000

Block = tuple[str, str]
"""("text", a paragraph), ("details", "") or ("link", "")."""


def accepted(mail: CustomerMail, subject: str, text: str) -> tuple[str, str, dict[str, str]]:
    """Subject and text as they are kept, and what is wrong with them by field."""
    subject, text = subject.strip(), "\n".join(text.expandtabs(4).strip().splitlines())
    wrong: dict[str, str] = {}
    for field, said, check in (("subject", subject, _check_subject), ("text", text, _check_text)):
        try:
            check(mail, said)
        except Unfit as unfit:
            wrong[field] = str(unfit)
    return subject, text, wrong


def _check_subject(mail: CustomerMail, subject: str) -> None:
    if not subject:
        raise Unfit(_("Please fill this in."))
    if len(subject.splitlines()) > 1:
        raise Unfit(_("A subject is a single line."))
    _check(mail, subject, longest=LONGEST_SUBJECT)
    for block in BLOCKS:
        if block in _names(subject):
            raise Unfit(_("%(name)s belongs into the text, not into the subject.", name=_braced(block)))


def _check_text(mail: CustomerMail, text: str) -> None:
    if not text:
        raise Unfit(_("Please fill this in."))
    _check(mail, text, longest=LONGEST_TEXT)
    for block in BLOCKS:
        if any(block in _names(line) and line.strip() != _braced(block) for line in text.split("\n")):
            raise Unfit(_("Please give %(name)s a line of its own.", name=_braced(block)))
    if mail.needs_link and "link" not in _names(text):
        raise Unfit(
            _(
                "%(name)s is missing. It is the button “%(button)s”, the customer's only way from this mail.",
                name=_braced("link"), button=_(mail.button),
            )
        )  # fmt: skip


def _check(mail: CustomerMail, text: str, *, longest: int) -> None:
    if any(category(letter) in ("Cc", "Cs") and letter != "\n" for letter in text):
        raise Unfit(_("This holds a character that cannot be kept."))
    if BLANK in text:  # a link's token would stand there, and could be sent on to another site
        raise Unfit(_("Please leave %(text)s out.", text=BLANK))
    if len(text) > longest:
        raise Unfit(_("Please keep this under %(count)s characters.", count=longest + 1))
    for name in _names(text):
        if name not in allowed(mail):
            raise Unfit(
                _("This mail knows no %(name)s. What it knows stands in the list.", name=_braced(name[:40]))
            )


def _names(text: str) -> list[str]:
    return [name for _plain, name in _pieces(text) if name is not None]


def _braced(name: str) -> str:
    return f"{{{name}}}"


def _pieces(text: str) -> Iterator[tuple[str, str | None]]:
    """Text, and the name behind it if there is one. Raises Unfit for braces that hold no name."""
    try:
        parsed = list(Formatter().parse(text))
    except ValueError:
        parsed = [("{", None, None, None)]
    for plain, name, format_spec, conversion in parsed:
        if "{" in plain or "}" in plain:
            raise Unfit(
                _("A curly bracket is open, doubled or left over. They only stand around names: {car}")
            )
        if name is None:
            yield plain, None
        else:
            more = (f"!{conversion}" if conversion else "") + (f":{format_spec}" if format_spec else "")
            yield plain, name.strip() + more


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its values in place, each as one line."""
    return "".join(
        plain + (" ".join(values[name].splitlines()) if name else "") for plain, name in _pieces(text)
    )


def blocks(text: str, values: Mapping[str, str]) -> list[Block]:
    """The paragraphs of a text, filled. A line whose placeholders all have nothing to say is left out."""
    found: list[Block] = []
    paragraph: list[str] = []

    def close() -> None:
        if paragraph:
            found.append(("text", "\n".join(paragraph)))
            paragraph.clear()

    for line in text.split("\n"):
        names = _names(line)
        if not line.strip():
            close()
        elif names and names[0] in BLOCKS:
            close()
            found.append((names[0], ""))
        elif not names or any(values[name] for name in names):
            paragraph.append(filled(line, values).strip())
    close()
    return found
