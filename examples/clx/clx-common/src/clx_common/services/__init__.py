"""What stands around every service: command line, HTTP server, health checks."""
