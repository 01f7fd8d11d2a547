"""What PingBack is measured against. None of it is part of the product."""
