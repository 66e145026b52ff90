"""What people ask of finished things: what differs, why it differs, why something is in an image."""
