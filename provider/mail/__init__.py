"""Letters: stored with the change that caused them, sent by the worker, followed until delivered or given up."""
