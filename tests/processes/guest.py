"""A person with a browser that has no JavaScript, talking to a real site: cookies, pages, forms."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin

import httpx

PASSWORD = "torque-demo-2026"


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, Any] = field(default_factory=dict)


class _Reader(HTMLParser):
    """Forms with their values, and where the page's stream is."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.stream = ""
        self.links: list[str] = []
        self._open: Form | None = None
        self._select = self._textarea = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = Form(said.get("action", ""), said.get("method", "get").lower())
            self.forms.append(self._open)
        if tag == "a" and "href" in said:
            self.links.append(said["href"])
        self.stream = said.get("hx-sse:connect") or self.stream
        if self._open is None or (tag != "option" and not said.get("name")):
            return
        if tag == "input" and (said.get("type") not in ("checkbox", "radio") or "checked" in said):
            self._open.fields[said["name"]] = said.get("value", "")
        elif tag == "textarea":
            self._textarea = said["name"]
            self._open.fields[said["name"]] = ""
        elif tag == "select":
            self._select = said["name"]
        elif (
            tag == "option" and self._select and ("selected" in said or self._select not in self._open.fields)
        ):
            self._open.fields[self._select] = said.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        if tag == "select":
            self._select = ""
        if tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._open and self._textarea:
            self._open.fields[self._textarea] += data


def forms_in(text: str) -> list[Form]:
    """The forms of a page with what they would send as they stand."""
    reader = _Reader()
    reader.feed(text)
    return reader.forms


class Page:
    def __init__(self, answer: httpx.Response) -> None:
        self.answer = answer
        self.status = answer.status_code
        self.text = answer.text
        self.url = str(answer.url)
        reader = _Reader()
        reader.feed(answer.text)
        self.forms, self.stream, self.links = reader.forms, reader.stream, reader.links

    def form(self, action: str) -> Form:
        """The first form whose address holds `action`."""
        found = [one for one in self.forms if action in one.action]
        assert found, f"no form for {action!r} on {self.url}: {[one.action for one in self.forms]}"
        return found[0]


class Guest:
    def __init__(self, site_url: str) -> None:
        self.url = site_url
        self.http = httpx.Client(base_url=site_url, follow_redirects=True, timeout=30)

    def open(self, address: str) -> Page:
        return Page(self.http.get(address))

    def send(self, page: Page, action: str, **values: Any) -> Page:
        """Fill in a form of the page and send it as a browser does."""
        form = page.form(action)
        return Page(
            self.http.request(
                form.method,
                urljoin(page.url, form.action),
                data=form.fields | values,
                headers={"Origin": self.url, "Sec-Fetch-Site": "same-origin"},
            )
        )

    def sign_in(self, email: str) -> "Guest":
        page = self.send(self.open("/sign-in"), "/sign-in", email=email, password=PASSWORD)
        assert self.is_signed_in(), page.text
        return self

    def is_signed_in(self) -> bool:
        return self.open("/settings").url.endswith("/settings")

    @contextmanager
    def listening(self, page: Page) -> Iterator[httpx.Response]:
        """The page's open event stream."""
        assert page.stream, f"{page.url} opens no stream"
        with self.http.stream("GET", page.stream, timeout=60) as stream:
            assert stream.status_code == 200
            yield stream


class Listener:
    """An open page's stream, kept open as a browser does: after a break it resumes behind the last id."""

    def __init__(self, guest: Guest, page: Page) -> None:
        assert page.stream, f"{page.url} opens no stream"
        self.guest, self.address = guest, page.stream
        self.heard: list[str] = []
        self.breaks = 0
        self._last_id = ""
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Listener":
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except httpx.HTTPError:
                self.breaks += 1
            self._stopping.wait(0.3)

    def _listen(self) -> None:
        headers = {"Last-Event-ID": self._last_id} if self._last_id else {}
        cookies = dict(self.guest.http.cookies)
        with httpx.stream(
            "GET", urljoin(self.guest.url, self.address), headers=headers, cookies=cookies, timeout=20
        ) as stream:
            stream.raise_for_status()
            for line in stream.iter_lines():
                if self._stopping.is_set():
                    return
                if line.startswith("id:"):
                    self._last_id = line.removeprefix("id:").strip()
                if line.startswith("event:"):
                    self.heard.append(line.removeprefix("event:").strip())
