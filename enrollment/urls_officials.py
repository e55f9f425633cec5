"""Pages of education departments about applications, under /<language>/officials/."""

from django.urls import URLPattern

app_name = "officials_applications"

urlpatterns: list[URLPattern] = []
