"""The workshop: repair orders, their jobs and lines, the board, the bench and the clocks.

A repair order is the card on the board; its jobs are what is sold and done. The stage of the card follows the
jobs, and a person may always move it. What the customer declines or puts off stays with the car.

Domains above call what is named here. Each operation takes the order's lock itself, so several of them may be
called in one transaction.
"""

from app.domains.workshop.arriving import IntakeForm, check_in
from app.domains.workshop.booked import Agreed, Booked, put_booked
from app.domains.workshop.check_in import Intake, warning_light_words
from app.domains.workshop.closing import archive, mark_closed, mark_invoiced, mark_owed_again, reopen, void
from app.domains.workshop.counter import sell_over_counter, take_off_counter
from app.domains.workshop.covered import charge_again, cover_job
from app.domains.workshop.deferred import open_for_vehicle as deferred_for_vehicle
from app.domains.workshop.deferred import revive
from app.domains.workshop.foreseen import of_order as foreseen_of_order
from app.domains.workshop.history import Told, timeline
from app.domains.workshop.jobs import (
    authorize_job,
    billable_jobs,
    decline_job,
    defer_job,
    jobs_of,
    lines_of,
    present_jobs,
    propose_job,
    unfinished_jobs,
    withdraw_job,
)
from app.domains.workshop.jobs import find as find_job
from app.domains.workshop.lines import NewLine, add_line, change_line, remove_line, unit_price
from app.domains.workshop.lines import rename as rename_job
from app.domains.workshop.live import bench_topic, board_topic, customer_topic, parts_topic, staff_topic
from app.domains.workshop.moves import blocked_word, job_word, stage_words
from app.domains.workshop.orders import (
    find,
    find_by_id,
    for_vehicle,
    hold,
    hold_open,
    of_customer,
    open_order,
    open_visit,
    open_visits,
    plan,
    visible_to,
)
from app.domains.workshop.photographs import add_photo, photos, share_photo
from app.domains.workshop.pricing import Price, Sellable, labor_hours, price_line, price_lines
from app.domains.workshop.stages import enter as enter_stage
from app.domains.workshop.stages import follow as follow_stage
from app.domains.workshop.usual_times import Usual
from app.domains.workshop.usual_times import of_jobs as usual_of_jobs
from app.domains.workshop.usual_times import of_services as usual_of_services
from app.domains.workshop.usual_times import put_into_job as put_usual_into_job
from app.domains.workshop.work import technician as technician_of

__all__ = [
    "Agreed",
    "Booked",
    "Intake",
    "IntakeForm",
    "NewLine",
    "Price",
    "Sellable",
    "Told",
    "Usual",
    "add_line",
    "add_photo",
    "archive",
    "authorize_job",
    "bench_topic",
    "billable_jobs",
    "blocked_word",
    "board_topic",
    "change_line",
    "charge_again",
    "check_in",
    "cover_job",
    "customer_topic",
    "decline_job",
    "defer_job",
    "deferred_for_vehicle",
    "enter_stage",
    "find",
    "find_by_id",
    "find_job",
    "follow_stage",
    "for_vehicle",
    "foreseen_of_order",
    "hold",
    "hold_open",
    "job_word",
    "jobs_of",
    "labor_hours",
    "lines_of",
    "mark_closed",
    "mark_invoiced",
    "mark_owed_again",
    "of_customer",
    "open_order",
    "open_visit",
    "open_visits",
    "parts_topic",
    "photos",
    "plan",
    "present_jobs",
    "price_line",
    "price_lines",
    "propose_job",
    "put_booked",
    "put_usual_into_job",
    "remove_line",
    "rename_job",
    "reopen",
    "revive",
    "sell_over_counter",
    "share_photo",
    "staff_topic",
    "stage_words",
    "take_off_counter",
    "technician_of",
    "timeline",
    "unfinished_jobs",
    "unit_price",
    "usual_of_jobs",
    "usual_of_services",
    "visible_to",
    "void",
    "warning_light_words",
    "withdraw_job",
]
