"""The container runtime's hosts files of one node, and the certificate of the agent's door."""
