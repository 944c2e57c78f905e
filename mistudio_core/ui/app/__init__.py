"""The frame of the app: navigation, session keys, the address, the open library, errors, polling."""
