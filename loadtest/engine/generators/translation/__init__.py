"""What every generator except Artillery needs of a script: its parts, its conditions, a user's plan."""
