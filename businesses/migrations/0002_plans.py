"""The plans of the contract (contract/api.md 12). A self-hosted install starts everybody on Pro, messages unlimited."""

from typing import Any

from django.db import migrations

PLANS: list[dict[str, Any]] = [
    {
        "name": "Free",
        "max_agents": 0,
        "max_channels": 1,
        "max_kb_articles": 5,
        "all_channel_types": False,
        "theo_auto": False,
    },
    {"name": "Mini", "max_agents": 2, "max_channels": 3, "max_kb_articles": 25},
    {"name": "Pro", "max_agents": 5, "max_channels": 100, "max_kb_articles": 1000, "is_default": True},
]


def create_plans(apps: Any, schema_editor: Any) -> None:
    model = apps.get_model("businesses", "Plan")
    for plan in PLANS:
        model.objects.get_or_create(name=plan["name"], defaults=plan)


class Migration(migrations.Migration):
    dependencies = [("businesses", "0001_initial")]
    operations = [migrations.RunPython(create_plans, migrations.RunPython.noop)]
