"""The command line (layer 5): parses, wires the layers below together and owns the exit codes. No mathematics."""
