"""The check of an agent's draft, rule by rule."""
