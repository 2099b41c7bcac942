"""A local Stripe: what the shop pays with until it has keys of its own.

It is a process of its own and knows nothing of the application: `python -m app.gateways.simulators.stripe`.
The application reaches it through Stripe's own SDK by base URL, and hears from it by signed webhooks.
No money moves, and of a typed card number only the last four digits are kept.

Spoken here: accounts and account links (Connect), Checkout sessions in payment mode, payment intents that are captured
at once or later, charges, refunds, application fees, disputes, balance, payouts, balance transactions, events,
idempotency keys, the `Stripe-Account` header, `expand[]`, and
error objects. Unknown parameters are refused as Stripe refuses them, so that a misspelt one is found here.
"""
