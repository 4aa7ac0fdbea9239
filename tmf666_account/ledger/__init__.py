"""The ledger: what every bill, payment, credit and recognition of revenue is entered as, exactly and once."""
