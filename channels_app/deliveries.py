"""What has to leave the house."""
