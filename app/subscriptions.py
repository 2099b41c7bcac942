"""Who hears what. Plain functions ring live pages, async ones are reactions. Read this to know the system."""

from typing import Any

from app.core import clips, files
from app.core.events import Event
from app.domains.accounts import events as accounts
from app.domains.billing import events as billing
from app.domains.billing.live import ring_invoice
from app.domains.billing.reactions import ask_about_account, ask_about_payment
from app.domains.booking import events as booking
from app.domains.booking.live import (
    ring_appointment,
    ring_day,
    ring_own,
    ring_requests,
    ring_slots,
    ring_slots_of_center,
)
from app.domains.booking.reactions import (
    follow_completion,
    follow_handover,
    follow_plan,
    follow_start,
    follow_void,
)
from app.domains.customers.erasing import list_erased_customer
from app.domains.customers.events import CustomerErased
from app.domains.customers.linking import follow_address, link_where_known
from app.domains.documents import events as documents
from app.domains.estimates import events as estimates
from app.domains.estimates.live import ring_estimate, ring_staff
from app.domains.estimates.reactions import drop_outdated_version, set_open_aside
from app.domains.garage import MemberInvited
from app.domains.garage import events as garage
from app.domains.garage.events import OdometerRead, SharedVehicleSold
from app.domains.handovers import events as handovers
from app.domains.inspections import events as inspections
from app.domains.inspections import live as inspections_live
from app.domains.inspections.reactions import give_sheets
from app.domains.logbook import events as logbook
from app.domains.logbook.verified import follow_order
from app.domains.marketplace import events as marketplace
from app.domains.marketplace.back_to_job import put_on_job, take_off_job
from app.domains.marketplace.deal_paying import ask_about_purchase, settle_up
from app.domains.marketplace.live import ring_asked, ring_offers, ring_sale, ring_shop, ring_status
from app.domains.marketplace.scoring import rescore_shop
from app.domains.messaging import events as messaging
from app.domains.messaging.live import ring_thread
from app.domains.network import setup_events as network
from app.domains.network.inviting import PersonInvited
from app.domains.network.joining import TenantJoined
from app.domains.notifications import account_reactions as tell_account
from app.domains.notifications import alarms
from app.domains.notifications import chat_reactions as tell_chat
from app.domains.notifications import deal_reactions as tell_deals
from app.domains.notifications import desk_reactions as tell_desk
from app.domains.notifications import events as notifications
from app.domains.notifications import market_reactions as tell_market
from app.domains.notifications import money_reactions as tell_money
from app.domains.notifications import rating_reactions as tell_rating
from app.domains.notifications import reactions as tell
from app.domains.notifications.car_reminding import tell_reminder
from app.domains.notifications.live import ring_reader
from app.domains.notifications.message_reactions import tell_message
from app.domains.notifications.onboarding_reactions import (
    tell_approved,
    tell_returned,
    tell_reviewers,
    tell_suspended,
)
from app.domains.notifications.package_reminding import tell_package_runs_out
from app.domains.notifications.paper_reminding import tell_document
from app.domains.notifications.privacy_reactions import tell_copy, tell_erasure
from app.domains.notifications.pushing import address_devices, push_to_device
from app.domains.notifications.recall_reactions import tell_recalls
from app.domains.notifications.sending import send_mail
from app.domains.notifications.service_reminding import tell_service_due
from app.domains.notifications.writing_to import MessageWritten
from app.domains.packages.reactions import count_use, cover_new_work, free_use, free_uses
from app.domains.parts_shops import events as parts_shops
from app.domains.parts_shops.trading import follow_center
from app.domains.passports import events as passports
from app.domains.privacy import events as privacy
from app.domains.privacy.consenting import note_agreement
from app.domains.privacy.erasing import list_erased_account
from app.domains.privacy.live import ring_own as ring_own_copy
from app.domains.privacy.making import begin_making
from app.domains.recalls import events as recalls
from app.domains.recalls.live import ring_owner
from app.domains.recommendations import events as recommendations
from app.domains.recommendations.looking_up import follow_car
from app.domains.reminders import events as reminders
from app.domains.reminders.logged import follow_logbook, follow_odometer, forget_code, remember_code
from app.domains.telematics import events as telematics
from app.domains.telematics.live import ring_driver
from app.domains.workshop import events as workshop
from app.domains.workshop.live import (
    ring_bench,
    ring_board,
    ring_customer,
    ring_order,
    ring_planned_benches,
)

