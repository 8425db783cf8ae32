"""Optuna's own contract of a storage, kept by every way in which this project opens one."""

import pytest
from optuna.testing.pytest_storages import StorageTestCase

from hpsearch.storage.access import open_storage


class TestJournal(StorageTestCase):
    @pytest.fixture
    def storage(self, tmp_path):
        return open_storage(results=tmp_path)


@pytest.mark.slow
class TestSQLite(StorageTestCase):
    @pytest.fixture
    def storage(self, tmp_path):
        return open_storage(f"sqlite:///{tmp_path}/s.db")


@pytest.mark.slow
class TestPostgreSQL(StorageTestCase):
    @pytest.fixture
    def storage(self, postgres):
        return open_storage(postgres.emptied("contract"))
