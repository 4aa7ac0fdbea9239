"""Each row of the tables in docs/versions.md, as a v4 document and the v5 one that is stored for it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.common.v4.pairs import Case, sources

MONEY = {"unit": "EUR", "value": Decimal("9.90")}
PARTY_V4 = {"id": "1", "name": "Ann", "role": "owner", "@referredType": "Individual"}
PARTY_V5 = {"@type": "PartyRef", "id": "1", "name": "Ann", "@referredType": "Individual"}


def kept(of, value):
    return {"of": of, "value": value}


ROWS = [
    ("TMF620", "catalog", {"name": "c"}, {"@type": "ProductCatalog", "name": "c"}),
    ("TMF620", "catalog", {"name": "c", "@type": "Catalog"},
     {"@type": "ProductCatalog", "~@type": "Catalog", "name": "c"}),
    ("TMF620", "catalog", {"@type": "MyCatalog", "@baseType": "Catalog"},
     {"@type": "MyCatalog", "~@type": "MyCatalog", "@baseType": "Catalog"}),
    ("TMF620", "catalog", {"x-colour": "red"}, {"@type": "ProductCatalog", "x-colour": "red"}),
    ("TMF620", "catalog", {"relatedParty": [PARTY_V4]},
     {"@type": "ProductCatalog", "relatedParty": [
         {"@type": "RelatedPartyRefOrPartyRoleRef", "role": "owner", "partyOrPartyRole": PARTY_V5}]}),
    ("TMF620", "catalog", {"relatedParty": [PARTY_V4 | {"@referredType": "Customer"}]},
     {"@type": "ProductCatalog", "relatedParty": [
         {"@type": "RelatedPartyRefOrPartyRoleRef", "role": "owner",
          "partyOrPartyRole": PARTY_V5 | {"@type": "PartyRoleRef", "@referredType": "Customer"}}]}),
    ("TMF620", "category", {"parentId": "7"}, {"@type": "Category", "parent": {"@type": "CategoryRef", "id": "7"}}),
    ("TMF620", "productOffering", {"policy": [{"id": "1"}]},
     {"@type": "ProductOffering", "~policy": [{"id": "1"}]}),
    ("TMF620", "productOffering", {"bundledProductOffering": [{"id": "1", "lifecycleStatus": "Active"}]},
     {"@type": "ProductOffering", "bundledProductOffering": [
         {"@type": "BundledProductOffering", "id": "1", "~lifecycleStatus": "Active"}]}),
    ("TMF620", "productOffering", {"productOfferingPrice": [{"id": "1", "name": "fee"}]},
     {"@type": "ProductOffering", "productOfferingPrice": [
         {"@type": "ProductOfferingPriceRef", "id": "1", "name": "fee"}]}),
    ("TMF620", "productOffering",
     {"productOfferingPrice": [{"name": "fee", "priceType": "recurring", "recurringChargePeriod": "month",
                                "constraint": [{"id": "3"}], "priceAlteration": [{"name": "off"}],
                                "price": {"taxRate": 19, "taxCategory": "VAT", "dutyFreeAmount": MONEY}}]},
     {"@type": "ProductOffering", "productOfferingPrice": [
         {"@type": "ProductOfferingPrice", "name": "fee", "priceType": "recurring",
          "recurringChargePeriodType": "month", "policy": [{"@type": "PolicyRef", "id": "3"}],
          "~priceAlteration": [{"name": "off"}], "price": MONEY,
          "tax": [{"@type": "TaxItem", "taxRate": 19, "taxCategory": "VAT"}],
          "~price": kept({"price": MONEY, "tax": [{"@type": "TaxItem", "taxRate": 19, "taxCategory": "VAT"}]},
                         {"price": {"taxRate": 19, "taxCategory": "VAT", "dutyFreeAmount": MONEY}})}]}),
    ("TMF620", "productOffering", {"productOfferingPrice": [{"name": "off", "price": {"percentage": 10}}]},
     {"@type": "ProductOffering", "productOfferingPrice": [
         {"@type": "ProductOfferingPrice", "name": "off", "percentage": 10}]}),
    ("TMF620", "productOfferingPrice", {"constraint": [{"id": "3", "version": "1"}]},
     {"@type": "ProductOfferingPrice", "policy": [{"@type": "PolicyRef", "id": "3", "version": "1"}]}),
    ("TMF620", "productOfferingPrice", {"tax": [{"id": "1", "taxRate": 19}]},
     {"@type": "ProductOfferingPrice", "tax": [{"@type": "TaxItem", "~id": "1", "taxRate": 19}]}),
    ("TMF620", "productSpecification",
     {"productSpecCharacteristic": [
         {"name": "colour", "productSpecCharacteristicValue": [{"value": "red"}, {"value": 3}],
          "productSpecCharRelationship": [{"id": "9", "href": "/9", "name": "n", "charSpecSeq": 2}]}]},
     {"@type": "ProductSpecification", "productSpecCharacteristic": [
         {"@type": "CharacteristicSpecification", "name": "colour",
          "characteristicValueSpecification": [
              {"@type": "StringCharacteristicValueSpecification", "value": "red"},
              {"@type": "IntegerCharacteristicValueSpecification", "value": 3}],
          "charSpecRelationship": [
              {"@type": "CharacteristicSpecificationRelationship", "parentSpecificationId": "9",
               "parentSpecificationHref": "/9", "name": "n", "~charSpecSeq": 2}]}]}),
    ("TMF622", "productOrder", {"orderDate": "2026-01-01T00:00:00.000Z", "state": "acknowledged"},
     {"@type": "ProductOrder", "creationDate": "2026-01-01T00:00:00.000Z", "state": "acknowledged"}),
    ("TMF622", "productOrder", {"externalId": "PO-1"},
     {"@type": "ProductOrder", "externalId": [{"@type": "ExternalIdentifier", "id": "PO-1"}]}),
    ("TMF622", "productOrder", {"channel": [{"id": "1", "name": "web", "role": "sales"}]},
     {"@type": "ProductOrder", "channel": [
         {"@type": "RelatedChannel", "role": "sales", "channel": {"@type": "ChannelRef", "id": "1", "name": "web"}}]}),
    ("TMF622", "productOrder",
     {"productOrderItem": [
         {"id": "1", "action": "add", "quoteItem": {"id": "5", "quoteId": "4", "quoteName": "q"},
          "productOfferingQualificationItem": {"id": "6", "productOfferingQualificationId": "3"},
          "itemTerm": [{"duration": {"amount": Decimal("1.5"), "units": "month"}}]}]},
     {"@type": "ProductOrder", "productOrderItem": [
         {"@type": "ProductOrderItem", "id": "1", "action": "add",
          "quoteItem": {"@type": "QuoteItemRef", "quoteItemId": "5", "quoteId": "4", "~quoteName": "q"},
          "productOfferingQualificationItem": {
              "@type": "ProductOfferingQualificationItemRef", "itemId": "6", "productOfferingQualificationId": "3"},
          "itemTerm": [{"@type": "OrderTerm", "duration": {
              "units": "month", "~amount": kept({}, {"amount": Decimal("1.5")})}}]}]}),
    ("TMF629", "customer",
     {"engagedParty": PARTY_V4, "account": [{"id": "1", "description": "d"}]},
     {"@type": "Customer", "role": "owner", "engagedParty": PARTY_V5,
      "account": [{"@type": "AccountRef", "id": "1", "~description": "d"}]}),
    ("TMF629", "customer",
     {"contactMedium": [
         {"mediumType": "Email", "preferred": True, "characteristic": {"emailAddress": "a@b.c", "contactType": "work"}},
         {"mediumType": "postalAddress", "characteristic": {"street1": "s", "country": "FR", "phoneNumber": "0"}},
         {"mediumType": "signal", "characteristic": {"x-handle": "me"}}]},
     {"@type": "Customer", "contactMedium": [
         {"@type": "EmailContactMedium", "preferred": True, "emailAddress": "a@b.c", "contactType": "work",
          "~mediumType": kept({}, {"mediumType": "Email"})},
         {"@type": "GeographicAddressContactMedium", "street1": "s", "country": "FR", "phoneNumber": "0"},
         {"@type": "ContactMedium", "~mediumType": kept({}, {"mediumType": "signal"}),
          "~characteristic": {"x-handle": "me"}}]}),
    ("TMF629", "customer",
     {"characteristic": [{"name": "a", "value": "x"}, {"name": "b", "value": Decimal("1.5")},
                         {"name": "c", "value": True},
                         {"name": "d", "value": [1, 2]}, {"name": "e", "value": {"f": 1}}]},
     {"@type": "Customer", "characteristic": [
         {"@type": "StringCharacteristic", "name": "a", "value": "x"},
         {"@type": "NumberCharacteristic", "name": "b", "value": Decimal("1.5")},
         {"@type": "BooleanCharacteristic", "name": "c", "value": True},
         {"@type": "IntegerArrayCharacteristic", "name": "d", "value": [1, 2]},
         {"@type": "ObjectCharacteristic", "name": "e", "value": {"f": 1}}]}),
    ("TMF632", "individual",
     {"fullName": "Ann B", "status": "deceaded", "disability": [{"disabilityCode": "1", "@type": "Disability"}],
      "externalReference": [{"name": "x1", "externalReferenceType": "crm"}]},
     {"@type": "Individual", "name": "Ann B", "status": "deceased",
      "disability": [{"disabilityCode": "1", "~@type": "Disability"}],
      "externalReference": [{"@type": "ExternalIdentifier", "id": "x1", "externalIdentifierType": "crm"}]}),
    ("TMF632", "organization", {"tradingName": "Acme"},
     {"@type": "Organization", "tradingName": "Acme", "name": "Acme",
      "~tradingName": kept({"tradingName": "Acme", "name": "Acme"}, {"tradingName": "Acme"})}),
    ("TMF635", "usage",
     {"description": "d", "usageDate": "2026-01-01T00:00:00.000Z", "status": "billed",
      "ratedProductUsage": [{"taxExcludedRatingAmount": MONEY, "taxRate": 19, "isBilled": True,
                             "productRef": {"id": "8"}}]},
     {"@type": "ProductUsage", "~description": "d", "~usageDate": "2026-01-01T00:00:00.000Z", "status": "rated",
      "~status": kept({"status": "rated"}, {"status": "billed"}), "product": {"@type": "ProductRef", "id": "8"},
      "usageProductPrice": [
          {"@type": "ProductPrice", "price": {"@type": "Price", "dutyFreeAmount": MONEY, "taxRate": 19},
           "~isBilled": True, "~productRef": {"id": "8"}}]}),
    ("TMF637", "product",
     {"status": "aborted ", "agreement": [{"id": "1", "name": "a", "agreementItemId": "2"}],
      "place": [{"id": "3", "name": "p", "role": "installed", "@referredType": "GeographicSite"}],
      "productOrderItem": [{"productOrderId": "4", "productOrderHref": "/4", "orderItemId": "1",
                            "orderItemAction": "upgrade"}],
      "productPrice": [{"billingAccount": {"id": "5"}, "productPriceAlteration": [{"priority": 1}]}],
      "productRelationship": [{"relationshipType": "bundled", "product": {"id": "6", "isBundle": False}}],
      "realizingResource": [{"id": "7", "value": "+49"}]},
     {"@type": "Product", "status": "aborted", "~status": kept({"status": "aborted"}, {"status": "aborted "}),
      "agreementItem": [{"@type": "AgreementItemRef", "agreementId": "1", "agreementName": "a",
                         "agreementItemId": "2"}],
      "place": [{"@type": "RelatedPlaceRefOrValue", "role": "installed", "place": {
          "@type": "PlaceRef", "id": "3", "name": "p", "@referredType": "GeographicSite"}}],
      "productOrderItem": [{"@type": "RelatedOrderItem", "orderId": "4", "orderHref": "/4", "orderItemId": "1",
                            "~orderItemAction": kept({}, {"orderItemAction": "upgrade"})}],
      "productPrice": [{"@type": "ProductPrice", "~billingAccount": {"id": "5"},
                        "priceAlteration": [{"@type": "PriceAlteration", "priority": 1}]}],
      "productRelationship": [{"@type": "ProductRelationship", "relationshipType": "bundled", "id": "6",
                               "~product": {"isBundle": False}}],
      "realizingResource": [{"@type": "ResourceRef", "id": "7", "~value": "+49"}]}),
    ("TMF666", "billingAccount",
     {"lastModified": "2026-01-01T00:00:00.000Z", "taxExemption": [{"certificateNumber": "1"}],
      "billStructure": {"format": {"id": "1", "isRef": True}, "cycleSpecification": {"name": "c", "isRef": False,
                                                                                    "dateShift": 3}}},
     {"@type": "BillingAccount", "lastUpdate": "2026-01-01T00:00:00.000Z",
      "taxExemption": [{"@type": "TaxExemptionCertificate", "certificateNumber": "1"}],
      "billStructure": {"@type": "BillStructure", "format": {"@type": "BillFormatRef", "id": "1"},
                        "cycleSpecification": {"@type": "BillingCycleSpecification", "name": "c", "~dateShift": 3}}}),
    ("TMF678", "customerBill",
     {"runType": "odd", "appliedPayment": [{"appliedAmount": MONEY, "@type": "AppliedPayment"}]},
     {"@type": "CustomerBill", "~runType": kept({}, {"runType": "odd"}),
      "appliedPayment": [{"appliedAmount": MONEY, "~@type": "AppliedPayment"}]}),
    ("TMF678", "appliedCustomerBillingRate", {"type": "usage", "bill": {"id": "1"}},
     {"@type": "AppliedCustomerBillingRate", "appliedBillingRateType": "usage",
      "bill": {"@type": "CustomerBillRef", "id": "1"}}),
]  # fmt: skip


@pytest.mark.parametrize("source", sources())
@pytest.mark.parametrize(("api", "name", "v4", "v5"), ROWS)
def test_a_v4_document_is_stored_so(source, api, name, v4, v5):
    mapping = Case(api, name, source).mapping

    assert mapping.lift(v4) == v5
    assert mapping.project(v5) == v4


SHOWN = [
    ("TMF620", "catalog",
     {"@type": "ProductCatalog", "relatedParty": [{"@type": "RelatedPartyRefOrPartyRoleRef", "role": "r",
                                                   "partyOrPartyRole": {"@type": "PartyRoleRef", "id": "1"}}]},
     {"relatedParty": [{"role": "r", "id": "1", "@referredType": "PartyRole"}]}),
    ("TMF620", "productOffering",
     {"@type": "ProductOffering", "policy": [{"@type": "PolicyRef", "id": "1"}], "externalIdentifier": [{"id": "1"}]},
     {}),
    ("TMF620", "productOffering",
     {"@type": "FibreOffering", "productOfferingPrice": [
         {"@type": "ProductOfferingPrice", "name": "fee", "price": {"unit": "EUR", "value": Decimal("100")},
          "tax": [{"@type": "TaxItem", "taxRate": Decimal("19")}]}]},
     {"@type": "FibreOffering", "productOfferingPrice": [
         {"name": "fee", "price": {"taxRate": Decimal("19"), "dutyFreeAmount": {"unit": "EUR", "value": Decimal("100")},
                                   "taxIncludedAmount": {"unit": "EUR", "value": Decimal("119")}}}]}),
    ("TMF622", "productOrder", {"state": "draft"}, {"state": "pending"}),
    ("TMF622", "productOrder", {"state": "inProgress.accepted"}, {"state": "inProgress"}),
    ("TMF622", "productOrder", {"productOrderItem": [{"state": "partial"}]},
     {"productOrderItem": [{"state": "failed"}]}),
    ("TMF622", "cancelProductOrder", {"state": "rejected"}, {"state": "terminatedWithError"}),
    ("TMF622", "cancelProductOrder", {"state": "cancelled"}, {"state": "done"}),
    ("TMF622", "productOrder",
     {"externalId": [{"id": "1", "owner": "a"}, {"id": "2"}]}, {"externalId": "1"}),
    ("TMF629", "customer",
     {"contactMedium": [{"@type": "PhoneContactMedium", "id": "1", "phoneNumber": "0", "contactType": "home"}]},
     {"contactMedium": [{"mediumType": "phone", "characteristic": {"phoneNumber": "0", "contactType": "home"}}]}),
    ("TMF632", "organization", {"name": "Acme"}, {"tradingName": "Acme", "name": "Acme"}),
    ("TMF635", "usage", {"status": "superseded", "product": {"id": "1"}}, {"status": "rerated"}),
    ("TMF666", "partyAccount",
     {"relatedParty": [{"role": "r", "partyOrPartyRole": {"@type": "PartyRef", "id": "1"}}]},
     {"relatedParty": [{"role": "r", "id": "1", "name": "1", "@referredType": "Party"}]}),
]  # fmt: skip


@pytest.mark.parametrize("source", sources())
@pytest.mark.parametrize(("api", "name", "v5", "v4"), SHOWN)
def test_what_only_v5_says_is_shown_so(source, api, name, v5, v4):
    assert Case(api, name, source).mapping.project(v5) == v4
