from django.urls import path

from businesses.api import views

urlpatterns = [
    path("auth/me", views.Me.as_view()),
    path("auth/business/create", views.CreateBusiness.as_view()),
]
