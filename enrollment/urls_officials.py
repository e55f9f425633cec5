"""Pages of education departments about applications, under /<language>/officials/."""

from django.urls import path

from enrollment.views import officials, officials_cases, officials_explain, officials_whatif

app_name = "officials_applications"

urlpatterns = [
    path("checks/", officials.checks, name="checks"),
    path("checks/record/", officials.record, name="record"),
    path("cases/<int:pk>/", officials_cases.case, name="case"),
    path("explain/<str:number>/", officials_explain.explain, name="explain"),
    path("what-if/", officials_whatif.what_if, name="what_if"),
    path("what-if/<uuid:scenario_id>/", officials_whatif.scenario, name="scenario"),
    path("what-if/<uuid:scenario_id>/what-if.csv", officials_whatif.what_if_csv, name="what_if_csv"),
]
