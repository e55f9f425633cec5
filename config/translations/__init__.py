"""
Texts in three languages without any program but Python.

`messages` finds every text in the code and the pages, `catalogues` keeps their translations in
`locale/`, `faults` says what is wrong with them. The sources are English, so English needs no
catalogue. Texts of Django and other packages that lack Kazakh are "borrowed": they stand in our
catalogues too, marked with the package they come from.
"""
