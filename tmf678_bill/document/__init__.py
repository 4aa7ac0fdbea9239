"""The bill for its reader: as PDF and as JSON, rendered once, kept, and handed out."""
