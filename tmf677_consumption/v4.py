"""How TMF677 v4 requests for reports say what the stored v5 ones say; v4 has reports within requests only."""

from common.v4.shapes import ApiMapping, Rename, Shape

V4 = ApiMapping(
    shapes={
        "QueryUsageConsumption": Shape((Rename("queryUsageConsumptionDate", "creationDate"),)),
        "UsageConsumption": Shape((Rename("bucketRefOrValue", "bucket"),)),
        "BucketRelationship": Shape((Rename("bucketRefOrValue", "bucket"),)),
    },
)
