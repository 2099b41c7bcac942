"""What the catalogue test compares with, looked at by hand: change a line here only after reading the policy."""

OWN: dict[str, dict[str, str]] = {
    "events": {
        "adds": "INSERT  CHECK ((tenant_id IS NULL) OR (tenant_id = ( SELECT app_tenant())) OR (user_id = ( SELECT app_user())) OR ( SELECT app_network()))",
        "changes": "UPDATE false",
        "reads": "SELECT ((tenant_id = ( SELECT app_tenant())) OR (user_id = ( SELECT app_user())) OR ( SELECT app_network()))",
        "removes": "DELETE false",
    },
    "audit_logs": {
        "adds": "INSERT  CHECK true",
        "changes": "UPDATE false",
        "reads": "SELECT ((tenant_id = ( SELECT app_tenant())) OR (user_id = ( SELECT app_user())) OR ( SELECT app_network()))",
        "removes": "DELETE false",
    },
    "audit_values": {
        "adds": "INSERT  CHECK true",
        "changes": "UPDATE false",
        "reads": "SELECT ((tenant_id = ( SELECT app_tenant())) OR ( SELECT app_network()))",
        "removes": "DELETE false",
    },
    "audit_chain": {
        "adds": "INSERT  CHECK ( SELECT app_network())",
        "changes": "UPDATE false",
        "reads": "SELECT ((tenant_id = ( SELECT app_tenant())) OR ( SELECT app_network()))",
        "removes": "DELETE false",
    },
    "files": {
        "adds": "INSERT  CHECK ((tenant_id = ( SELECT app_tenant())) OR (user_id = ( SELECT app_user())))",
        "changes": "UPDATE ((tenant_id = ( SELECT app_tenant())) OR (user_id = ( SELECT app_user())))",
        "reads": "SELECT ((tenant_id = ( SELECT app_tenant())) OR (user_id = ( SELECT app_user())) OR (EXISTS ( SELECT 1 FROM vehicles v WHERE (v.photo_id = files.id))) OR (EXISTS ( SELECT 1 FROM messages m WHERE (m.file_id = files.id))))",
        "removes": "DELETE ((tenant_id = ( SELECT app_tenant())) OR (user_id = ( SELECT app_user())))",
    },
    "threads": {
        "adds": "INSERT  CHECK ((tenant_id = ( SELECT app_tenant())) OR (user_id = ( SELECT app_user())) OR (buyer_tenant_id = ( SELECT app_tenant())))",
        "changes": "UPDATE ((tenant_id = ( SELECT app_tenant())) OR (user_id = ( SELECT app_user())) OR (buyer_tenant_id = ( SELECT app_tenant())))",
        "reads": "SELECT ((tenant_id = ( SELECT app_tenant())) OR (user_id = ( SELECT app_user())) OR (buyer_tenant_id = ( SELECT app_tenant())))",
        "removes": "DELETE ((tenant_id = ( SELECT app_tenant())) OR (user_id = ( SELECT app_user())) OR (buyer_tenant_id = ( SELECT app_tenant())))",
    },
    "messages": {
        "adds": "INSERT  CHECK (message_may_show(file_id) AND (EXISTS ( SELECT 1 FROM threads t WHERE ((t.tenant_id = messages.tenant_id) AND (t.id = messages.thread_id) AND CASE messages.side WHEN 'business'::text THEN (t.tenant_id = ( SELECT app_tenant())) ELSE ((t.user_id = ( SELECT app_user())) OR (t.buyer_tenant_id = ( SELECT app_tenant()))) END))))",
        "changes": "UPDATE false",
        "reads": "SELECT (EXISTS ( SELECT 1 FROM threads t WHERE ((t.tenant_id = messages.tenant_id) AND (t.id = messages.thread_id))))",
        "removes": "DELETE (EXISTS ( SELECT 1 FROM threads t WHERE ((t.tenant_id = messages.tenant_id) AND (t.id = messages.thread_id))))",
    },
    "users": {
        "adds": "INSERT  CHECK true",
        "changes": "UPDATE ((id = ( SELECT app_user())) OR ( SELECT app_network()))",
        "reads": "SELECT ((id = ( SELECT app_user())) OR ( SELECT app_network()))",
        "removes": "DELETE ((id = ( SELECT app_user())) OR ( SELECT app_network()))",
    },
    "api_tokens": {
        "adds": "INSERT  CHECK (((user_id = ( SELECT app_user())) AND (tenant_id IS NULL)) OR (tenant_id = ( SELECT app_tenant())))",
        "changes": "UPDATE (((user_id = ( SELECT app_user())) AND (tenant_id IS NULL)) OR (tenant_id = ( SELECT app_tenant())))",
        "reads": "SELECT (((user_id = ( SELECT app_user())) AND (tenant_id IS NULL)) OR (tenant_id = ( SELECT app_tenant())))",
        "removes": "DELETE (((user_id = ( SELECT app_user())) AND (tenant_id IS NULL)) OR (tenant_id = ( SELECT app_tenant())))",
    },
    "tenants": {
        "adds": "INSERT  CHECK ( SELECT app_network())",
        "changes": "UPDATE ((id = ( SELECT app_tenant())) OR ( SELECT app_network()))",
        "reads": "SELECT true",
        "removes": "DELETE ((id = ( SELECT app_tenant())) OR ( SELECT app_network()))",
    },
    "user_roles": {
        "adds": "INSERT  CHECK ((tenant_id = ( SELECT app_tenant())) OR ( SELECT app_network()))",
        "changes": "UPDATE ((tenant_id = ( SELECT app_tenant())) OR ( SELECT app_network()))",
        "reads": "SELECT ((tenant_id = ( SELECT app_tenant())) OR (user_id = ( SELECT app_user())) OR ( SELECT app_network()))",
        "removes": "DELETE ((tenant_id = ( SELECT app_tenant())) OR ( SELECT app_network()))",
    },
    "business_fees": {
        "adds": "INSERT  CHECK ( SELECT app_network())",
        "changes": "UPDATE false",
        "reads": "SELECT ((tenant_id = ( SELECT app_tenant())) OR ( SELECT app_network()))",
        "removes": "DELETE false",
    },
    "platform_fees": {
        "adds": "INSERT  CHECK ( SELECT app_network())",
        "changes": "UPDATE false",
        "reads": "SELECT true",
        "removes": "DELETE false",
    },
    "vehicles": {
        "adds": "INSERT  CHECK (((( SELECT app_user()) IS NOT NULL) OR (( SELECT app_tenant()) IS NOT NULL)) AND vehicle_may_show(id, photo_id))",
        "changes": "UPDATE ((EXISTS ( SELECT 1 FROM ownerships o WHERE ((o.vehicle_id = vehicles.id) AND (o.user_id = ( SELECT app_user())) AND (o.until IS NULL)))) OR (EXISTS ( SELECT 1 FROM vehicle_grants g WHERE ((g.vehicle_id = vehicles.id) AND (g.tenant_id = ( SELECT app_tenant())))))) CHECK (((EXISTS ( SELECT 1 FROM ownerships o WHERE ((o.vehicle_id = vehicles.id) AND (o.user_id = ( SELECT app_user())) AND (o.until IS NULL)))) OR (EXISTS ( SELECT 1 FROM vehicle_grants g WHERE ((g.vehicle_id = vehicles.id) AND (g.tenant_id = ( SELECT app_tenant())))))) AND vehicle_may_show(id, photo_id))",
        "reads": "SELECT ((EXISTS ( SELECT 1 FROM ownerships o WHERE ((o.vehicle_id = vehicles.id) AND (o.user_id = ( SELECT app_user())) AND (o.until IS NULL)))) OR (EXISTS ( SELECT 1 FROM vehicle_grants g WHERE ((g.vehicle_id = vehicles.id) AND (g.tenant_id = ( SELECT app_tenant()))))))",
    },
    "ownerships": {
        "adds": "INSERT  CHECK ((user_id = ( SELECT app_user())) AND vehicle_is_unclaimed(vehicle_id))",
        "changes": "UPDATE (user_id = ( SELECT app_user()))",
        "reads": "SELECT (user_id = ( SELECT app_user()))",
        "removes": "DELETE (user_id = ( SELECT app_user()))",
    },
    "vehicle_grants": {
        "adds": "INSERT  CHECK ((EXISTS ( SELECT 1 FROM ownerships o WHERE ((o.vehicle_id = vehicle_grants.vehicle_id) AND (o.user_id = ( SELECT app_user())) AND (o.until IS NULL)))) OR ((tenant_id = ( SELECT app_tenant())) AND vehicle_is_unclaimed(vehicle_id)))",
        "changes": "UPDATE (EXISTS ( SELECT 1 FROM ownerships o WHERE ((o.vehicle_id = vehicle_grants.vehicle_id) AND (o.user_id = ( SELECT app_user())) AND (o.until IS NULL))))",
        "reads": "SELECT ((tenant_id = ( SELECT app_tenant())) OR (EXISTS ( SELECT 1 FROM ownerships o WHERE ((o.vehicle_id = vehicle_grants.vehicle_id) AND (o.user_id = ( SELECT app_user())) AND (o.until IS NULL)))))",
        "removes": "DELETE (EXISTS ( SELECT 1 FROM ownerships o WHERE ((o.vehicle_id = vehicle_grants.vehicle_id) AND (o.user_id = ( SELECT app_user())) AND (o.until IS NULL))))",
    },
    "odometer_readings": {
        "adds": "INSERT  CHECK ((EXISTS ( SELECT 1 FROM ownerships o WHERE ((o.vehicle_id = odometer_readings.vehicle_id) AND (o.user_id = ( SELECT app_user())) AND (o.until IS NULL)))) OR (EXISTS ( SELECT 1 FROM vehicle_grants g WHERE ((g.vehicle_id = odometer_readings.vehicle_id) AND (g.tenant_id = ( SELECT app_tenant()))))))",
        "changes": "UPDATE false",
        "reads": "SELECT ((EXISTS ( SELECT 1 FROM ownerships o WHERE ((o.vehicle_id = odometer_readings.vehicle_id) AND (o.user_id = ( SELECT app_user())) AND (o.until IS NULL)))) OR (EXISTS ( SELECT 1 FROM vehicle_grants g WHERE ((g.vehicle_id = odometer_readings.vehicle_id) AND (g.tenant_id = ( SELECT app_tenant()))))))",
        "removes": "DELETE false",
    },
}
"""Verb and conditions of the policies written out in migrations, as the server prints them."""