SUBSCRIPTIONS: dict[type[Event], list[Any]] = {
    # the house
    files.FileForgotten: [files.erase],
    clips.ClipReceived: [clips.prepare],
    clips.ClipMoved: [clips.ring_where_shown],
    # workshop
    workshop.OrderOpened: [ring_board, ring_order, ring_customer, ring_day],
    workshop.OrderArrived: [ring_board, ring_order, ring_customer, ring_day],
    workshop.OrderMoved: [ring_board, ring_order, ring_customer, ring_day, follow_handover, follow_order],
    workshop.OrderPlanned: [ring_board, ring_order, ring_customer, ring_planned_benches, follow_plan],
    workshop.OrderReadingsTaken: [ring_order, follow_order],
    workshop.NextServicePlanned: [ring_order, follow_order],
    workshop.OrderPhotographed: [ring_order, ring_customer],
    workshop.OrderVideoRemoved: [ring_order, ring_customer],
    workshop.OrderInvoiced: [ring_board, ring_order, ring_customer, ring_day, set_open_aside],
    workshop.OrderClosed: [ring_board, ring_order, ring_customer, ring_day],
    workshop.OrderOwedAgain: [ring_board, ring_order, ring_customer, ring_day],
    workshop.OrderReopened: [ring_board, ring_order, ring_day, follow_order],
    workshop.OrderArchived: [ring_board, ring_order, ring_customer, ring_day, set_open_aside],
    workshop.OrderVoided: [
        ring_board,
        ring_order,
        ring_customer,
        ring_day,
        follow_void,
        set_open_aside,
        free_uses,
        follow_order,
    ],
    workshop.WorkCompleted: [
        ring_board,
        ring_order,
        ring_customer,
        follow_completion,
        tell.tell_work_completed,
        follow_order,
    ],
    workshop.JobProposed: [ring_board, ring_order, ring_bench, cover_new_work],
    workshop.JobChanged: [ring_board, ring_order, ring_bench, drop_outdated_version],
    workshop.JobWithdrawn: [ring_board, ring_order, ring_bench],
    workshop.JobPresented: [ring_board, ring_order, ring_bench, ring_customer],
    workshop.JobAuthorized: [ring_board, ring_order, ring_bench, ring_customer],
    workshop.JobSold: [ring_board, ring_order, ring_customer],
    workshop.JobDeclined: [ring_board, ring_order, ring_bench, ring_customer, free_use],
    workshop.JobDeferred: [ring_board, ring_order, ring_bench, ring_customer, free_use],
    workshop.JobRevived: [ring_board, ring_order, cover_new_work],
    workshop.JobAssigned: [ring_board, ring_order, ring_bench, follow_plan],
    workshop.JobPlanned: [ring_board, ring_order, ring_bench, ring_customer],
    workshop.JobStarted: [ring_board, ring_order, ring_bench, ring_customer, follow_start],
    workshop.JobPaused: [ring_board, ring_order, ring_bench, ring_customer],
    workshop.JobBlocked: [ring_board, ring_order, ring_bench, ring_customer],
    workshop.JobFinished: [ring_board, ring_order, ring_bench, ring_customer],
    workshop.JobReturned: [ring_board, ring_order, ring_bench],
    workshop.JobCompleted: [ring_board, ring_order, ring_bench, ring_customer, count_use],
    workshop.StepMoved: [ring_order, ring_bench, ring_customer],
    # estimates
    estimates.EstimateDrafted: [ring_staff],
    estimates.EstimateSent: [ring_estimate, tell.tell_estimate_ready],
    estimates.EstimateViewed: [ring_estimate],
    estimates.EstimateDecided: [ring_estimate, tell.tell_desk_of_decision],
    estimates.EstimateSuperseded: [ring_estimate],
    estimates.EstimateExpired: [ring_estimate, tell.tell_expired],
    estimates.ApprovalLinkAsked: [ring_staff, tell.tell_link_renewed],
    estimates.ApprovalLinksRevoked: [ring_estimate],
    # inspections
    inspections.InspectionStarted: [inspections_live.ring_order],
    inspections.ItemRated: [inspections_live.ring_sheet, inspections_live.ring_order],
    inspections.FindingPhotosChanged: [
        inspections_live.ring_sheet,
        inspections_live.ring_order,
        inspections_live.ring_customer,
    ],
    inspections.FindingProposed: [inspections_live.ring_sheet],
    inspections.InspectionCompleted: [
        inspections_live.ring_state,
        inspections_live.ring_order,
        inspections_live.ring_customer,
        tell.tell_desk_of_inspection,
    ],
    inspections.InspectionReopened: [
        inspections_live.ring_state,
        inspections_live.ring_order,
        inspections_live.ring_customer,
    ],
    # booking
    booking.AppointmentHeld: [ring_slots, ring_day, ring_own, ring_appointment],
    booking.AppointmentExpired: [ring_slots, ring_day, ring_own, ring_appointment],
    booking.AppointmentRequested: [
        ring_slots,
        ring_day,
        ring_own,
        ring_appointment,
        ring_requests,
        tell.tell_requested,
        tell_desk.tell_desk_of_request,
    ],
    booking.AppointmentConfirmed: [
        ring_slots,
        ring_day,
        ring_own,
        ring_appointment,
        ring_requests,
        tell.tell_confirmed,
    ],
    booking.AppointmentRescheduled: [
        ring_slots,
        ring_day,
        ring_own,
        ring_appointment,
        ring_requests,
        tell.tell_rescheduled,
    ],
    booking.AppointmentToldAhead: [ring_day, ring_own, ring_appointment],
    booking.AppointmentNoted: [ring_day, ring_own, ring_appointment],
    booking.AppointmentReassigned: [ring_slots, ring_day, ring_own, ring_appointment],
    booking.AppointmentCancelled: [
        ring_slots,
        ring_day,
        ring_own,
        ring_appointment,
        ring_requests,
        tell.tell_cancelled,
        tell_desk.tell_desk_of_cancellation,
    ],
    booking.AppointmentMissed: [ring_slots, ring_day, ring_own, ring_appointment],
    booking.AppointmentArrived: [ring_slots, ring_day, ring_own, ring_appointment],
    booking.AppointmentExpectedAgain: [
        ring_slots,
        ring_day,
        ring_own,
        ring_appointment,
        tell_desk.tell_desk_of_lost_place,
    ],
    booking.AppointmentStarted: [ring_slots, ring_day, ring_own, ring_appointment],
    booking.AppointmentReady: [ring_slots, ring_day, ring_own, ring_appointment],
    booking.AppointmentCompleted: [ring_slots, ring_day, ring_own, ring_appointment],
    # a shop's set-up decides what is free
    network.CenterChanged: [ring_slots_of_center, follow_center],
    network.HoursExceptionChanged: [ring_slots_of_center],
    network.BayChanged: [ring_slots_of_center],
    network.StaffChanged: [ring_slots_of_center],
    # billing
    billing.InvoiceIssued: [ring_invoice, tell_money.tell_invoice_issued, follow_order],
    billing.InvoiceCancelled: [ring_invoice, follow_order],
    billing.InvoiceOverdue: [ring_invoice],
    billing.InvoicePaid: [ring_invoice],
    billing.InvoiceCredited: [ring_invoice, tell_money.tell_invoice_credited, follow_order],
    billing.PayLinkAsked: [tell_money.tell_pay_link],
    billing.PaymentStarted: [ring_invoice],
    billing.PaymentChanged: [ring_invoice],
    billing.PaymentCompleted: [ring_invoice, tell_money.tell_payment_received],
    billing.PaymentEnded: [ring_invoice],
    billing.PaymentRefunded: [ring_invoice, tell_money.tell_money_back],
    billing.RefundBegun: [ring_invoice],
    billing.RefundFailed: [ring_invoice],
    billing.RefundReturned: [ring_invoice, tell_money.tell_desk_of_returned_refund],
    billing.PaymentQuestioned: [ring_invoice],
    billing.WebhookReceived: [ask_about_payment],
    billing.PaymentAccountChanged: [ask_about_account],
    # documents
    documents.DocumentAdded: [],
    documents.DocumentChanged: [],
    documents.DocumentRemoved: [],
    documents.DocumentExpiring: [tell_document],
    documents.DocumentShared: [],
    documents.DocumentUnshared: [],
    # logbook
    logbook.EntryLogged: [follow_logbook],
    logbook.EntryChanged: [follow_logbook],
    logbook.EntryRemoved: [follow_logbook],
    logbook.EntriesImported: [follow_logbook],
    # reminders
    OdometerRead: [follow_odometer],
    reminders.ReminderRaised: [tell_reminder],
    # passports
    passports.PassportMade: [],
    passports.PassportRevoked: [],
    # recalls
    recalls.RecallsFound: [tell_recalls],
    recalls.RecallAnswered: [ring_owner],
    # recommendations
    garage.VehicleAdded: [follow_car],
    garage.VehicleChanged: [follow_car],
    garage.VehicleReturned: [follow_car],
    garage.VehicleTakenOver: [follow_car],
    recommendations.RecommendationAnswered: [],
    # telematics
    telematics.TelematicsReceived: [ring_driver],
    telematics.TroubleCodeFound: [remember_code],
    telematics.TroubleCodeCleared: [forget_code],
    # packages
    notifications.PackageRunsOut: [tell_package_runs_out],
    # parts shops
    parts_shops.OnboardingSubmitted: [tell_reviewers],
    parts_shops.OnboardingApproved: [tell_approved],
    parts_shops.OnboardingReturned: [tell_returned],
    parts_shops.PartsShopMoved: [tell_suspended],
    billing.AccountRang: [ask_about_purchase],
    # marketplace
    marketplace.PartsOrderSubmitted: [ring_status],
    marketplace.PartsSearchWidened: [ring_status],
    marketplace.PartsOrderExtended: [ring_status],
    marketplace.PartsOrderExpired: [ring_status],
    marketplace.PartsOrderCancelled: [ring_status],
    marketplace.PartsOrderMoved: [ring_status],
    marketplace.PartsGivenUp: [ring_status],
    marketplace.OffersAccepted: [ring_status, put_on_job, tell_market.tell_buyer_of_choice],
    marketplace.ShopAsked: [ring_asked, tell_market.tell_counter_of_request, rescore_shop],
    marketplace.QuoteOffered: [ring_offers, ring_shop, tell_market.tell_buyer_of_first_offer, rescore_shop],
    marketplace.QuoteDeclined: [ring_offers, ring_shop, rescore_shop],
    marketplace.QuoteWithdrawn: [ring_offers, ring_shop],
    marketplace.QuoteWon: [ring_shop, tell_market.tell_counter_of_sale, rescore_shop],
    marketplace.QuoteLost: [ring_shop, tell_market.tell_counter_of_loss, rescore_shop],
    marketplace.QuoteStandsAgain: [ring_offers, ring_shop, tell_market.tell_counter_of_standing],
    marketplace.PurchaseRated: [ring_status, ring_shop, rescore_shop, tell_rating.tell_shop_of_rating],
    marketplace.RatingAnswered: [ring_status, ring_shop, tell_rating.tell_buyer_of_reply],
    marketplace.PurchaseMoved: [ring_status, take_off_job],
    marketplace.BoughtPartMissing: [tell_deals.tell_desk_of_missing_part],
    marketplace.PurchasePaymentBegun: [],
    marketplace.PurchaseAuthorized: [ring_sale, tell_deals.tell_seller],
    marketplace.PurchasePaymentEnded: [ring_sale, tell_deals.tell_buyer],
    marketplace.PurchasePaid: [ring_sale, tell_deals.mail_buyer],
    marketplace.PurchasePaidLate: [ring_sale, settle_up, tell_deals.tell_buyer, tell_deals.mail_buyer],
    marketplace.PurchasePaymentQuestioned: [
        ring_sale,
        tell_deals.tell_seller,
        tell_deals.tell_buyer,
        tell_deals.mail_buyer,
    ],
    marketplace.PurchasePaymentDisputed: [
        ring_sale,
        tell_deals.tell_seller,
        tell_deals.tell_buyer,
        tell_deals.mail_buyer,
    ],
    marketplace.PurchaseCaptureRefused: [ring_sale, tell_deals.tell_seller, tell_deals.tell_buyer],
    marketplace.PurchaseRefundBegun: [ring_sale, settle_up],
    marketplace.PurchaseRefunded: [ring_sale, tell_deals.tell_buyer, tell_deals.mail_buyer],
    marketplace.PurchaseRefundFailed: [
        ring_sale,
        tell_deals.tell_seller,
        tell_deals.tell_buyer,
        tell_deals.mail_buyer,
    ],
    marketplace.PurchaseConfirmed: [ring_sale, tell_deals.tell_buyer],
    marketplace.PurchaseShipped: [ring_sale, tell_deals.tell_buyer, tell_deals.mail_buyer],
    marketplace.PurchaseDelivered: [
        ring_sale,
        tell_deals.tell_seller,
        tell_deals.tell_buyer,
        tell_deals.mail_buyer,
        rescore_shop,
    ],
    marketplace.PurchaseCancelAsked: [ring_sale, tell_deals.tell_seller],
    marketplace.PurchaseCancelRefused: [ring_sale, tell_deals.tell_buyer],
    marketplace.PurchaseCancelled: [ring_sale, settle_up, tell_deals.tell_seller, tell_deals.tell_buyer],
    marketplace.PurchaseFailed: [
        ring_sale,
        settle_up,
        tell_deals.tell_buyer,
        tell_deals.mail_buyer,
        rescore_shop,
    ],
    marketplace.ReturnAsked: [ring_sale, tell_deals.tell_seller],
    marketplace.ReturnRefused: [ring_sale, tell_deals.tell_buyer],
    marketplace.PurchaseReturned: [ring_sale, tell_deals.tell_buyer, tell_deals.mail_buyer, rescore_shop],
    marketplace.CoreReturned: [ring_sale],
    # accounts
    accounts.SignedUp: [note_agreement, link_where_known],
    accounts.EmailProved: [link_where_known],
    accounts.PasswordResetRequested: [tell_account.send_reset],
    accounts.EmailProofAsked: [tell_account.send_proof],
    accounts.EmailChangeAsked: [tell_account.send_email_change],
    accounts.EmailChanged: [tell_account.tell_old_address, follow_address, link_where_known],
    accounts.PasswordChanged: [tell_account.tell_way_in],
    accounts.SecondFactorChanged: [tell_account.tell_way_in],
    accounts.OtherWaysForgotten: [tell_account.tell_way_in],
    accounts.SecondFactorPaused: [tell_account.tell_way_in],
    accounts.KioskPinPaused: [tell_account.tell_way_in],
    accounts.RecoveryCodeUsed: [tell_account.tell_way_in],
    accounts.SignInLocked: [tell_account.tell_locked],
    accounts.IdentityLinked: [tell_account.tell_linked],
    accounts.IdentityUnlinked: [tell_account.tell_unlinked],
    # privacy
    privacy.ExportAsked: [ring_own_copy, begin_making],
    privacy.ExportMoved: [ring_own_copy],
    privacy.ExportReady: [ring_own_copy, tell_copy],
    privacy.ExportFailed: [ring_own_copy, tell_copy],
    privacy.ExportEnded: [ring_own_copy],
    privacy.ErasureAsked: [tell_erasure],
    privacy.AccountErased: [list_erased_account],
    PersonInvited: [tell_account.send_invitation],
    MemberInvited: [tell_account.send_car_invitation],
    SharedVehicleSold: [tell_account.tell_shared_car_sold],
    handovers.HandoverOffered: [tell_account.send_handover],
    handovers.HandoverTaken: [tell_account.tell_handover_taken],
    alarms.BurstNoticed: [alarms.tell_of_burst],
    CustomerErased: [list_erased_customer],
    # messaging
    messaging.ChatMessageSent: [ring_thread, tell_chat.tell_of_message],
    messaging.ChatRead: [ring_thread, tell_chat.put_lines_away],
    messaging.ChatLeftUnread: [tell_chat.mail_of_message],
    # notifications
    MessageWritten: [tell_message],
    notifications.ReminderDue: [tell.tell_reminder],
    notifications.ServiceFallsDue: [tell_service_due],
    notifications.NotificationSent: [ring_reader, address_devices],
    notifications.PushAddressed: [push_to_device],
    notifications.NotificationsRead: [ring_reader],
    notifications.MailWritten: [send_mail],
    TenantJoined: [give_sheets],
}
