from django.db import migrations, models
from django.db.models import Max, OuterRef, Subquery


def look_back(apps, _schema_editor):
    """Of the customers that are there: when they last wrote."""
    theirs = apps.get_model("conversations", "Message").objects.filter(sender_type="customer")
    newest = theirs.filter(conversation__customer=OuterRef("pk")).order_by().values("conversation__customer")
    seen = newest.annotate(at=Max("created_at")).values("at")
    apps.get_model("conversations", "Customer").objects.update(last_seen_at=Subquery(seen))


class Migration(migrations.Migration):
    dependencies = [
        ("businesses", "0010_business_hours"),
        ("conversations", "0018_quotes_and_reactions"),
    ]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="attributes",
            field=models.JSONField(blank=True, default=dict, verbose_name="attributes"),
        ),
        migrations.AddField(
            model_name="customer",
            name="last_seen_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last seen"),
        ),
        migrations.AddField(
            model_name="customer",
            name="phone",
            field=models.CharField(blank=True, max_length=40, verbose_name="telephone"),
        ),
        migrations.AddIndex(
            model_name="customer",
            index=models.Index(fields=["business", "-last_seen_at", "-id"], name="customer_last_seen"),
        ),
        migrations.RunPython(look_back, migrations.RunPython.noop, elidable=True),
    ]
