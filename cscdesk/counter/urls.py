"""Addresses of the clerk's pages, below the language."""

from django.urls import path

from cscdesk.counter.views import applications, desk, sessions

app_name = "counter"

urlpatterns = [
    path("", desk.desk, name="desk"),
    path("sign-in/", sessions.sign_in, name="sign_in"),
    path("sign-out/", sessions.sign_out, name="sign_out"),
    path("open/", desk.open_desk, name="open"),
    path("close/", desk.close_desk, name="close"),
    path("today/", desk.today, name="today"),
    path("closing-code/", desk.closing_code, name="closing_code"),
    path("find/", applications.find, name="find"),
    path("withdraw/<str:number>/", applications.withdraw, name="withdraw"),
    path("withdraw/<str:number>/code/", applications.send_code, name="send_code"),
    path("applications/<uuid:application>/", applications.application, name="application"),
    path("applications/<uuid:application>/receipt/", applications.receipt, name="receipt"),
    path("applications/<uuid:application>/correct/", applications.correct, name="correct"),
    path("applications/<uuid:application>/void/", applications.void, name="void"),
]
