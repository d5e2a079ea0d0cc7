"""Do the error rates hold? Seeded simulations of every method that claims one: ``make calibrate``."""
