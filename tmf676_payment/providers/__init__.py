"""Who takes money from cards, accounts and wallets: the port, and a provider that is built in."""
