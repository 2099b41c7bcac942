import pytest

from app.gateways.vin import build


@pytest.fixture(scope="session", autouse=True)
def _vpic() -> None:
    """The cut data, as the asset build makes it."""
    if not build.is_built():
        build.build()
