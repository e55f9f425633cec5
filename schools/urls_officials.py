"""Pages of education departments, under /<language>/officials/."""

from django.urls import path, re_path

from schools.views import downloads, officials

app_name = "officials"

_LIST = r"^rosters/(?P<school>[0-9]{12})/(?P<language>[a-z]{2})/"

urlpatterns = [
    path("", officials.start, name="start"),
    path("password/", officials.password, name="password"),
    path("search/", officials.search, name="search"),
    path("cases/", officials.cases, name="cases"),
    re_path(r"^districts/(?P<kato>[0-9]{9})/$", officials.district, name="district"),
    re_path(_LIST + r"$", officials.roster, name="roster"),
    re_path(_LIST + r"print/$", officials.roster_on_paper, name="roster_on_paper"),
    re_path(_LIST + r"roster\.csv$", downloads.roster_csv, name="roster_csv"),
]
