from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("conversations", "0027_search_persons"),
    ]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="spam_at",
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name="marked as spam"),
        ),
        migrations.AlterField(
            model_name="activity",
            name="kind",
            field=models.CharField(
                choices=[
                    ("assigned", "Assigned"),
                    ("resolved", "Resolved"),
                    ("closed", "Closed"),
                    ("spam", "Marked as spam"),
                    ("reopened", "Reopened"),
                    ("pending", "Parked"),
                    ("snoozed", "Snoozed"),
                    ("woke", "Woke up"),
                    ("tagged", "Tagged"),
                    ("untagged", "Tag taken off"),
                    ("priority", "Priority changed"),
                    ("handed_over", "Handed over by Theo"),
                    ("blocked", "Customer blocked"),
                    ("unblocked", "Customer unblocked"),
                    ("merged", "Merged"),
                    ("unmerged", "Merge undone"),
                    ("customer_merged", "Customer merged"),
                    ("customer_unmerged", "Merge of the customer undone"),
                    ("returned", "Not sent as planned"),
                    ("left_out", "Copy not sent"),
                ],
                max_length=20,
                verbose_name="kind",
            ),
        ),
    ]
