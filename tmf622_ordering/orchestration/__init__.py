"""Orders carried out, as pure functions: order -> plan, plan and answers -> next calls and states.

No I/O, no clock, no store; `fulfil` beside this package is its only caller.
"""
