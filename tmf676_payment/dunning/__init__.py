"""Accounts in arrears: what is done about them, by policy and by the clock (docs/dunning.md)."""
