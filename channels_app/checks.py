"""Start-up checks of the channels."""
