"""The shared rate limiter and the gate, in Redis."""
