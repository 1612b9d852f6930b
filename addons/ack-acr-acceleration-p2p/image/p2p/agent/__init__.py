"""The registry endpoint of one node's container runtime, and a peer of the swarm."""
