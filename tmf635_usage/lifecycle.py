"""The states of a product usage and of an export job.

Source: TMF635 v5.0.0 `ProductUsageStatusType` and `JobStateType` name the states. The standard's v5 files draw no
diagram; the moves of a usage are a proposal (tmf630-rules, section 3.6), those of a job follow TMF620's jobs.
Usage that another system has checked, rated or refused is brought in as it stands: v4 lets a client say the status on
create (`guided`, `rated`, `rerated`, `billed`, `rejected`). v5 does not, so there every usage starts initialized.
"""

from __future__ import annotations

from common.domain.lifecycle import Lifecycle

PRODUCT_USAGE = Lifecycle(
    attribute="status",
    initial="initialized",
    moves={
        "initialized": frozenset({"validated", "rejected"}),
        "validated": frozenset({"rated", "notRated", "failed"}),
        "rated": frozenset({"corrected", "superseded"}),
        "corrected": frozenset({"rated"}),
        "rejected": frozenset({"initialized"}),
        "failed": frozenset({"initialized"}),
        "superseded": frozenset[str](),
        "notRated": frozenset[str](),
    },
    source="TMF635 v5.0.0 ProductUsageStatusType; moves are a proposal",
    created=frozenset({"validated", "rated", "corrected", "rejected"}),
)

EXPORT_JOB = Lifecycle(
    attribute="status",
    initial="Not Started",
    moves={
        "Not Started": frozenset({"Running"}),
        "Running": frozenset({"Succeeded", "Failed"}),
        "Succeeded": frozenset[str](),
        "Failed": frozenset[str](),
    },
    source="TMF635 v5.0.0 JobStateType",
)
