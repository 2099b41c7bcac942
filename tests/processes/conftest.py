import pytest

from tests.processes.running_site import running


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """One `bin/run` for all tests of this folder; each leaves it well."""
    with running(tmp_path_factory.mktemp("site")) as started:
        yield started
