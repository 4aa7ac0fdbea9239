"""Nothing here can be tested without two majors of an API."""

from tests.common.v4.pairs import sources

collect_ignore_glob = [] if sources() else ["test_*.py"]
