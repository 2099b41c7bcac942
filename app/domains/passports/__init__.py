"""The history of a car that can be handed on: signed by this site, without anything about its people.

A *passport* is what a car's history says on the day it was made. Its *link* shows it to whoever holds it, for as long as its
owner wants. Its *file* can be checked anywhere, without this site.
"""
