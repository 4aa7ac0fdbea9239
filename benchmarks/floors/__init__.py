"""What is measured against: the least that a competent person would write for the same durable work."""
