"""What the built-in provider calls its work, for whoever does not import the provider."""

SANDBOX_WORK = "payment.sandbox"
