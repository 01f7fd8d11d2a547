from importlib import import_module

from django.db import migrations

create_plans = import_module("businesses.migrations.0001_squashed_0010_business_hours").create_plans


class Migration(migrations.Migration):
    dependencies = [("businesses", "0001_initial")]
    operations = [migrations.RunPython(create_plans, migrations.RunPython.noop)]
