"""Whose every table is. One literal list; a test compares it with the database's catalogue.

tenant: one shop's. person: one person's. shared: a shop's and its customer's. child: goes with its parent
row. published: a shop's, open to readers. system: nobody's content. own_policy: written out in its migration.
"""

from app.core.rls import Kind

TABLES: dict[str, Kind] = {
    # the house
    "events": "own_policy",
    "deliveries": "system",
    "dead_jobs": "system",
    "idempotency_keys": "system",
    "rate_counts": "system",
    "audit_logs": "own_policy",
    "audit_values": "own_policy",
    "audit_chain": "own_policy",
    "files": "own_policy",
    # accounts
    "users": "own_policy",
    "sessions": "person",
    "kiosk_pins": "person",
    "refresh_tokens": "person",
    "password_resets": "person",
    "email_proofs": "person",
    "identities": "person",
    "sign_ons": "system",
    "one_time_codes": "person",
    "recovery_codes": "person",
    "passkeys": "person",
    "half_ways": "person",
    "passkey_challenges": "system",
    "api_tokens": "own_policy",
    # privacy
    "exports": "person",
    "consents": "person",
    # network
    "tenants": "own_policy",
    "service_centers": "published",
    "hours_exceptions": "published",
    "bays": "tenant",
    "user_roles": "own_policy",
    "staff_profiles": "tenant",
    "kiosks": "tenant",
    "allowed_networks": "tenant",
    "staff_certificates": "tenant",
    "shifts": "tenant",
    "absences": "tenant",
    "invitations": "tenant",
    "system_settings": "published",
    "setting_changes": "tenant",
    # services
    "services": "published",
    "canned_jobs": "tenant",
    "canned_lines": "tenant",
    # garage
    "vehicles": "own_policy",
    "ownerships": "own_policy",
    "vehicle_grants": "own_policy",
    "car_invitations": "person",
    "odometer_readings": "own_policy",
    # histories
    "history_files": "person",
    # reminders
    "reminders": "own_policy",
    "calendar_feeds": "person",
    # telematics
    "telematics_reports": "own_policy",
    "trouble_codes": "own_policy",
    # recalls
    "recalls": "system",
    "recall_answers": "own_policy",
    # recommendations
    "recommendation_answers": "own_policy",
    "part_suggestions": "own_policy",
    "wear_models": "system",
    # parts
    "fitments": "tenant",
    "supersessions": "tenant",
    "list_uploads": "tenant",
    # messaging
    "threads": "own_policy",
    "messages": "own_policy",
    # customers
    "customers": "shared",
    "customer_vehicles": "child",
    "customer_keys": "tenant",
    # workshop
    "order_numbers": "tenant",
    "repair_orders": "shared",
    "jobs": "child",
    "job_lines": "child",
    "job_steps": "child",
    "job_clocks": "tenant",
    "order_photos": "child",
    "deferred_work": "shared",
    "authorizations": "child",
    "check_rules": "tenant",
    # inspections
    "inspection_templates": "tenant",
    "inspection_template_items": "tenant",
    "inspections": "child",
    "findings": "child",
    "finding_photos": "child",
    # booking
    "appointments": "shared",
    "appointment_services": "child",
    "appointment_photos": "child",
    "occupations": "tenant",
    # estimates
    "estimates": "shared",
    "estimate_jobs": "child",
    "estimate_lines": "child",
    "approval_links": "tenant",
    # billing
    "number_series": "tenant",
    "invoices": "shared",
    "invoice_lines": "child",
    "payments": "shared",
    "refunds": "child",
    "credit_notes": "shared",
    "payment_accounts": "tenant",
    "pay_links": "tenant",
    "ledger_entries": "tenant",
    "platform_fees": "own_policy",
    "business_fees": "own_policy",
    "webhook_events": "system",
    # logbook
    "logbook_entries": "own_policy",
    "logbook_files": "own_policy",
    # documents
    "documents": "own_policy",
    "document_files": "own_policy",
    "document_links": "person",
    # handovers
    "car_handovers": "person",
    # passports
    "passports": "person",
    # packages
    "package_plans": "tenant",
    "service_packages": "shared",
    "package_uses": "child",
    # parts shops
    "parts_shops": "published",
    "parts_shop_terms": "tenant",
    "shop_onboardings": "own_policy",
    "onboarding_documents": "own_policy",
    # marketplace
    "parts_orders": "own_policy",
    "parts_order_deliveries": "own_policy",
    "parts_order_lines": "own_policy",
    "parts_order_photos": "own_policy",
    "shop_quotes": "own_policy",
    "shop_quote_lines": "child",
    "quote_revisions": "child",
    "purchases": "own_policy",
    "purchase_lines": "child",
    "purchase_payments": "child",
    "purchase_refunds": "child",
    # notifications
    "notifications": "shared",
    "push_subscriptions": "person",
    "mutes": "person",
    "quiet_hours": "person",
    "mails": "shared",
    "mail_words": "tenant",
}

PARENTS: dict[str, tuple[str, str]] = {
    "customer_vehicles": ("customers", "customer_id"),
    "jobs": ("repair_orders", "order_id"),
    "job_lines": ("jobs", "job_id"),
    "job_steps": ("jobs", "job_id"),
    "order_photos": ("repair_orders", "order_id"),
    "inspections": ("repair_orders", "order_id"),
    "findings": ("inspections", "inspection_id"),
    "finding_photos": ("findings", "finding_id"),
    "appointment_services": ("appointments", "appointment_id"),
    "appointment_photos": ("appointments", "appointment_id"),
    "estimate_jobs": ("estimates", "estimate_id"),
    "estimate_lines": ("estimate_jobs", "estimate_job_id"),
    "authorizations": ("jobs", "job_id"),
    "invoice_lines": ("invoices", "invoice_id"),
    "refunds": ("payments", "payment_id"),
    "package_uses": ("service_packages", "package_id"),
    "shop_quote_lines": ("shop_quotes", "quote_id"),
    "quote_revisions": ("shop_quotes", "quote_id"),
    "purchase_lines": ("purchases", "purchase_id"),
    "purchase_payments": ("purchases", "purchase_id"),
    "purchase_refunds": ("purchases", "purchase_id"),
}
