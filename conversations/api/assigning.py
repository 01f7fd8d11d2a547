"""Who is responsible for a conversation, over REST."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from businesses.policy import Action
from businesses.scopes import Resource
from conversations.api import serializers as shapes
from conversations.api.views import conversation_for
from conversations.services.assigning import (
    assign_conversation,
    claim_conversation,
    not_a_member,
    release_conversation,
)
from foundation.api import SIGNED_IN, Done, refusals
from foundation.ids import parse_id


class Assign(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Assign to a member of the team",
        request=None,
        responses={200: shapes.AssigneeOutput, **refusals(400, *SIGNED_IN, 403, 404)},
    )
    def put(self, request: Request, conversation_id: str, agent_id: str) -> Response:
        """`agent_id` is a user id. For owners and admins."""
        conversation = conversation_for(request, conversation_id, Action.ASSIGN)
        agent = parse_id(agent_id)
        if agent is None:
            raise not_a_member()
        assign_conversation(conversation=conversation, agent_id=agent, actor=request.user)
        return Response({"assignee_id": str(agent)})


class TeamAssign(APIView):
    resource = Resource.CONVERSATIONS
    input_source = "query"

    @extend_schema(
        summary="Assign a conversation",
        parameters=[shapes.AssignQuery],
        request=None,
        responses={200: Done, **refusals(400, *SIGNED_IN, 403, 404, 422)},
    )
    def post(self, request: Request, conversation_id: str) -> Response:
        """For owners and admins."""
        conversation = conversation_for(request, conversation_id, Action.ASSIGN)
        query = shapes.AssignQuery(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        assign_conversation(conversation=conversation, agent_id=query.validated_data["agent_id"], actor=request.user)
        return Response({"message": "Conversation assigned successfully"})


class Claim(APIView):
    resource = Resource.CONVERSATIONS

    @extend_schema(
        summary="Take a conversation that nobody has",
        request=None,
        responses={200: shapes.AssigneeOutput, **refusals(400, *SIGNED_IN, 403, 404, 409)},
    )
    def post(self, request: Request, conversation_id: str) -> Response:
        conversation = conversation_for(request, conversation_id)
        claim_conversation(conversation=conversation, user=request.user)
        return Response({"assignee_id": str(request.user.pk)})

    @extend_schema(
        summary="Give up a conversation of your own",
        request=None,
        responses={200: shapes.AssigneeOutput, **refusals(400, *SIGNED_IN, 403, 404, 409)},
    )
    def delete(self, request: Request, conversation_id: str) -> Response:
        """Its team has it then, or nobody."""
        conversation = conversation_for(request, conversation_id)
        release_conversation(conversation=conversation, user=request.user)
        return Response({"assignee_id": None})
