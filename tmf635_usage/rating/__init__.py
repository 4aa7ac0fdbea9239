"""The pure rating engine: usage, a price plan and counters in; lines, draws and counts out (docs/rating.md).

No I/O and no clock; its only caller stands in the transaction around it.
"""
