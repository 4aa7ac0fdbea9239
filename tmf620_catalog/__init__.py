"""TMF620 Product Catalog Management v5.0.0: what is sold, from what it is made, at what price."""

from common.component import Component, Resource
from tmf620_catalog.lifecycle import CATALOGUE, JOB

_ENTITY = ("name", "lifecycleStatus", "lastUpdate", "version", "validFor.startDateTime", "validFor.endDateTime")

COMPONENT = Component(
    name="tmf620_catalog",
    api="TMF620",
    resources=(
        Resource(
            "productCatalog",
            indexed=(*_ENTITY, "catalogType", "relatedParty.id"),
            holds=("category.id",),
            lifecycle=CATALOGUE,
            versioned=True,
        ),
        Resource(
            "category",
            indexed=(*_ENTITY, "isRoot", "productOffering.id"),
            holds=("parent.id", "subCategory.id"),
            lifecycle=CATALOGUE,
            versioned=True,
        ),
        Resource(
            "productSpecification",
            indexed=(*_ENTITY, "brand", "productNumber", "isBundle", "relatedParty.id"),
            holds=("category.id", "bundledProductSpecification.id", "productSpecificationRelationship.id"),
            lifecycle=CATALOGUE,
            versioned=True,
        ),
        Resource(
            "productOfferingPrice",
            indexed=(*_ENTITY, "priceType", "isBundle", "recurringChargePeriodType", "price.unit", "price.value"),
            holds=("bundledPopRelationship.id", "popRelationship.id"),
            lifecycle=CATALOGUE,
            versioned=True,
        ),
        Resource(
            "productOffering",
            indexed=(*_ENTITY, "isBundle", "isSellable", "statusReason", "marketSegment.id", "channel.id", "place.id"),
            holds=("productSpecification.id", "productOfferingPrice.id", "category.id", "bundledProductOffering.id"),
            lifecycle=CATALOGUE,
            versioned=True,
        ),
        Resource("importJob", indexed=("status", "creationDate", "url"), lifecycle=JOB),
        Resource("exportJob", indexed=("status", "creationDate", "url"), lifecycle=JOB),
    ),
)
