"""How far a job has come, in the standard's words.

Source: JobStateType of TMF620 and TMF635 v5.0.0; `progress` is an extension attribute of ours.
"""

from __future__ import annotations

from typing import Literal

Kind = Literal["import", "export"]
KINDS: tuple[Kind, ...] = ("import", "export")

NOT_STARTED = "Not Started"
RUNNING = "Running"
SUCCEEDED = "Succeeded"
FAILED = "Failed"
UNFINISHED = (NOT_STARTED, RUNNING)

STATUS = "status"
PROGRESS = "progress"
ERROR_LOG = "errorLog"
COMPLETED_AT = "completionDate"
CREATED_AT = "creationDate"
# What a client may send and only the server says.
SERVER_SET = (PROGRESS, ERROR_LOG, COMPLETED_AT)
