"""Values of the business: exact, immutable where they can be, standard library only."""
