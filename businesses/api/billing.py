"""Where a plan is paid for (contract/api.md 12)."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses import billing
from businesses.policy import Action, require
from foundation.api import SIGNED_IN, refusals


class CheckoutQuery(serializers.Serializer[Any]):
    plan = serializers.ChoiceField(choices=billing.PAID_PLANS)


class CheckoutOutput(serializers.Serializer[Any]):
    url = serializers.CharField()


class CheckoutUrl(APIView):
    @extend_schema(
        summary="Where to pay for a plan",
        parameters=[CheckoutQuery],
        responses={200: CheckoutOutput, **refusals(400, *SIGNED_IN, 403, 404, 422)},
    )
    def get(self, request: Request) -> Response:
        """404 where the operator has set up no payment."""
        require(request.user, Action.MANAGE_BILLING)
        query = CheckoutQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        return Response({"url": billing.checkout_url(actor=request.user, plan=query.validated_data["plan"])})
