"""The composition: settings, addresses, the API's manners and the live edge. Everything else is below."""
