"""Cars that report of themselves: mileage, state of charge, trouble codes, sent by a service with its driver's key.

A *report* is kept as it came. A *trouble code* is shown as long as the car shows it, with its general meaning.
"""

from app.domains.telematics.meanings import meaning
from app.domains.telematics.models import TelematicsReport, TroubleCode
from app.domains.telematics.standing import charge_of, codes_of

__all__ = ["TelematicsReport", "TroubleCode", "charge_of", "codes_of", "meaning"]
