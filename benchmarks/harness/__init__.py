"""What benchmarks share: figures, alternating rounds, servers, an HTTP load client, and the page of results."""
