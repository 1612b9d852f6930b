"""P2P acceleration of image pulls: one package, four roles (docs/architecture.md)."""
