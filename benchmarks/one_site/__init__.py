"""How long the builds of one blog take."""
