from typing import Any

from rest_framework import serializers


class TopAgentOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    resolved = serializers.IntegerField()


class OverviewOutput(serializers.Serializer[Any]):
    """The last 30 days, unless a field says that it is about now."""

    total_conversations = serializers.IntegerField(help_text="Conversations started.")
    avg_first_response = serializers.IntegerField(help_text="Mean seconds from start to the first answer.")
    resolution_rate = serializers.FloatField(
        min_value=0, max_value=100, help_text="Share of the started conversations that are resolved, in percent."
    )
    active_agents = serializers.IntegerField(help_text="Live or away, now.")
    channel_mix = serializers.DictField(
        child=serializers.IntegerField(), help_text="Channel type to percentage; they sum to 100."
    )
    top_agents = TopAgentOutput(many=True, help_text="At most 5, most resolved first.")
    quick_pulse_open = serializers.IntegerField(help_text="Open conversations, now.")
    median_handle_time = serializers.IntegerField(
        help_text="Median seconds from start to resolution, of those resolved in the window."
    )
    customer_happiness = serializers.IntegerField(allow_null=True, help_text="Null as long as there are no ratings.")
