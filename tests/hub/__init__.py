"""A Hub-compatible server on loopback that the real huggingface_hub, datasets and transformers talk to.

`server.HubServer` is the server, `repository.Repository` what it serves, `repositories` ready-made ones, `faults` what
can go wrong, `access` the accounts and tokens, `fixtures` the pytest fixture.
"""
