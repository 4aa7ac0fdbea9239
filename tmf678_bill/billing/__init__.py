"""The billing engine: what an account is charged, what of it is new, and the statement with its taxes.

Values in, values out; imports `common.domain` only. Rules and worked tables: docs/billing.md.
"""
