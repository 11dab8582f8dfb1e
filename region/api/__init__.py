"""The region's AWS API: moto in this process behind one WSGI shell."""
