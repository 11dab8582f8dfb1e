"""What the region's network enforces for the resources of all services: security groups, gateway."""
