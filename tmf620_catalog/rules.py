"""TMF620 v5.0.0: what the contract of the catalogue cannot say."""

from __future__ import annotations
