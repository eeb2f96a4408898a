"""Alerts as plain data, and what a store keeps of them (layer 4): whoever looks at them need not be the one that sends."""
