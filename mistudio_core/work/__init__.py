"""What runs inside a worker process; started as `python -m mistudio_core.work JOB_DIR`, imported by nobody."""
