"""Network to graph: traced, fused, quantised, and compared with the network at each step."""
