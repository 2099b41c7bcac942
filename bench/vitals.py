"""Lighthouse on a phone with a slow connection, and what a first and a second visit bring over the wire.

    bin/run --port 8350 --home /tmp/vitals          in another window: the demo
    python -m bench.vitals [--site http://localhost:8350] [--rounds 3]

Lighthouse is installed from its own lock into `bench/lighthouse/node_modules`. Prints rows for docs/performance.md.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

LIGHTHOUSE = Path(__file__).parent / "lighthouse"
DRIVER, PASSWORD = "customer@demo.test", "torque-demo-2026"
CATEGORIES = ("performance", "accessibility", "best-practices")
SIGNED_OUT = ("/", "/shops", "/sign-in")
SIGNED_IN = ("/garage", "{car}", "{car}/logbook", "/appointments", "/settings/notifications")


def chromium() -> str:
    """An installed Chromium."""
    found = os.environ.get("CHROMIUM_PATH") or shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        raise SystemExit("No Chromium was found; name one in CHROMIUM_PATH.")
    return found


def lighthouse() -> Path:
    """Its command, installed if it is not."""
    command = LIGHTHOUSE / "node_modules" / ".bin" / "lighthouse"
    if not command.exists():
        subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent"], cwd=LIGHTHOUSE, check=True)
    return command


def judged(url: str, cookie: str, rounds: int) -> dict[str, float]:
    """The median of each figure over `rounds` runs: scores of 100, and milliseconds until the largest thing shows."""
    runs: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(rounds):
            out = Path(folder) / f"{number}.json"
            words = [
                lighthouse(), url, "--quiet", "--output=json", f"--output-path={out}", "--form-factor=mobile",
                "--throttling-method=simulate", f"--only-categories={','.join(CATEGORIES)}",
                "--chrome-flags=--headless=new --no-sandbox --disable-background-networking --disable-component-update",
                *([f"--extra-headers={json.dumps({'Cookie': cookie})}"] if cookie else []),
            ]  # fmt: skip
            environment = {**os.environ, "CHROME_PATH": chromium()}
            subprocess.run(words, env=environment, check=True, timeout=180)
            said = json.loads(out.read_text())
            found = {name: said["categories"][name]["score"] * 100 for name in CATEGORIES}
            runs.append(found | {"shown": said["audits"]["largest-contentful-paint"]["numericValue"]})
    return {name: statistics.median(run[name] for run in runs) for name in runs[0]}


def carried(browser: Browser, url: str, cookies: list[Any]) -> tuple[float, float]:
    """KiB over the wire, headers included: of the first visit with an empty cache, and of the next."""
    context = browser.new_context()
    context.add_cookies(cookies)
    visits = []
    for _visit in range(2):
        page = context.new_page()
        visits.append(_carried(page, url))
        page.close()
    context.close()
    return visits[0], visits[1]


def _carried(page: Page, url: str) -> float:
    wire = page.context.new_cdp_session(page)
    wire.send("Network.enable")
    # The service worker fetches what it keeps once, behind the page; it is not what the page waits for.
    wire.send("Network.setBypassServiceWorker", {"bypass": True})
    lengths: list[float] = []
    wire.on("Network.loadingFinished", lambda said: lengths.append(said["encodedDataLength"]))
    page.goto(url, wait_until="load")
    page.wait_for_timeout(1500)
    return sum(lengths) / 1024


def sign_in(browser: Browser, site: str) -> tuple[list[Any], str]:
    """A driver's cookies, and the page of their first car."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{site}/sign-in?next=/garage")
    page.fill("input[name=email]", DRIVER)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/garage")
    car = page.locator(".car-tiles a[href^='/garage/']").first.get_attribute("href") or "/garage"
    cookies = context.cookies()
    context.close()
    return list(cookies), car


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--site", default="http://localhost:8350")
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        cookies, car = sign_in(browser, asked.site)
        header = "; ".join(f"{one['name']}={one['value']}" for one in cookies)
        print(
            "| page | performance | accessibility | best practices | shown after | first visit | next visit |"
        )
        print("|---|---|---|---|---|---|---|")
        for path, known in [*((path, False) for path in SIGNED_OUT), *((path, True) for path in SIGNED_IN)]:
            url = asked.site + path.format(car=car)
            found = judged(url, header if known else "", asked.rounds)
            first, later = carried(browser, url, cookies if known else [])
            scores = " | ".join(f"{found[name]:.0f}" for name in CATEGORIES)
            name = path.format(car="/garage/…") + (", signed in" if known else "")
            print(
                f"| {name} | {scores} | {found['shown'] / 1000:.1f} s | {first:.0f} KiB | {later:.0f} KiB |",
                flush=True,
            )


if __name__ == "__main__":
    main()
