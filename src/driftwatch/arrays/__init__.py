"""The only door through which user data enters (layer 1): namespaces, tables and feature kinds."""
