"""Import and export jobs, carried out durably. A component says which of its resources are jobs; none is named here."""
