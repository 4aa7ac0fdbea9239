"""From a change to a listener: derive the events, write them to the outbox, relay them to hubs, deliver them."""
