"""Properties: Hypothesis hunts the counter-example."""
