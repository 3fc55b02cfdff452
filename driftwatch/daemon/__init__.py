"""The process that lives on: its ticks, the monitors that it takes up, its start and its end."""
