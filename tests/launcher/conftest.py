"""What the launcher's tests share."""

import os

import pytest

from launcher import postgres


@pytest.fixture
def own_cluster(tmp_path, monkeypatch):
    """An embedded server of this test's own, in a folder that root's `nobody` may not
    enter by itself and whose path is too long for a socket."""
    state = tmp_path / ("a" * 60) / ("b" * 60)
    state.mkdir(parents=True)
    tmp_path.chmod(0o700)
    monkeypatch.setattr(postgres, "STATE", state)
    monkeypatch.setattr(postgres, "CLUSTER", state / "postgres")
    for variable in [name for name in os.environ if name.startswith("PG")]:
        monkeypatch.delenv(variable)
    return state / "postgres"
