"""The HTTP API: a request in, one `Library` method called, JSON out; imported only where it is switched on."""
