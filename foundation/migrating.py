"""Steps of a migration that nobody has to wait for, however big the table is."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AddIndex


class AddIndexMeanwhile(AddIndex):
    """An index that is built while people go on writing; alone in its migration, which says `atomic = False`.

    Safe to repeat: what a try left that was broken off, or an earlier step of the same name, is built anew.
    """

    atomic = False

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        model = to_state.apps.get_model(app_label, self.model_name)
        meanwhile = {"concurrently": True} if schema_editor.connection.vendor == "postgresql" else {}
        if meanwhile:  # it waits for whoever has begun before, and reads the table twice
            schema_editor.execute("SET statement_timeout = 0", params=None)
        name = schema_editor.quote_name(self.index.name)
        schema_editor.execute(f"DROP INDEX {'CONCURRENTLY ' if meanwhile else ''}IF EXISTS {name}", params=None)
        schema_editor.add_index(model, self.index, **meanwhile)
        if meanwhile:
            schema_editor.execute("RESET statement_timeout", params=None)