DEFINERS: dict[str, tuple[str, str]] = {
    "accounts_to_erase(timestamp with time zone)": ("SETOF uuid", ""),
    "customers_to_erase()": ("TABLE(customer_id uuid, tenant_id uuid)", ""),
    "erase_own_cars()": ("SETOF uuid", ""),
    "shops_that_know_me()": ("SETOF uuid", ""),
    "take_over_car(uuid,timestamp with time zone)": ("uuid", ""),
    "approval_link_by_hash(bytea)": ("TABLE(link_id uuid, tenant_id uuid, estimate_id uuid)", ""),
    "end_sessions_of(uuid,timestamp with time zone)": ("void", ""),
    "enter_person(uuid,uuid)": (
        "TABLE(user_id uuid, tenant_id uuid, center_id uuid, facts jsonb, roles jsonb)",
        "the person's own facts and roles, once the caller has proved who they are",
    ),
    "enter_person_without_factors(uuid,uuid)": (
        "TABLE(user_id uuid, tenant_id uuid, center_id uuid, facts jsonb, roles jsonb)",
        "the same before a second proof; only the sign-in calls it",
    ),
    "enter_session(bytea,timestamp with time zone)": (
        "TABLE(session_id uuid, began_at timestamp with time zone, last_seen_at timestamp with time zone, proved_at timestamp with time zone, kiosk_id uuid, kiosk_name text, idle_minutes bigint, user_id uuid, tenant_id uuid, center_id uuid, facts jsonb, roles jsonb)",
        "as enter_person, behind the hash of the session's 256 random bits",
    ),
    "card_payments_since(timestamp with time zone)": (
        "TABLE(went_through bigint, declined bigint, failed bigint)",
        "three counts, and nothing of any payment",
    ),
    "enter_token(bytea,timestamp with time zone)": (
        "TABLE(token_id uuid, name text, scopes text[], last_used_at timestamp with time zone, user_id uuid, tenant_id uuid, center_id uuid, facts jsonb, roles jsonb)",
        "as enter_person, behind the hash of the token's 256 random bits",
    ),
    "exports_to_look_after(timestamp with time zone,timestamp with time zone)": (
        "TABLE(id uuid, user_id uuid)",
        "",
    ),
    "forget_audit_values(uuid[])": ("SETOF uuid", ""),
    "free_push_endpoint(bytea)": ("void", ""),
    "invitation_by_token(bytea)": ("TABLE(id uuid, tenant_id uuid)", ""),
    "kiosk_by_token(bytea)": ("TABLE(kiosk_id uuid, tenant_id uuid)", ""),
    "kiosk_crew(uuid)": (
        "TABLE(staff_id uuid, user_id uuid, name text, title text, has_pin boolean)",
        "the technicians of a center of the transaction's own shop, and only whether each has a PIN",
    ),
    "ledger_balances()": ("trigger", ""),
    "looks_at_me()": (
        "TABLE(at timestamp with time zone, what text, shop text)",
        "of the person who asks: when staff opened their card or an invoice of theirs, and of which business, not who",
    ),
    "mail_of_customer(uuid)": (
        "TABLE(email text, is_account boolean)",
        "where mail to a customer of the transaction's own shop goes, and no address where that is an account's",
    ),
    "message_may_show(uuid)": ("boolean", ""),
    "open_sessions(uuid[],timestamp with time zone)": (
        "TABLE(id uuid, roles jsonb, center_id uuid)",
        "whether a stream's session still stands, with which roles and where; the ids come from the stream itself",
    ),
    "pay_link_by_hash(bytea)": ("TABLE(link_id uuid, tenant_id uuid, invoice_id uuid)", ""),
    "payment_account_home(text,text)": ("TABLE(account_id uuid, tenant_id uuid)", ""),
    "payment_home(text,text,text,uuid,text)": ("TABLE(payment_id uuid, tenant_id uuid, user_id uuid)", ""),
    "ratings_of_shop(uuid,integer)": (
        "TABLE(rating smallint, words text, first_name text, is_business boolean, reply text, "
        "rated_at timestamp with time zone)",
        "what buyers wrote of a shop for everybody to read, with the name they are called by",
    ),
    "roles_held(uuid)": (
        "TABLE(role text, tenant_id uuid, service_center_id uuid, created_at timestamp with time zone)",
        "a person's roles without those at closed businesses or ones they left; enter_person builds on it",
    ),
    "staff_addresses()": (
        "TABLE(user_id uuid, email text)",
        "the addresses of the transaction's own shop's people",
    ),
    "stamp_event(uuid,jsonb)": ("bigint", ""),
    "prune_sign_ins(timestamp with time zone,integer)": ("bigint", ""),
    "prune_messages(timestamp with time zone,integer)": ("bigint", ""),
    "stamp_logs()": ("bigint", ""),
    "tenants_with_overdue_invoices(timestamp with time zone)": ("TABLE(tenant_id uuid)", ""),
    "threads_left_unread(timestamp with time zone,timestamp with time zone)": (
        "TABLE(thread_id uuid, tenant_id uuid)",
        "",
    ),
    "token_used(uuid,timestamp with time zone)": ("void", ""),
    "accounts_with_payouts()": ("TABLE(tenant_id uuid)", ""),
    "payments_to_ask_about(timestamp with time zone)": (
        "TABLE(payment_id uuid, tenant_id uuid, user_id uuid)",
        "",
    ),
    "workplaces_of(uuid)": (
        "jsonb",
        "the names of the centers where a person holds a role, for enter_person alone",
    ),
    "undecided_payments(timestamp with time zone)": (
        "TABLE(payment_id uuid, tenant_id uuid, user_id uuid)",
        "",
    ),
    "undecided_refunds(timestamp with time zone)": (
        "TABLE(refund_id uuid, payment_id uuid, tenant_id uuid, user_id uuid)",
        "",
    ),
    "user_by_email(text)": ("uuid", ""),
    "user_by_half_way(bytea)": ("uuid", ""),
    "user_by_identity(text,text)": ("uuid", ""),
    "user_by_passkey(bytea)": ("uuid", ""),
    "user_by_proof(bytea)": ("uuid", ""),
    "user_by_refresh(bytea)": ("uuid", ""),
    "user_by_reset(bytea)": ("uuid", ""),
    "vehicle_is_unclaimed(uuid)": ("boolean", ""),
    "vehicle_may_show(uuid,uuid)": ("boolean", ""),
}
"""Functions that run as the tables' owner: what they return, and why where it is more than ids, yes or no, a count."""

