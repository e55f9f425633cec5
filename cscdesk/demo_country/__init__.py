"""
The country of the demonstration: schools, streets, families, all made up, the same at every start.

Nobody in it exists. Numbers of people and organisations are valid by their check digit only,
telephone numbers lie in ranges that nobody has.
"""
