"""Mail leaves by SMTP when SMTP_URL is set. Without it nobody sends: letters stay in the database.

A letter carries text and HTML. Whatever a person typed into a name or a subject arrives as one line of plain
characters: nothing typed can add a header or a recipient.
"""

import asyncio
import re
import smtplib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Protocol
from urllib.parse import unquote, urlsplit

_TIMEOUT_SECONDS = 20
_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\u2066-\u2069]+")
_LONGEST_LINE = 250


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one person. `id` becomes its Message-ID, by which a mail sent twice is known to be one."""

    id: str
    to: str
    to_name: str
    subject: str
    text: str
    html: str
    from_name: str = ""
    """The shop's name; the address is always the site's own."""
    reply_to: str = ""
    language: str = "en"


class MailRefused(Exception):
    """This letter will never be taken (unknown mailbox, not an address): trying again is no use."""


class MailDelayed(Exception):
    """The server could not take it now; try again later."""


class Mailer(Protocol):
    """Sends one letter. Raises MailRefused or MailDelayed."""

    async def send(self, letter: Letter) -> None:
        """Hand the letter to the next server."""


def open_mailer(smtp_url: str | None, *, sender: str) -> Mailer | None:
    """The mailer at `smtp://user:password@host:587` or `smtps://host:465`; None when no server is set.

    smtp:// switches to TLS when the server offers it, and does not give a password away without.
    """
    return Smtp(smtp_url, sender=sender) if smtp_url else None


def one_line(text: str) -> str:
    """Text for a header: no line breaks, no control or direction characters, not endless.

    `=?` opens an encoded word, which may hold a line break of its own and which `email` decodes in a value.
    """
    return " ".join(_BREAKS.sub(" ", text.replace("=?", "= ?")).split())[:_LONGEST_LINE].rstrip()


def compose(letter: Letter, *, sender: str) -> EmailMessage:
    """The message as it goes over the wire. Raises MailRefused when the address is none."""
    site_name, site_address = parseaddr(sender)
    message = EmailMessage(policy=SMTP)
    try:
        message["From"] = Address(one_line(letter.from_name) or site_name, addr_spec=site_address)
        message["To"] = Address(one_line(letter.to_name), addr_spec=_address(letter.to))
        if letter.reply_to:
            message["Reply-To"] = Address(addr_spec=_address(letter.reply_to))
    except (MessageError, ValueError, IndexError) as error:
        raise MailRefused(f"not a mail address: {error}") from error
    message["Subject"] = one_line(letter.subject)
    message["Date"] = format_datetime(datetime.now(UTC))
    message["Message-ID"] = f"<{one_line(letter.id)}@{site_address.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # asks holiday notes not to answer
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    message["Content-Language"] = letter.language  # before this line it would go with the plain part alone
    return message


def _address(text: str) -> str:
    if text != one_line(text) or text.count("@") != 1 or any(sign in text for sign in ' ,;:<>()"\\'):
        raise ValueError("not one plain address")
    local, domain = text.split("@")
    return f"{local}@{domain.encode('idna').decode()}"


class Smtp:
    """SMTP, one connection per letter, in a thread."""

    def __init__(self, url: str, *, sender: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
            raise ValueError("SMTP_URL must begin with smtp:// or smtps:// and name a host")
        self._tls_at_once = parts.scheme == "smtps"
        self._host = parts.hostname
        self._port = parts.port or (465 if self._tls_at_once else 587)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = sender

    async def send(self, letter: Letter) -> None:
        """Hand the letter to the server. Raises MailRefused (5xx about this letter) or MailDelayed."""
        message = compose(letter, sender=self._sender)
        try:
            await asyncio.to_thread(self._send, message)
        except smtplib.SMTPRecipientsRefused as error:
            code = max(code for code, _ in error.recipients.values())
            raise (MailRefused if code >= 500 else MailDelayed)(f"recipient refused with {code}") from error
        except smtplib.SMTPAuthenticationError as error:  # ours to mend, the letter is fine
            raise MailDelayed(f"sign-in refused with {error.smtp_code}") from error
        except smtplib.SMTPResponseException as error:
            permanent = 500 <= error.smtp_code < 600
            raise (MailRefused if permanent else MailDelayed)(f"refused with {error.smtp_code}") from error
        except smtplib.SMTPNotSupportedError as error:
            raise MailRefused("the server cannot take this address") from error
        except (smtplib.SMTPException, OSError) as error:
            raise MailDelayed(type(error).__name__) from error

    def _send(self, message: EmailMessage) -> None:
        with self._open() as server:
            if self._user:
                server.login(self._user, self._password)
            server.send_message(message)

    def _open(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._tls_at_once:
            return smtplib.SMTP_SSL(self._host, self._port, timeout=_TIMEOUT_SECONDS, context=context)
        server = smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT_SECONDS)
        try:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
                server.ehlo()
            elif self._user:
                raise smtplib.SMTPException("no TLS offered; the password stays here")
        except BaseException:
            server.close()
            raise
        return server
