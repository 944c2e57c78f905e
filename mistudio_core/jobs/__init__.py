"""Job folders: submit, launch, watch, cancel and reconcile the worker processes."""
