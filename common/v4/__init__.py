"""Documents of major version 4 over a store that keeps version 5: shapes as data, compiled to tables.

docs/versions.md tells how.
"""
