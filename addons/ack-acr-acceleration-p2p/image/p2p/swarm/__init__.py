"""The swarm: what peers and the scheduler say to one another, and the decisions behind it."""
