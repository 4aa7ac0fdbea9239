"""What people decide about bills: credit notes, disputes, adjustments, write-offs (docs/corrections.md).

A bill that was issued never changes. What was wrong with it is a document of its own, and what it lowers is what
remains of the bill.
"""
