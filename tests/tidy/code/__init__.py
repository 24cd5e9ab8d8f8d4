"""The code inside a room: shape, sizes, positionals, time, money, faults, what nobody uses."""
