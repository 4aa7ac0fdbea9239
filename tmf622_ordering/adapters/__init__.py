"""Who carries out the tasks of an order: one port, and an adapter for each kind of system behind it."""
