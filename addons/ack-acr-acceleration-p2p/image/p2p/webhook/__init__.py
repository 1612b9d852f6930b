"""The webhook: admits labelled Pods, and keeps the addon's own objects."""
