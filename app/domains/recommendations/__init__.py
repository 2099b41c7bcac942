"""What a car needs next, and why: maintenance by its age and distance, what it reports, and the parts that fit.

A *suggestion* is about a task (oil, brake fluid …) or a trouble code. It is never stored: it follows from what the logbook,
the shops and the car say today. What its people *answered* is stored, and so are the *parts* that shops list for the car. A
*wear model* says how long parts of all cars last; it counts only where it has been right more often than the usual interval.
"""

from app.domains.recommendations.models import PartSuggestions, RecommendationAnswer, WearModel
from app.domains.recommendations.standing import of_car

__all__ = ["PartSuggestions", "RecommendationAnswer", "WearModel", "of_car"]
