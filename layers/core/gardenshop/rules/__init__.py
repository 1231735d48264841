"""Pure rules: values in, a value out; the clock, chance and stock levels are arguments."""
