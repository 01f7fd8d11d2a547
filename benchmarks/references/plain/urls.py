from django.http import HttpRequest, HttpResponse
from django.urls import path

from benchmarks.references.plain import views


async def healthz(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [
    path("healthz", healthz),
    path("nothing", views.Nothing.as_view()),
    path("api/v1/conversations/<uuid:conversation_id>/messages", views.Messages.as_view()),
]
