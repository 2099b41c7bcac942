"""What of a car is to be thought of: by the calendar, by distance, by hours of its engine or by charge cycles.

A *reminder* is due on a day, at a mileage, or at a count, whichever is first. One that comes *round* is set anew when the
work is logged. How *urgent* it is nobody stores: that follows from today and from how far the car has gone.
"""

from app.domains.reminders.keeping import find, most_urgent, of_car, of_person
from app.domains.reminders.models import Reminder
from app.domains.reminders.reckoning import Standing, stands
from app.domains.reminders.said import called

__all__ = ["Reminder", "Standing", "called", "find", "most_urgent", "of_car", "of_person", "stands"]
