"""A coordinator and three workers, or as many as a file says, for all its tests."""

import pytest

from fleet import Fleet


@pytest.fixture(scope="module")
def fleet(request, make_module_cluster):
    made = Fleet(make_module_cluster, workers=getattr(request.module, "WORKERS", 3))
    yield made
    made.close()
