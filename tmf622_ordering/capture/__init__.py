"""Whether an order can be delivered, and what it costs (docs/ordering.md): one module for each question."""

from tmf622_ordering.capture.accept import capture, problems

__all__ = ["capture", "problems"]
