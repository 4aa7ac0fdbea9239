from common.filters import ParsedQuery, parse_query  # noqa: F401
