"""How work is spread, kept and named: items, scratch, devices, provenance."""
