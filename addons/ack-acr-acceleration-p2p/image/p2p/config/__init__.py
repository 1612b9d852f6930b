"""What every role is told: its environment, the origins, their names."""
