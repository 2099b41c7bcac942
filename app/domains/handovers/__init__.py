"""A car changes hands: it is sold, and its history goes to the next owner.

A *handover* is a mailed offer of a car's history, taken once by whoever holds its link. The next owner gets a car of their
own with what the seller chose to give along; the seller keeps theirs, put away.
"""

from app.domains.handovers.events import HandoverOffered, HandoverTaken
from app.domains.handovers.models import Handover
from app.domains.handovers.offering import issue_link

__all__ = ["Handover", "HandoverOffered", "HandoverTaken", "issue_link"]
