"""A browser for tests: what a visitor does and sees, and what the accessibility rules say."""

from __future__ import annotations

import threading
from contextlib import contextmanager

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait
from werkzeug.serving import make_server

from kg_server import project, validation
from kg_server.config import Settings
from kg_server.store import open_store
from kg_server.web.app import create_app
from kg_server.web.context import Context

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--lang=en",
    "--window-size=1280,900",
)
WAIT_S = 10
PAGES = (
    "/",
    "/queries/",
    "/queries/embassy-status",
    "/queries/timeline",
    "/queries/trade",
    "/queries/conflicts",
    "/search?q=canada",
    "/search?q=nothing-is-called-this",
    "/conflicts",
    "/about",
    "/api",
    "/vocabularies",
    "/validation",
    "/sparql",
    "/sparql?query=ASK%20%7B%7D",
    "/sparql?query=SELECT%20%3Fs%20WHERE",
    "/doc/state/CAN",
    "/doc/state/",
    "/doc/relation/AZE-CAN",
    "/doc/trade/bnwiki/2008-AZE-to-CAN",
    "/doc/claim/F14",
    "/doc/conflict/C6",
    "/embed/queries/trade?state=CAN&other=AZE",
    "/embed/doc/claim/F14",
    "/embed/doc/conflict/C6",
    "/doc/source/bnwiki-azerbaijan-canada/S7",
    "/doc/def/Disputed",
    "/ns/shapes",
    "/ns/diplomacy",
    "/problems/",
    "/problems/query-timeout",
    "/nothing-here",
)
"""Every kind of page that there is."""


@contextmanager
def serving(*paths):
    """Serve a project on a free port of this machine; the shipped one with its validation."""
    files = project.load(paths)
    store = open_store(files)
    report = None if paths else validation.validate(files)
    app = create_app(Context(store, files, Settings(), report))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        store.close()


def start(chromium, driver, profile):
    options = ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"intl.accept_languages": "en"})
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return Chrome(options=options, service=Service(driver))


_IS_HERE = "return location.href !== 'about:blank' && document.readyState === 'complete'"


class Browser:
    """The driver, with the words of the tests."""

    def __init__(self, driver, axe):
        self.driver, self.axe = driver, axe

    def reset(self):
        self.driver.get("about:blank")
        self.cdp("Network.clearBrowserCookies")
        self.cdp("Storage.clearDataForOrigin", origin="*", storageTypes="local_storage")
        self.cdp("Emulation.setScriptExecutionDisabled", value=False)
        self.width(1280)
        self.scheme("light")
        self.languages("en")
        self.complaints()

    def cdp(self, command, **parameters):
        return self.driver.execute_cdp_cmd(command, parameters)

    def width(self, pixels, height=900):
        self.cdp(
            "Emulation.setDeviceMetricsOverride",
            width=pixels,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def scheme(self, name):
        feature = {"name": "prefers-color-scheme", "value": name}
        still = {"name": "prefers-reduced-motion", "value": "reduce"}
        self.cdp("Emulation.setEmulatedMedia", features=[feature, still])

    def languages(self, accept):
        agent = self.driver.execute_script("return navigator.userAgent")
        self.cdp("Emulation.setUserAgentOverride", userAgent=agent, acceptLanguage=accept)

    def without_scripts(self):
        self.cdp("Emulation.setScriptExecutionDisabled", value=True)
        return self

    def open(self, address):
        self.driver.get(address)
        # On a busy machine, the driver has returned while the blank page was still there.
        self.until(lambda: self.run(_IS_HERE), f"{address} is loaded")
        return self

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def every(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def link(self, text):
        return self.driver.find_element(By.PARTIAL_LINK_TEXT, text)

    def text(self, selector="main"):
        return self.one(selector).text

    def until(self, condition, what="the page is as expected"):
        changing = (NoSuchElementException, StaleElementReferenceException)
        wait = WebDriverWait(self.driver, WAIT_S, ignored_exceptions=changing)
        return wait.until(lambda _: condition(), what)

    def complaints(self):
        """What the browser has complained of since it was last asked, CSP violations included."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def audit(self):
        """The violations that axe-core finds on the page, as one line each."""
        self.run(self.axe.read_text("utf-8"))
        self.driver.set_script_timeout(30)
        found = self.driver.execute_async_script(
            """const done = arguments[arguments.length - 1];
            const failed = (error) => done({error: String(error)});
            axe.run(document, {resultTypes: ["violations"]}).then(done, failed);"""
        )
        assert "error" not in found, found
        return [
            f"{violation['id']}: {node['target']} {node['failureSummary']}"
            for violation in found["violations"]
            for node in violation["nodes"]
        ]
