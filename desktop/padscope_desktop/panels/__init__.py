"""What stands around the picture; each panel shows one thing and says by signals what a person wants."""
