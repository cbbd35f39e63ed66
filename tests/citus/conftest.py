"""A coordinator and three workers, for all tests of a file."""

import pytest

from fleet import Fleet


@pytest.fixture(scope="module")
def fleet(make_module_cluster):
    made = Fleet(make_module_cluster, workers=3)
    yield made
    made.close()
