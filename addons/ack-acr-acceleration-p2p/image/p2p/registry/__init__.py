"""The OCI distribution protocol towards an origin: references, manifests, requests, errors."""
