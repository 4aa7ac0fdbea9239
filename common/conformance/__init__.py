"""The conformance kit: what a server does, judged by a TM Forum contract and the rules of TMF630 (docs/conformance.md).

It talks HTTP to the server and knows nothing of how this suite serves.
"""
