"""TMF620 Product Catalog Management v5.0.0: what is sold, from what it is made, at what price."""

from functools import partial

from common.component import Component, Resource
from common.jobs.rules import check_job
from tmf620_catalog import rules
from tmf620_catalog.lifecycle import CATALOGUE, JOB
from tmf620_catalog.v4 import V4

_SHARED = ("name", "lifecycleStatus", "lastUpdate", "version", "validFor.startDateTime", "validFor.endDateTime")
_CATALOG = (*_SHARED, "catalogType", "relatedParty.id", "relatedParty.partyOrPartyRole.id")
_CATEGORY = (*_SHARED, "isRoot", "subCategory.id", "productOffering.id")
_PARTS = ("bundledProductSpecification.id", "productSpecificationRelationship.id")
_SPECIFICATION = (*_SHARED, *_PARTS, "brand", "productNumber", "isBundle", "relatedParty.partyOrPartyRole.id")
_PRICE = (*_SHARED, "priceType", "isBundle", "price.unit", "price.value", "recurringChargePeriodType")
_ALTERED = ("bundledPopRelationship.id", "popRelationship.id")
_RELATED = ("bundledGroupProductOffering.bundledProductOffering.id", "productOfferingRelationship.id")
_OFFERING = (*_SHARED, *_RELATED, "isBundle", "isSellable", "marketSegment.id", "channel.id", "place.id")
_MADE_OF = ("productSpecification.id", "productOfferingPrice.id", "category.id", "bundledProductOffering.id")
_JOB = ("status", "creationDate", "completionDate", "url")
_CHECK_JOB = partial(check_job, names=V4.resources)
_COUNTED = ("lifecycleStatus", "lastUpdate", "validFor.startDateTime")
_entity = partial(Resource, lifecycle=CATALOGUE, versioned=True, counted=_COUNTED)

COMPONENT = Component(
    name="tmf620_catalog",
    api="TMF620",
    resources=(
        _entity(
            "productCatalog", _CATALOG, ("category.id",), on_create=rules.create_catalog, on_patch=rules.patch_catalog
        ),
        _entity("category", _CATEGORY, ("parent.id",), on_create=rules.create_category, on_patch=rules.patch_category),
        _entity(
            "productSpecification",
            _SPECIFICATION,
            ("category.id",),
            on_create=rules.create_specification,
            on_patch=rules.patch_specification,
            on_delete=rules.delete_specification,
        ),
        _entity("productOfferingPrice", _PRICE, _ALTERED, on_create=rules.create_price, on_patch=rules.patch_price),
        _entity(
            "productOffering",
            _OFFERING,
            _MADE_OF,
            on_create=rules.create_offering,
            on_patch=rules.patch_offering,
            counted=(*_COUNTED, "category.id"),
        ),
        Resource("importJob", indexed=_JOB, lifecycle=JOB, on_create=_CHECK_JOB),
        Resource("exportJob", indexed=_JOB, lifecycle=JOB, on_create=_CHECK_JOB),
    ),
    jobs={"importJob": "import", "exportJob": "export"},
    offers={"soldPrices": "tmf620_catalog.sold:SoldPrices"},
    v4=V4,
)
