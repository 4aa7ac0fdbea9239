"""Message brokers: our events out to one, and records of others in from one. Which broker it is, one setting says."""