UNIQUE_ELSEWHERE = {
    "ix_events_seq": "numbered for everybody in one order by the relay",
    "ix_audit_logs_seq": "the same order",
    "pk_audit_chain": "the same order",
    "uq_files_key": "made by us, with a random part",
    "ix_users_email": "a person is one person at every shop",
    "uq_tenants_slug": "published: the address of the business's page",
    "uq_service_centers_slug": "published: the address of the center's page",
    "uq_platform_fees_currency_version": "the network's own: one fee for every shop",
    "ix_ownerships_current": "a car belongs to people, not to shops",
    "uq_audit_chain_row_id": "an event's or a refusal's id: each is chained once",
    "ix_payments_provider_ref": "the provider's own word for a payment; its webhooks find the payment by this",
    "uq_payment_accounts_provider_account_ref": "a provider's account is one business's; webhooks find it by this",
    "uq_mails_event_id_template_recipient": "begins with an event, which is one tenant's",
    "uq_notifications_user_id_event_id_type": "begins with a person, goes on with an event",
}

LOOSE_KEYS = {
    "finding_photos -> files": "a file may be its customer's alone; the row is written with the file it has just stored",
    "order_photos -> files": "the same",
    "appointment_photos -> files": "the same",
    "messages -> files": "the same; of two businesses it is the sender's. Its policy lets nobody name a file that is not theirs",
}

