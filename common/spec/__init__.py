"""What a TM Forum contract says, read once at start-up."""
