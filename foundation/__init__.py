"""The leaf that every app may import and that imports none of them."""