IDS_WITHOUT_A_KEY = {
    "audit_chain.row_id": "an event's or a refusal's, in two tables",
    "audit_values.row_id": "the same; the values may be forgotten, the row stays",
    "consents.event_id": "what made us write, in a log that is pruned apart",
    "events.actor_id": "the log outlives whom it names",
    "events.subject_id": "of many tables",
    "deferred_work.revived_job_id": "jobs and deferred work name each other; written by the workshop alone",
    "jobs.deferred_work_id": "the other side of it",
    "findings.job_id": "the workshop lies below inspections; written with the job that was just proposed",
    "jobs.finding_id": "inspections lie above the workshop; opaque there",
    "jobs.canned_job_id": "what a job was copied from; the copy stays when it goes",
    "invoice_lines.job_id": "a printed invoice names what was done, whatever becomes of it",
    "ledger_entries.transaction_id": "groups entries; no table of its own",
    "mails.event_id": "what made us write, in a log that is pruned apart",
    "notifications.event_id": "the same",
    "notifications.related_id": "of many tables",
    "occupations.resource_id": "a bay's or a person's, in two tables",
    "odometer_readings.actor_id": "a person's or nobody's",
    "refresh_tokens.family_id": "groups tokens; no table of its own",
    "sessions.center_id": "a person's row; enter_person believes it only where that person holds a role",
    "threads.subject_id": "of many tables; opaque here",
    "user_roles.service_center_id": "counts only together with its tenant_id: enter_person compares both with the center",
}
"""Ids beside others that no foreign key holds to the same tenant."""
