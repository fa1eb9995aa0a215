"""Which of the processes of `make test` runs which tests."""

from typing import Final

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

TOGETHER: Final = ("tests/browser/", "tests/end_to_end/", "tests/load/")
"""Folders whose tests share what is costly: one process runs all of them."""


class FilesInTurn(LoadScopeScheduling):
    """Gives a file at a time, in their order, to the process that is free; see `TOGETHER`."""

    def __init__(self, config: pytest.Config, log: Producer) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((folder for folder in TOGETHER if file.startswith(folder)), file)
