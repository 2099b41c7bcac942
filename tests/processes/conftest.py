import pytest

from tests.processes.guest import Guest
from tests.processes.running_site import running, until


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """One `bin/run` for all tests of this folder; each leaves it well."""
    with running(tmp_path_factory.mktemp("site")) as started:
        yield started


@pytest.fixture(scope="session")
def advisor(site):
    """Signed in once, before anything is killed."""
    return Guest(site.url).sign_in("advisor@demo.test")


@pytest.fixture(autouse=True)
def nobody_is_logged_out(request):
    """Whatever was killed: afterwards the site is whole and the advisor is still signed in."""
    if "site" not in request.fixturenames:
        yield
        return
    advisor = request.getfixturevalue("advisor")
    yield
    until(request.getfixturevalue("site").is_ready, within=30)
    assert until(lambda: advisor.is_signed_in(), within=10)
