"""When and how runs happen: schedule, admission, the run itself."""
