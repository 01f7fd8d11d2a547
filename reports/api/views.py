"""Figures over REST."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from foundation.api import SIGNED_IN, refusals
from reports.api.serializers import OverviewOutput
from reports.overview import overview


class OverviewFigures(APIView):
    resource = Resource.ANALYTICS

    @extend_schema(summary="Figures of the last 30 days", responses={200: OverviewOutput, **refusals(400, *SIGNED_IN)})
    def get(self, request: Request) -> Response:
        membership = require(request.user, Action.SEE_REPORTS)
        figures = overview(business_id=membership.business_id, now=timezone.now())
        return Response(OverviewOutput(figures).data)
