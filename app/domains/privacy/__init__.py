"""What a person may ask of us about their own data: a copy of all of it.

A *copy* is a zip with a file of records for each kind of thing and the person's photos and documents. It is made by
the worker, kept for a week and given to nobody but that person.
"""
