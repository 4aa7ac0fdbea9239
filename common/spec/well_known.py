"""The few attribute names that mean the same in every TMF API, and the defects of the official files.

A contract says that an attribute is a date or a string, never that the server sets it. These names do by the
standard's own design rules, in every API; a name that is here in one API and a client's fact in another
(`usageDate`, `alarmRaisedTime`) is not in these tables.
"""

from __future__ import annotations

# The attribute whose value is the state of the resource. Order: which one counts when a resource has several.
STATE_NAMES = ("lifecycleStatus", "state", "status")

# Set once, by the server, when a resource is created. Those in the second table are that in one contract and a
# fact the client reports in another (an order's and a product's `orderDate`): they count where the create schema
# leaves them out.
CREATED_NAMES = ("creationDate", "createDate")
CREATED_NAMES_UNLESS_SETTABLE = ("orderDate", "quoteDate")

# Set by the server on every change.
UPDATED_NAMES = ("lastUpdate", "lastModified", "lastUpdateDate")

# Given by the server to every resource.
IDENTITY_NAMES = ("id", "href")

# Types that no API serves under their own name, and the served ones that references to them lead to.
ABSTRACT_TYPES = {
    "Party": ("Individual", "Organization"),
    "PartyRole": ("BusinessPartner", "Consumer", "Customer", "Producer", "Supplier"),
    "Account": ("BillingAccount", "FinancialAccount", "PartyAccount", "SettlementAccount"),
}
# What a reference says that can lead anywhere: nothing.
ANY_TYPE = "Entity"

# Enum values that official files spell wrong; clients generated from them send the wrong spelling, clients
# written from the guides the right one. Either is accepted.
MISSPELT_VALUES = {"aborted": ("aborted ",)}

# Payload members that official event schemas spell wrong; the official samples have them right.
MISSPELT_PAYLOAD_KEYS = {"canccelProductOrder": "cancelProductOrder"}
