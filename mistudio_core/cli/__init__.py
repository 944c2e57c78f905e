"""The command line: arguments in, one `Library` method called, tables or JSON out."""
