"""Static files: hashed names, compressed once, and only what some page asks for."""

from django.contrib.staticfiles.apps import StaticFilesConfig
from whitenoise.storage import CompressedManifestStaticFilesStorage


class Files(StaticFilesConfig):
    # Source maps, and pages that we do not serve: four fifths of the weight of what packages bring.
    ignore_patterns = [*StaticFilesConfig.ignore_patterns, "*.map", "rest_framework", "drf_spectacular_sidecar/redoc"]


class Storage(CompressedManifestStaticFilesStorage):
    support_js_module_import_aggregation = True

    def hashed_name(self, name, content=None, filename=None):  # type: ignore[no-untyped-def]
        """A bundle names its source map, which is not there; nobody but a debugger asks for it."""
        return name if name.endswith(".map") else super().hashed_name(name, content, filename)
