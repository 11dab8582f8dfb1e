"""Artillery as a load generator, with the recorder that runs inside it."""
