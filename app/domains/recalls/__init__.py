"""What makers call cars back for, as the operator loaded it, and which cars of a garage it may concern.

A *recall* is one campaign's word on one model of one year. An *answer* is what a car's owner says of a campaign:
that it was seen to, or that it does not concern this very car.
"""

from app.domains.recalls.models import Recall, RecallAnswer
from app.domains.recalls.standing import Campaign, of_car

__all__ = ["Campaign", "Recall", "RecallAnswer", "of_car"]
