"""Widgets over REST: made by the owner, read by every visitor's browser."""

from typing import Any

from django.http import Http404
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action, require
from businesses.scopes import Resource
from channels_app.models import Channel
from conversations.wire import message_payload, rating_payload, timestamp
from foundation.api import SIGNED_IN, WITH_BODY, CursorQuery, Done, newest_page, path_id, refusals
from widgets import keys
from widgets.api import serializers as shapes
from widgets.availability import availability_of, payload_of
from widgets.embed import spoken_to
from widgets.languages import language_of
from widgets.models import Widget
from widgets.selectors import conversations_of
from widgets.services import create_widget, delete_widget, update_widget
from widgets.sightings import is_at_home, note_sighting

# Any page may read what every visitor sees; no credentials travel.
FOR_ANY_PAGE = {"Access-Control-Allow-Origin": "*"}


class CreateWidget(APIView):
    resource = Resource.WIDGET

    @extend_schema(
        summary="Create a widget for a domain",
        request=shapes.CreateWidgetInput,
        responses={201: shapes.WidgetOutput, **refusals(400, *SIGNED_IN, 402, 403, *WITH_BODY)},
    )
    def post(self, request: Request) -> Response:
        require(request.user, Action.MANAGE_WIDGETS)
        data = shapes.CreateWidgetInput(data=request.data)
        data.is_valid(raise_exception=True)
        widget = create_widget(actor=request.user, **data.validated_data)
        return Response(shapes.WidgetOutput(widget).data, status=201)


class UpdateWidget(APIView):
    resource = Resource.WIDGET

    @extend_schema(
        summary="Change a widget",
        request=shapes.UpdateWidgetInput,
        responses={200: shapes.WidgetOutput, **refusals(400, *SIGNED_IN, 403, 404, *WITH_BODY)},
    )
    def put(self, request: Request, widget_id: str) -> Response:
        widget = _managed(request, widget_id)
        data = shapes.UpdateWidgetInput(data=request.data)
        data.is_valid(raise_exception=True)
        widget = update_widget(actor=request.user, widget=widget, **data.validated_data)
        return Response(shapes.WidgetOutput(widget).data)


class DeleteWidget(APIView):
    resource = Resource.WIDGET

    @extend_schema(
        summary="Delete a widget",
        description="Its site has no chat any more, at once. The conversations stay.",
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def delete(self, request: Request, widget_id: str) -> Response:
        delete_widget(actor=request.user, widget=_managed(request, widget_id))
        return Response({"message": _("Widget deleted")})


def _managed(request: Request, text: str) -> Widget:
    require(request.user, Action.MANAGE_WIDGETS)
    widget = Widget.objects.visible_to(request.user).filter(pk=path_id(text)).first()
    if widget is None:
        raise Http404
    return widget


class Public(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    def widget(self, text: str) -> Widget:
        widget = Widget.objects.filter(pk=path_id(text)).first()
        if widget is None:
            raise Http404
        return widget

    def finalize_response(self, request: Request, response: Response, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]
        """A refusal must be readable from the page, too."""
        response = super().finalize_response(request, response, *args, **kwargs)  # type: ignore[assignment]
        for name, value in FOR_ANY_PAGE.items():
            response[name] = value
        return response


class PublicWidget(Public):
    @extend_schema(
        summary="Read a widget (public)",
        auth=[],
        parameters=[
            OpenApiParameter("locale", str, description="The language that a page asks for, like de or pt-BR."),
            OpenApiParameter("lang", str, description="The page's own, which counts after the widget's."),
        ],
        responses={200: shapes.PublicWidgetOutput, **refusals(404)},
    )
    def get(self, request: Request, widget_id: str) -> Response:
        widget = self.widget(widget_id)
        origin = request.headers.get("Origin", "")
        note_sighting(widget, origin=origin)
        language = spoken_to(request, widget.options)
        for_this_page = {
            "is_at_home": is_at_home(widget, origin=origin),
            "language": language.code,
            "direction": language.direction,
            "texts": None if language.is_english else language.page,
        }
        response = Response(shapes.WidgetOutput(widget).data | for_this_page)
        patch_vary_headers(response, ["Accept-Language"])
        return response


class PublicAvailability(Public):
    @extend_schema(
        summary="Whether somebody is there, and how soon an answer comes (public)",
        auth=[],
        responses={200: shapes.AvailabilityOutput, **refusals(404)},
    )
    def get(self, request: Request, widget_id: str) -> Response:
        return Response(payload_of(availability_of(self.widget(widget_id))))


class PublicChannels(Public):
    @extend_schema(
        summary="The other ways to reach the business (public)",
        auth=[],
        responses={200: shapes.PublicChannelOutput(many=True), **refusals(404)},
    )
    def get(self, request: Request, widget_id: str) -> Response:
        channels = Channel.objects.filter(business_id=self.widget(widget_id).business_id, is_active=True)
        return Response(
            [
                {"id": str(channel.pk), "type": channel.type, "handle": channel.public_handle or None}
                for channel in channels.order_by("created_at", "pk")
            ]
        )


class VisitorConversations(APIView):
    """For the widget's own frame, on our own origin: the visitor key is the only proof."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        summary="A visitor's conversations",
        auth=[],
        parameters=[
            CursorQuery,
            OpenApiParameter("X-Visitor-Key", str, OpenApiParameter.HEADER, description="From the first ack."),
            OpenApiParameter(
                "Accept-Language", str, OpenApiParameter.HEADER, description="Mails to the visitor speak it, too."
            ),
        ],
        responses={200: shapes.VisitorConversationsOutput, **refusals(404, 422, 429)},
    )
    def get(self, request: Request, widget_id: str) -> Response:
        """A key that is not good opens nothing: the list is empty."""
        query = CursorQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        widget = Widget.objects.filter(pk=path_id(widget_id)).first()
        if widget is None:
            raise Http404
        accepted = request.headers.get("Accept-Language", "")
        visitor = keys.visitor_from_key(
            request.headers.get("X-Visitor-Key"),
            business_id=widget.business_id,
            widget_id=widget.pk,
            language=language_of(accepted=accepted).code if accepted else "",
        )
        if visitor is None:
            return Response({"results": [], "next": None, "has_email": False})
        page, following = newest_page(
            conversations_of(visitor).select_related("rating").with_unread_by_customer(),
            cursor=query.validated_data.get("cursor"),
            limit=query.validated_data["limit"],
        )
        return Response(
            {
                "results": [
                    {
                        "id": str(row.pk),
                        "status": row.status,
                        "updated_at": timestamp(row.updated_at),
                        "unread": row.unread,
                        "answered": row.first_response_at is not None,
                        "rating": rating_payload(row),
                        "last_message": message_payload(row.last_message, receipts=row.receipts, for_member=False)
                        if row.last_message
                        else None,
                    }
                    for row in page
                ],
                "next": following,
                "has_email": bool(visitor.customer.email),
            }
        )
