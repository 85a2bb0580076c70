from datetime import datetime

EVENT_JOB_MAX_INSTANCES: int

class JobSubmissionEvent:
    job_id: str
    scheduled_run_times: list[datetime]
