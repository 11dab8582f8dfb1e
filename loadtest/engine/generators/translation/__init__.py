"""What every generator but Artillery needs of a script: its parts, its conditions, and a user's plan."""
