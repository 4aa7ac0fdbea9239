"""A month of an operator, played over HTTP against a suite of its own (`bss demo`).

It is a client like any other: what it does, anybody can do with the published contracts. It imports no component.
"""
