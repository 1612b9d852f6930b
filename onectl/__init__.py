"""Installs and removes addons of registered Kubernetes clusters, and grants them what they need in Alibaba Cloud."""

__version__ = "0.1.0"
