"""TMF620 Product Catalog Management v5.0.0: what is sold, from what it is made, at what price."""

from common.component import Component, Resource
from tmf620_catalog import rules
from tmf620_catalog.lifecycle import CATALOGUE, JOB

_SHARED = ("name", "lifecycleStatus", "lastUpdate", "version", "validFor.startDateTime", "validFor.endDateTime")
_CATALOG = (*_SHARED, "catalogType", "relatedParty.id", "relatedParty.partyOrPartyRole.id")
_CATEGORY = (*_SHARED, "isRoot", "subCategory.id", "productOffering.id")
_PARTS = ("bundledProductSpecification.id", "productSpecificationRelationship.id")
_SPECIFICATION = (*_SHARED, *_PARTS, "brand", "productNumber", "isBundle", "relatedParty.partyOrPartyRole.id")
_MONEY = ("price.unit", "price.value", "recurringChargePeriodType", "bundledPopRelationship.id", "popRelationship.id")
_PRICE = (*_SHARED, *_MONEY, "priceType", "isBundle")
_RELATED = ("bundledGroupProductOffering.bundledProductOffering.id", "productOfferingRelationship.id")
_OFFERING = (*_SHARED, *_RELATED, "isBundle", "isSellable", "marketSegment.id", "channel.id", "place.id")
_MADE_OF = ("productSpecification.id", "productOfferingPrice.id", "category.id", "bundledProductOffering.id")
_JOB = ("status", "creationDate", "completionDate", "url")


def _entity(name: str, indexed: tuple[str, ...], holds: tuple[str, ...], rule: rules.EntityRules) -> Resource:
    """A versioned catalogue entity."""
    on_create, on_patch, on_delete = rule.create, rule.patch, rule.delete
    return Resource(name, indexed, holds, CATALOGUE, True, {}, on_create, on_patch, on_delete)


COMPONENT = Component(
    name="tmf620_catalog",
    api="TMF620",
    resources=(
        _entity("productCatalog", _CATALOG, ("category.id",), rules.CATALOG),
        _entity("category", _CATEGORY, ("parent.id",), rules.CATEGORY),
        _entity("productSpecification", _SPECIFICATION, ("category.id",), rules.SPECIFICATION),
        _entity("productOfferingPrice", _PRICE, (), rules.PRICE),
        _entity("productOffering", _OFFERING, _MADE_OF, rules.OFFERING),
        Resource("importJob", indexed=_JOB, lifecycle=JOB, on_create=rules.create_job),
        Resource("exportJob", indexed=_JOB, lifecycle=JOB, on_create=rules.create_job),
    ),
)
