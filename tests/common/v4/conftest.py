"""Nothing here can be tested without two majors of an API."""

from tests.common.v4.pairs import apis

collect_ignore_glob = [] if apis() else ["test_*.py"]
