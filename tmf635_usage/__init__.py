"""Product usage (TMF635): what customers used of their products."""

from common.component import Component, Intake, Resource, Route, Work
from common.jobs.rules import check_job
from tmf635_usage import rules, tariffs
from tmf635_usage.lifecycle import EXPORT_JOB, PRODUCT_USAGE
from tmf635_usage.tables import TABLES
from tmf635_usage.v4 import V4

_SUMMARY = "/productUsageManagement/v5/productUsageSummary"
COMPONENT = Component(
    name="tmf635_usage",
    api="TMF635",
    resources=(
        Resource(
            "productUsage",
            indexed=(
                *("status", "usageType", "creationDate", "externalIdentifier.id"),
                *("relatedParty.partyOrPartyRole.id", "relatedParty.role"),
            ),
            holds=("product.id",),
            is_text=True,
            lifecycle=PRODUCT_USAGE,
            monthly=True,
            on_create=rules.on_create,
            on_patch=rules.on_patch,
            on_delete=rules.on_delete,
        ),
        Resource("exportJob", ("status", "creationDate", "completionDate"), lifecycle=EXPORT_JOB, on_create=check_job),
    ),
    jobs={"exportJob": "export"},
    intakes=(Intake("usage", "tmf635_usage.stream:UsageTaker", "rating"),),
    works=(
        Work("usage.session", "tmf635_usage.session_works:SessionLapse", "rating"),
        Work("usage.session-retention", "tmf635_usage.session_works:SessionRetention", "rating"),
    ),
    routes=(
        Route("POST", "/productUsageManagement/v5/productUsageBatch", "tmf635_usage.batch:ProductUsageBatch"),
        Route("POST", "/usageManagement/v4/usageBatch", "tmf635_usage.batch:UsageBatch"),
        Route("GET", "/productUsageManagement/v5/productUsageBatch/openapi.json", "tmf635_usage.batch:Description"),
        Route("GET", _SUMMARY, "tmf635_usage.summary_route:UsageSummary"),
        Route("GET", f"{_SUMMARY}/openapi.json", "tmf635_usage.summary_route:Description"),
        Route("POST", "/charging/v1/session", "tmf635_usage.session_routes:CreateSession"),
        Route("GET", "/charging/v1/session/{id}", "tmf635_usage.session_routes:RetrieveSession"),
        Route("PATCH", "/charging/v1/session/{id}", "tmf635_usage.session_routes:UpdateSession"),
    ),
    commands={"tariff": "tmf635_usage.tariff_command:tariff_app", "usage": "tmf635_usage.command:usage_app"},
    records=(*TABLES, *tariffs.TABLES),
    offers={
        "pricePlans": "tmf635_usage.plans:PricePlans",
        "ratedUsage": "tmf635_usage.billed:RatedUsage",
        "consumption": "tmf635_usage.consumption:Consumption",
    },
    imports={"tariffTable": "tmf635_usage.tariff_import:TariffImport"},
    checks="tmf635_usage.assure:CHECKS",
    v4=V4,
)
