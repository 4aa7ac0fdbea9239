"""What orders have to do later, by name (`RuleContext.schedule`)."""

from __future__ import annotations

from common.component import RuleContext

# The key is the order's id; `fulfil` carries it out.
FULFILMENT = "fulfilment"
# The key is the id of a CancelProductOrder; `cancel` carries it out.
CANCELLATION = "cancellation"
# One key for the OSS; `subscribe` carries it out.
LISTENING = "listening"
# Where an OSS posts its events: at the callback itself, or at a path for each type below it or below its listener.
LISTENER_PATH = "/serviceOrdering/v4/listener"
LISTENER_PATHS = (LISTENER_PATH, f"{LISTENER_PATH}/{{eventType}}", f"{LISTENER_PATH}/listener/{{eventType}}")


def is_executed(context: RuleContext) -> bool:
    """Whether the suite carries out orders itself; otherwise people say how far they are."""
    return context.settings.fulfilment != "none"


def look_again(order_id: str, context: RuleContext) -> None:
    """Have an order looked at, as soon as it is committed."""
    if context.schedule is not None and is_executed(context):
        context.schedule(FULFILMENT, order_id, context.now)
