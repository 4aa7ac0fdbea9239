"""What a run has found, written for people (HTML) and for machines (JSON, JUnit)."""
