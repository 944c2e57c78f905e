"""What runs inside a worker process; nothing imports it."""
