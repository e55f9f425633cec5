"""Addresses of the desks' API."""

from django.urls import path

from cscdesk import api

handler400 = "cscdesk.api.bad_request"
handler404 = "cscdesk.api.not_found"
handler500 = "cscdesk.api.server_error"

urlpatterns = [
    path("api/desk/v1/entries", api.EntriesView.as_view()),
    path("api/desk/v1/outcomes", api.OutcomesView.as_view()),
    path("api/desk/v1/catalogue", api.CatalogueView.as_view()),
    path("api/desk/v1/enroll", api.EnrollView.as_view()),
    path("api/desk/v1/codes", api.CodesView.as_view()),
]
